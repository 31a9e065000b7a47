"""Prove that nothing was lost and nothing applied twice: checks over the tables that can really fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from django.apps import apps
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from catalog.models import StockLedgerEntry, StockLevel
from catalog.services.stock import ON_HAND
from commerce.models import CustomerPaymentAllocation, VendorPaymentAllocation
from zoho_sync.entities import ENTITIES
from zoho_sync.mappers.record import Record
from zoho_sync.mirror import EMPTY_HASH, MISDATED
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem, ZohoRecord
from zoho_sync.models.dead_letters import UNRESOLVED
from zoho_sync.models.queue import WAITING, Status

State = InboxEvent.State
SHOWN = 20
ROOT_CATEGORY = "-1"  # Zoho lists the root of its category tree, which is no row of ours
EXACT = Decimal("0.000001")


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and the rows that break it: the first `SHOWN` by name."""

    name: str
    broken: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.broken


def audit(*, deliveries: int | None = None) -> Iterator[Check]:
    """Run every check. With `deliveries`, the number of 202 answers that senders counted must be ours too."""
    for name, find in CHECKS:
        yield Check(name, list(islice(find(), SHOWN)))
    if deliveries is not None:
        ours = InboxEvent.objects.filter(parent__isnull=True).aggregate(sum=Sum("deliveries"))["sum"] or 0
        broken = [] if ours == deliveries else [f"{deliveries} deliveries were answered 202, {ours} are stored"]
        yield Check("every delivery answered 202 is stored", broken)


def _jobs_of_record() -> QuerySet[SyncQueueItem]:
    return SyncQueueItem.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"))


def _queued_without_job() -> Iterator[str]:
    busy = _jobs_of_record().filter(status__in=[*WAITING, Status.PROCESSING])
    for event in InboxEvent.objects.queued().filter(~Exists(busy)).order_by("id").iterator():
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is queued and no job will read it"


def _applied_without_log() -> Iterator[str]:
    wrong = InboxEvent.objects.filter(state=State.APPLIED).exclude(log__outcome=SyncLog.Outcome.APPLIED)
    for event in wrong.order_by("id").iterator():
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is applied without an applied log entry"


def _applied_twice() -> Iterator[str]:
    counted = SyncLog.objects.annotate(mine=Count("events")).exclude(mine=F("event_count"))
    for entry in counted.order_by("id").iterator():
        record = f"{entry.module} {entry.zoho_id}"
        yield f"log {entry.pk} ({record}) settled {entry.event_count} events, {entry.mine} name it"


def _dead_without_letter() -> Iterator[str]:
    letters = DeadLetter.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), state__in=UNRESOLVED)
    for event in InboxEvent.objects.filter(~Exists(letters), state=State.DEAD).order_by("id").iterator():
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is dead without an unresolved dead letter"


def _retried_without_job() -> Iterator[str]:
    busy = _jobs_of_record().filter(status__in=[*WAITING, Status.PROCESSING])
    retried = DeadLetter.objects.filter(~Exists(busy), state=DeadLetter.State.RETRIED)
    for letter in retried.order_by("id").iterator():
        yield f"dead letter {letter.pk} ({letter.module} {letter.zoho_id}) is being retried and no job does it"


def _superseded_without_end() -> Iterator[str]:
    unnamed = Q(successor__isnull=True, reason="") | Q(successor__state=State.SUPERSEDED)
    for event in InboxEvent.objects.filter(unnamed, state=State.SUPERSEDED).order_by("id").iterator():
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is superseded by nothing that was taken"


def _mirror_older_than_event() -> Iterator[str]:
    taken = (State.APPLIED, State.UNCHANGED, State.SUPERSEDED)
    older = ZohoRecord.objects.filter(
        module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), modified_at__gte=OuterRef("modified_at")
    )
    wrong = InboxEvent.objects.filter(~Exists(older), state__in=taken, modified_at__isnull=False).exclude(
        Q(operation=InboxEvent.Operation.DELETE) | Q(reason=MISDATED)
    )
    for event in wrong.order_by("id").iterator():
        yield f"the mirror of {event.module} {event.zoho_id} is older than event {event.pk}, which was taken"


def _mirror_without_projection() -> Iterator[str]:
    for entity in ENTITIES:
        rows = ZohoRecord.objects.present().filter(module=entity.module).exclude(zoho_id=ROOT_CATEGORY)
        for label in entity.models:
            model = apps.get_model(label)
            alive = model._default_manager.filter(zoho_id=OuterRef("zoho_id"), retired_at__isnull=True)
            rows = rows.filter(~Exists(alive))
        for zoho_id in rows.order_by("zoho_id").values_list("zoho_id", flat=True).iterator():
            yield f"{entity.module} {zoho_id} is in the mirror and in none of {', '.join(entity.models)}"


def _gone_but_alive() -> Iterator[str]:
    gone = (ZohoRecord.State.GONE, ZohoRecord.State.UNCONFIRMED_GONE)
    for entity in ENTITIES:
        for label in entity.models:
            mirrored = ZohoRecord.objects.filter(
                module=entity.module, zoho_id=OuterRef("zoho_id"), state__in=gone
            ).exclude(hash=EMPTY_HASH)
            alive = apps.get_model(label)._default_manager.filter(Exists(mirrored), retired_at__isnull=True)
            for zoho_id in alive.order_by("zoho_id").values_list("zoho_id", flat=True).iterator():
                yield f"{entity.module} {zoho_id} is gone from Zoho and alive in {label}"


def _stock_differs() -> Iterator[str]:
    for measure, figure in ON_HAND.items():
        entries = StockLedgerEntry.objects.filter(
            product=OuterRef("product"), warehouse=OuterRef("warehouse"), measure=measure
        )
        total = entries.order_by().values("product").annotate(sum=Sum("delta")).values("sum")
        levels = StockLevel.objects.annotate(total=Subquery(total)).values_list(
            "product__zoho_id", "warehouse__zoho_id", figure, "total"
        )
        for product, warehouse, level, moved in levels.order_by("id").iterator():
            # Compared here and not in SQL, where SQLite would sum decimals as floats and stay inexact.
            if (level or Decimal(0)) != (moved or Decimal(0)).quantize(EXACT):
                yield f"product {product} in warehouse {warehouse}: {figure} is {level}, its ledger sums to {moved}"
        level_of = StockLevel.objects.filter(product=OuterRef("product"), warehouse=OuterRef("warehouse"))
        homeless = StockLedgerEntry.objects.filter(~Exists(level_of), measure=measure)
        sums = homeless.values_list("product__zoho_id", "warehouse__zoho_id").annotate(sum=Sum("delta")).order_by()
        for product, warehouse, moved in sums:
            if moved:
                yield f"product {product} in warehouse {warehouse}: {figure} is None, its ledger sums to {moved}"


def _allocations_differ() -> Iterator[str]:
    pairs = (
        ("customerpayment", "invoices", CustomerPaymentAllocation),
        ("vendorpayment", "bills", VendorPaymentAllocation),
    )
    for module, key, model in pairs:
        stored = dict(
            model.objects.values_list("payment__zoho_id").annotate(sum=Coalesce(Sum("amount"), Decimal(0))).order_by()
        )
        mirrored = ZohoRecord.objects.present().filter(module=module)
        for zoho_id, payload in mirrored.values_list("zoho_id", "payload").iterator(chunk_size=500):
            rows = Record(payload).records(key)
            wanted = sum((row.money("amount_applied", Decimal(0)) for row in rows), Decimal(0))
            if stored.get(zoho_id, Decimal(0)) != wanted:
                yield f"{module} {zoho_id}: allocations sum to {stored.get(zoho_id, 0)}, Zoho says {wanted}"


CHECKS: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
    ("a queued event has a job", _queued_without_job),
    ("an applied event has its applied log entry", _applied_without_log),
    ("no event was settled twice", _applied_twice),
    ("a dead event has an unresolved dead letter", _dead_without_letter),
    ("a dead letter that is being retried has a job", _retried_without_job),
    ("a superseded event was overtaken by one that was taken", _superseded_without_end),
    ("the mirror is not older than what was applied to it", _mirror_older_than_event),
    ("every mirrored record has its business row", _mirror_without_projection),
    ("what is gone from Zoho is retired", _gone_but_alive),
    ("the stock ledger sums to the stock levels", _stock_differs),
    ("payment allocations sum as Zoho's do", _allocations_differ),
)
