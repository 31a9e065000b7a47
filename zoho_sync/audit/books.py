"""What the tables must say of each other: every record of the mirror has its row, and every sum is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Subquery, Sum

from catalog.models import StockLedgerEntry, StockLevel
from catalog.services.stock import ON_HAND
from commerce.models import (
    CreditNoteAllocation,
    CustomerPaymentAllocation,
    VendorCreditAllocation,
    VendorPaymentAllocation,
)
from zoho_sync.audit.period import SHOWN, Period
from zoho_sync.entities import ENTITIES
from zoho_sync.mappers.allocations import read_bill_allocations, read_invoice_allocations
from zoho_sync.mappers.record import Record
from zoho_sync.mirror import EMPTY_HASH
from zoho_sync.models import ZohoRecord

PAGE_SIZE = 500
ROOT_CATEGORY = "-1"  # Zoho lists the root of its category tree, which is no row of ours
EXACT = Decimal("0.000001")
GONE = (ZohoRecord.State.GONE, ZohoRecord.State.UNCONFIRMED_GONE)


def mirror_without_projection(period: Period) -> Iterator[str]:
    for entity in ENTITIES:
        rows = ZohoRecord.objects.present().filter(module=entity.module).exclude(zoho_id=ROOT_CATEGORY)
        for label in entity.models:
            model = apps.get_model(label)
            alive = model._default_manager.filter(zoho_id=OuterRef("zoho_id"), retired_at__isnull=True)
            rows = rows.filter(~Exists(alive))
        for zoho_id in rows.order_by("zoho_id").values_list("zoho_id", flat=True)[:SHOWN]:
            yield f"{entity.module} {zoho_id} is in the mirror and in none of {', '.join(entity.models)}"


def gone_but_alive(period: Period) -> Iterator[str]:
    for entity in ENTITIES:
        for label in entity.models:
            mirrored = ZohoRecord.objects.filter(
                module=entity.module, zoho_id=OuterRef("zoho_id"), state__in=GONE
            ).exclude(hash=EMPTY_HASH)
            alive = apps.get_model(label)._default_manager.filter(Exists(mirrored), retired_at__isnull=True)
            for zoho_id in alive.order_by("zoho_id").values_list("zoho_id", flat=True)[:SHOWN]:
                yield f"{entity.module} {zoho_id} is gone from Zoho and alive in {label}"


# --- stock ----------------------------------------------------------------------------------------


def stock_differs(period: Period) -> Iterator[str]:
    for measure, figure in ON_HAND.items():
        for product, warehouse, level, moved in _levels(measure, figure):
            # Compared here and not in SQL, where SQLite would sum decimals as floats and stay inexact.
            if (level or Decimal(0)) != (moved or Decimal(0)).quantize(EXACT):
                yield f"product {product} in warehouse {warehouse}: {figure} is {level}, its ledger sums to {moved}"
        level_of = StockLevel.objects.filter(product=OuterRef("product"), warehouse=OuterRef("warehouse"))
        homeless = StockLedgerEntry.objects.filter(~Exists(level_of), measure=measure)
        sums = homeless.values_list("product__zoho_id", "warehouse__zoho_id").annotate(sum=Sum("delta")).order_by()
        for product, warehouse, moved in sums:
            if moved:
                yield f"product {product} in warehouse {warehouse}: {figure} is None, its ledger sums to {moved}"


def _levels(measure: str, figure: str) -> Iterator[tuple[Any, ...]]:
    """Of every level the Zoho ids of product and warehouse, the figure, and the sum of its ledger; a page at a time."""
    entries = StockLedgerEntry.objects.filter(
        product=OuterRef("product"), warehouse=OuterRef("warehouse"), measure=measure
    )
    total = entries.order_by().values("product").annotate(sum=Sum("delta")).values("sum")
    levels = StockLevel.objects.annotate(total=Subquery(total)).order_by("pk")
    last = 0
    while page := list(
        levels.filter(pk__gt=last).values_list("pk", "product__zoho_id", "warehouse__zoho_id", figure, "total")[
            :PAGE_SIZE
        ]
    ):
        last = page[-1][0]
        for row in page:
            yield row[1:]


# --- allocations ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Giver:
    """A kind of record whose money is allocated to documents: where we keep that, and how Zoho tells it."""

    module: str
    model: type[Model]
    column: str
    read: Callable[..., Any]
    keys: tuple[str, ...]

    def total(self, payload: Mapping[str, Any]) -> Decimal:
        rows = self.read(Record(payload), *self.keys) or ()
        return sum((row.amount or Decimal(0) for row in rows), Decimal(0))


GIVERS = (
    Giver("customerpayment", CustomerPaymentAllocation, "payment", read_invoice_allocations, ("invoices",)),
    Giver("vendorpayment", VendorPaymentAllocation, "payment", read_bill_allocations, ("bills",)),
    Giver(
        "creditnote",
        CreditNoteAllocation,
        "credit_note",
        read_invoice_allocations,
        ("invoices_credited", "invoices"),
    ),
    Giver("vendorcredit", VendorCreditAllocation, "vendor_credit", read_bill_allocations, ("bills_credited", "bills")),
)


def allocations_differ(period: Period) -> Iterator[str]:
    for giver in GIVERS:
        for told in _told(giver):
            stored = _stored(giver, list(told))
            for zoho_id, wanted in told.items():
                ours = stored.get(zoho_id) or Decimal(0)
                if ours.quantize(EXACT) != wanted.quantize(EXACT):
                    yield f"{giver.module} {zoho_id}: allocations sum to {ours}, Zoho says {wanted}"


def _told(giver: Giver) -> Iterator[dict[str, Decimal]]:
    """What Zoho says was allocated by each record that it still has, a page at a time."""
    rows = ZohoRecord.objects.present().filter(module=giver.module).order_by("zoho_id")
    last = ""
    while page := list(rows.filter(zoho_id__gt=last).values_list("zoho_id", "payload")[:PAGE_SIZE]):
        last = page[-1][0]
        yield {zoho_id: giver.total(payload) for zoho_id, payload in page}


def _stored(giver: Giver, zoho_ids: list[str]) -> dict[str, Decimal | None]:
    owner = f"{giver.column}__zoho_id"
    rows = giver.model._default_manager.filter(**{f"{owner}__in": zoho_ids}).order_by()
    return dict(rows.values_list(owner).annotate(sum=Sum("amount")))
