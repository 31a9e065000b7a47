"""Stock levels and their ledger: what Zoho states becomes the level, the difference becomes an entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from catalog.choices import LedgerReason, Measure
from catalog.models import StockLedgerEntry, StockLevel, Warehouse
from catalog.models.figures import FIGURES
from catalog.values import StockFigures, WarehouseStock
from tsh_erp.common.sql import insert_or_update, insert_rows

UNKNOWN = StockFigures()
EXACT = Decimal("0.000001")
ON_HAND = {Measure.ACCOUNTING: "accounting_on_hand", Measure.PHYSICAL: "physical_on_hand"}


@transaction.atomic(savepoint=False)
def save_stock(
    stock: Mapping[int, Sequence[WarehouseStock]], *, at: datetime, source: str = "sync"
) -> dict[int, list[int]]:
    """Store the complete stock of products, by product key; which warehouses changed for which product.

    `stock` states every warehouse of the product: the figures of a stored level that is not
    mentioned become unknown. Ledger entries are written for on-hand figures that really moved.
    Warehouses not known yet are created with the id and name given. At most six queries.
    """
    warehouses = _warehouse_keys(row for rows in stock.values() for row in rows)
    wanted = {
        (product_id, warehouses[row.warehouse_zoho_id]): row.figures
        for product_id, rows in stock.items()
        for row in rows
    }
    levels = {
        (level.product_id, level.warehouse_id): level
        for level in StockLevel.objects.filter(product_id__in=stock)
        .order_by("product_id", "warehouse_id")
        .select_for_update()
    }
    changed: list[StockLevel] = []
    entries: list[StockLedgerEntry] = []
    touched: dict[int, list[int]] = {}
    for key in sorted(wanted.keys() | levels.keys()):
        figures, stored = wanted.get(key, UNKNOWN), levels.get(key)
        level = stored or StockLevel(product_id=key[0], warehouse_id=key[1])
        if all(getattr(level, name) == getattr(figures, name) for name in FIGURES):
            continue
        entries += _movements(level, figures, at=at, source=source)
        for name in FIGURES:
            setattr(level, name, getattr(figures, name))
        changed.append(level)
        touched.setdefault(key[0], []).append(key[1])
    if changed:
        _write(changed)
    if entries:
        insert_rows(StockLedgerEntry, entries)
    return touched


@transaction.atomic(savepoint=False)
def square_ledger(product_zoho_ids: Collection[str], *, at: datetime, source: str) -> int:
    """Make the ledger of these products sum to their levels again, by one entry for each figure that is off; how many.

    It is only ever off when somebody has written to a level past `save_stock`. Three queries at most.
    """
    levels = StockLevel.objects.filter(product__zoho_id__in=product_zoho_ids).order_by("product_id", "warehouse_id")
    figures: dict[tuple[int, int, str], Decimal | None] = {
        (level.product_id, level.warehouse_id, measure): getattr(level, name)
        for level in levels.select_for_update(of=("self",))
        for measure, name in ON_HAND.items()
    }
    entries = StockLedgerEntry.objects.filter(product__zoho_id__in=product_zoho_ids).order_by()
    sums = entries.values_list("product_id", "warehouse_id", "measure").annotate(total=Sum("delta"))
    moved = {(product_id, warehouse_id, measure): total for product_id, warehouse_id, measure, total in sums}
    missing = []
    for key in sorted(figures.keys() | moved.keys()):
        after = figures.get(key)
        delta = ((after or Decimal(0)) - moved.get(key, Decimal(0))).quantize(EXACT)  # SQLite sums decimals as floats
        if delta:
            missing.append(
                StockLedgerEntry(
                    product_id=key[0],
                    warehouse_id=key[1],
                    measure=key[2],
                    delta=delta,
                    balance_after=after,
                    reason=LedgerReason.WITHDRAWN if after is None else LedgerReason.SNAPSHOT_DELTA,
                    source=source,
                    occurred_at=at,
                )
            )
    if missing:
        insert_rows(StockLedgerEntry, missing)
    return len(missing)


def _warehouse_keys(rows: Iterable[WarehouseStock]) -> dict[str, int]:
    """Primary keys of the warehouses named in `rows`, by Zoho id; missing ones are created."""
    names: dict[str, str] = {}
    for row in rows:
        names[row.warehouse_zoho_id] = names.get(row.warehouse_zoho_id) or row.warehouse_name
    known = Warehouse.objects.filter(zoho_id__in=names).values_list("zoho_id", "pk")
    keys: dict[str, int] = {str(zoho_id): pk for zoho_id, pk in known}
    if missing := sorted(names.keys() - keys.keys()):
        # Another worker may be creating the same ones: whoever comes second waits and reads them.
        Warehouse.objects.bulk_create(
            [Warehouse(zoho_id=zoho_id, name=names[zoho_id]) for zoho_id in missing], ignore_conflicts=True
        )
        created = Warehouse.objects.filter(zoho_id__in=missing).values_list("zoho_id", "pk")
        keys |= {str(zoho_id): pk for zoho_id, pk in created}
    return keys


def _movements(level: StockLevel, figures: StockFigures, *, at: datetime, source: str) -> Iterator[StockLedgerEntry]:
    """What moved between the stored on-hand figures and `figures`; an unknown figure counts as 0."""
    for measure, name in ON_HAND.items():
        before: Decimal | None = getattr(level, name)
        after: Decimal | None = getattr(figures, name)
        delta = (after or Decimal(0)) - (before or Decimal(0))
        if delta:
            yield StockLedgerEntry(
                product_id=level.product_id,
                warehouse_id=level.warehouse_id,
                measure=measure,
                delta=delta,
                balance_after=after,
                reason=_reason(before, after),
                source=source,
                occurred_at=at,
            )


def _reason(before: Decimal | None, after: Decimal | None) -> LedgerReason:
    if before is None:
        return LedgerReason.OPENING
    return LedgerReason.WITHDRAWN if after is None else LedgerReason.SNAPSHOT_DELTA


def _write(levels: Sequence[StockLevel]) -> None:
    """Insert or update `levels`, one statement for both."""
    for level in levels:
        level.pk = None
    insert_or_update(StockLevel, levels, fields=[*FIGURES, "updated_at"], key=["product", "warehouse"])
