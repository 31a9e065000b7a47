"""How stock is shown on the command line: tables for people, one object for programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from rich.table import Column, Table

from catalog.models import Product
from catalog.stock_summary import StockSummary, WarehouseTotals
from zoho_sync.stock import StockState


def summary_as_json(summary: StockSummary, state: StockState) -> dict[str, Any]:
    """Quantities are text, so that none is rounded; unknown is null."""
    return {
        "products": summary.products,
        "tracked": summary.tracked,
        "in_stock": summary.in_stock,
        "out_of_stock": summary.out_of_stock,
        "negative": summary.negative,
        "unknown": summary.unknown,
        "low": summary.low,
        "threshold": _plain(summary.threshold),
        "warehouses": [
            {
                "zoho_id": one.zoho_id,
                "name": one.name,
                "is_active": one.is_active,
                "products": one.products,
                "accounting_on_hand": _plain(one.accounting_on_hand),
                "physical_on_hand": _plain(one.physical_on_hand),
            }
            for one in summary.warehouses
        ],
        "stale": state.stale,
        "stale_share": None if state.stale_share is None else round(state.stale_share, 4),
        "changed_at": _iso(summary.changed_at),
        "oldest_read_at": _iso(state.oldest_read_at),
        "completed_at": _iso(state.completed_at),
    }


def summary_table(summary: StockSummary, state: StockState) -> Table:
    table = Table("stock", Column("", justify="right"), title="Stock")
    for label, count in (
        ("products", summary.products),
        ("whose stock is tracked", summary.tracked),
        ("in stock", summary.in_stock),
        ("out of stock", summary.out_of_stock),
        ("negative", summary.negative),
        ("unknown", summary.unknown),
        (f"low ({_plain(summary.threshold)} or less, active)", summary.low),
        ("not read for long", state.stale),
    ):
        table.add_row(label, str(count))
    share = "—" if state.stale_share is None else f"{state.stale_share:.1%}"
    table.add_row("share not read for long", share)
    table.add_row("last change", _shown(summary.changed_at))
    table.add_row("read the longest ago", _shown(state.oldest_read_at))
    table.add_row("last complete run", _shown(state.completed_at))
    return table


def warehouse_table(warehouses: Iterable[WarehouseTotals]) -> Table:
    table = Table(
        "warehouse",
        Column("Zoho id", no_wrap=True),
        *_numbers("products", "accounting", "physical"),
        title="Warehouses",
    )
    for one in warehouses:
        figures = (_plain(one.accounting_on_hand) or "—", _plain(one.physical_on_hand) or "—")
        table.add_row(one.name, one.zoho_id, str(one.products), *figures)
    return table


def low_table(threshold: Decimal) -> Table:
    numbers = _numbers("accounting", "physical", "reorder at")
    table = Table(
        "product", "SKU", Column("Zoho id", no_wrap=True), *numbers, title=f"Low stock: {_plain(threshold)} or less"
    )
    for product in Product.objects.low(threshold).order_by("accounting_on_hand", "name", "pk"):
        figures = (product.accounting_on_hand, product.physical_on_hand, product.reorder_level)
        table.add_row(product.name, product.sku or "—", product.zoho_id, *(_plain(one) or "—" for one in figures))
    return table


def _numbers(*names: str) -> list[Column]:
    return [Column(name, justify="right", no_wrap=True) for name in names]


def _plain(number: Decimal | None) -> str | None:
    """5.000000 is 5, and 5E+1 is 50."""
    return None if number is None else f"{number.normalize():f}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _shown(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "—"
