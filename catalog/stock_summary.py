"""How the stock stands, by our own tables: the one place that counts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from catalog.choices import Subject
from catalog.models import Freshness, Product, StockLevel, Warehouse

LOW = Decimal(10)
EXACT = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class WarehouseTotals:
    """What lies in one warehouse. `products` have a known figure there; a total is None where none is known."""

    zoho_id: str
    name: str
    is_active: bool
    products: int
    accounting_on_hand: Decimal | None
    physical_on_hand: Decimal | None


@dataclass(frozen=True, kw_only=True)
class StockSummary:
    """Live products by their accounting stock on hand.

    Tracked ones are in stock, out of stock (0), negative or unknown; untracked ones have no stock.
    `low` are the active ones among the tracked with `threshold` or less, nothing and less included.
    """

    products: int
    tracked: int
    in_stock: int
    out_of_stock: int
    negative: int
    unknown: int
    low: int
    threshold: Decimal
    warehouses: tuple[WarehouseTotals, ...]
    changed_at: datetime | None


def summarise_stock(*, threshold: Decimal = LOW) -> StockSummary:
    """Count the products and add up the warehouses. Six queries, however many there are."""
    counts = Product.objects.tracked().aggregate(
        tracked=Count("pk"),
        in_stock=Count("pk", filter=Q(accounting_on_hand__gt=0)),
        out_of_stock=Count("pk", filter=Q(accounting_on_hand=0)),
        negative=Count("pk", filter=Q(accounting_on_hand__lt=0)),
        unknown=Count("pk", filter=Q(accounting_on_hand__isnull=True)),
    )
    return StockSummary(
        products=Product.objects.live().count(),
        low=Product.objects.low(threshold).count(),
        threshold=threshold,
        warehouses=tuple(warehouse_totals()),
        changed_at=Freshness.objects.filter(subject=Subject.STOCK).values_list("updated_at", flat=True).first(),
        **counts,
    )


def warehouse_totals(zoho_id: str | None = None) -> list[WarehouseTotals]:
    """What lies where, by name: every warehouse that Zoho has, or the one with this Zoho id."""
    known = Q(accounting_on_hand__isnull=False) | Q(physical_on_hand__isnull=False)
    sums = {
        row["warehouse"]: row
        for row in StockLevel.objects.of_live_products()
        .order_by()
        .values("warehouse")
        .annotate(
            products=Count("pk", filter=known),
            accounting=Sum("accounting_on_hand"),
            physical=Sum("physical_on_hand"),
        )
    }
    warehouses = Warehouse.objects.live() if zoho_id is None else Warehouse.objects.filter(zoho_id=zoho_id)
    return [_totals(warehouse, sums.get(warehouse.pk)) for warehouse in warehouses.order_by("name", "pk")]


def _totals(warehouse: Warehouse, sums: Mapping[str, Any] | None) -> WarehouseTotals:
    return WarehouseTotals(
        zoho_id=warehouse.zoho_id or "",
        name=warehouse.name,
        is_active=warehouse.is_active,
        products=sums["products"] if sums else 0,
        accounting_on_hand=_exact(sums["accounting"]) if sums else None,
        physical_on_hand=_exact(sums["physical"]) if sums else None,
    )


def _exact(total: Decimal | None) -> Decimal | None:
    """SQLite adds decimals up as floats; stock has six of them."""
    return None if total is None else total.quantize(EXACT)
