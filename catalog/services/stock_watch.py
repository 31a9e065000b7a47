"""Which products ran low, and which came back: told at the moment they cross, from the rows before and after."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from catalog.models import LowStock, Product
from catalog.models.figures import FIGURES
from tsh_erp.common.sql import insert_rows
from tsh_erp.common.upsert import Upserted, new_row
from tsh_erp.events.publish import DomainEvent

LOW, LOW_ENDED, BACK = "catalog.product.low_stock", "catalog.product.low_stock_ended", "catalog.product.back_in_stock"
WATCHED = frozenset({*FIGURES, "reorder_level", "is_active", "retired_at", "track_inventory", "kind"})


@dataclass
class Crossings:
    """Products that fell to their reorder level, that are above it again, and that can be sold again."""

    low: list[Product] = field(default_factory=list)
    recovered: list[Product] = field(default_factory=list)
    back: list[Product] = field(default_factory=list)

    @classmethod
    def between(cls, upserted: Upserted[Product]) -> Crossings:
        """What happened to the stock of saved products. Pure."""
        crossed = cls([row for zoho_id in upserted.created if (row := upserted.rows[zoho_id]).is_low])
        for zoho_id, names in upserted.changed.items():
            if names.isdisjoint(WATCHED):
                continue
            before, after = upserted.before[zoho_id], upserted.rows[zoho_id]
            if before.is_low != after.is_low:
                (crossed.low if after.is_low else crossed.recovered).append(after)
            if _is_back(before, after):
                crossed.back.append(after)
        return crossed


def note_crossings(crossed: Crossings, *, at: datetime) -> list[DomainEvent]:
    """Keep `LowStock` right, in the transaction that saved the products; the events to publish.

    No query when nothing crossed, as is usual. The rows of the products are held by the caller.
    """
    low, recovered, back = (
        sorted(some, key=lambda row: row.pk) for some in (crossed.low, crossed.recovered, crossed.back)
    )
    if low:
        known = set(
            LowStock.objects.filter(product_id__in=[row.pk for row in low]).values_list("product_id", flat=True)
        )
        insert_rows(
            LowStock, [new_row(LowStock, {"product_id": row.pk, "since": at}) for row in low if row.pk not in known]
        )
    if recovered:
        LowStock.objects.filter(product_id__in=[row.pk for row in recovered]).delete()
    events = [_event(LOW, row, on_hand=row.accounting_on_hand, reorder_level=row.reorder_level) for row in low]
    events += [_event(LOW_ENDED, row, on_hand=row.accounting_on_hand) for row in recovered]
    return events + [_event(BACK, row, quantity=row.quantity_for_sale) for row in back]


def end_low_stock(product_ids: Collection[int], *, at: datetime) -> list[DomainEvent]:
    """Forget that these products are low: they were retired; the events to publish."""
    rows = LowStock.objects.filter(product_id__in=product_ids).select_related("product").order_by("product_id")
    return note_crossings(Crossings(recovered=[row.product for row in rows]), at=at)


def refresh_low_stock(*, at: datetime) -> int:
    """Compare `LowStock` with the products, all of them, and mend it; how many rows were wrong."""
    is_low = set(Product.objects.below_reorder_level().values_list("pk", flat=True))
    stored = set(LowStock.objects.values_list("product_id", flat=True))
    insert_rows(LowStock, [new_row(LowStock, {"product_id": pk, "since": at}) for pk in sorted(is_low - stored)])
    LowStock.objects.filter(product_id__in=stored - is_low).delete()
    return len(is_low ^ stored)


def _is_back(before: Product, after: Product) -> bool:
    """From a stated nothing to something; a quantity that was unknown tells nothing."""
    was, now = before.quantity_for_sale, after.quantity_for_sale
    return after.is_active and was is not None and was <= 0 and now is not None and now > 0


def _event(name: str, product: Product, **figures: Decimal | None) -> DomainEvent:
    shown = {key: None if value is None else f"{value.normalize():f}" for key, value in figures.items()}
    return DomainEvent(name, f"catalog.product:{product.pk}", {"zoho_id": product.zoho_id, **shown})
