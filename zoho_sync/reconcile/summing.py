"""The sums that must agree: stock of each warehouse, money by currency and month, prices of each list. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from zoho_sync.reconcile.numbers import Totals
from zoho_sync.reconcile.stored import Shape
from zoho_sync.reconcile.tables import PRODUCT, STOCK, Table

ON_HAND = ("accounting_on_hand", "physical_on_hand")
UNSTATED = "—"


def add_totals(table: Table, totals: Mapping[str, Totals], *, theirs: Shape | None, ours: Shape | None) -> None:
    """Add one record to the sums of its subject; each side by its own key, None where it has no such record.

    `totals` gives the sums of a subject. What was not stated now (rows below that only a detail has, stock
    of an item whose detail nobody asked for) is no part of a sum on either side.
    """
    mine = totals[STOCK if table.label == PRODUCT else table.subject]
    for side, shape in (("theirs", theirs), ("ours", ours)):
        if shape is None:
            continue
        if table.amounts:
            _add_amounts(table, mine, side, shape)
        for part in table.parts:
            if part.amounts and (theirs is None or part.name in theirs.parts):
                _add_balances(part.name, part.amounts, mine, side, shape)
        if shape.stock is not None and (theirs is None or theirs.stock is not None):
            _add_stock(mine, side, shape)
        if shape.prices is not None and (theirs is None or theirs.prices is not None):
            _add_prices(mine, side, shape)


def _add(totals: Totals, name: str, key: str, side: str, amount: Decimal | None) -> None:
    if side == "theirs":
        totals.add(name, key, theirs=amount)
    else:
        totals.add(name, key, ours=amount)


def _add_amounts(table: Table, totals: Totals, side: str, shape: Shape) -> None:
    day = shape.columns["date"]
    month = f"{day:%Y-%m}" if day else UNSTATED
    for name in table.amounts:
        _add(totals, name, f"{shape.columns['currency'] or UNSTATED} {month}", side, shape.columns[name])


def _add_balances(part: str, amounts: tuple[str, ...], totals: Totals, side: str, shape: Shape) -> None:
    for row in shape.parts[part]:
        for name in amounts:
            _add(totals, name, row.columns["currency"] or UNSTATED, side, row.columns[name])


def _add_stock(totals: Totals, side: str, shape: Shape) -> None:
    for warehouse, figures in (shape.stock or {}).items():
        for name in ON_HAND:
            _add(totals, name, warehouse, side, figures[name])


def _add_prices(totals: Totals, side: str, shape: Shape) -> None:
    for row in (shape.prices or {}).values():
        _add(totals, "prices", shape.columns["zoho_id"], side, Decimal(1))
        _add(totals, "sum of prices", shape.columns["zoho_id"], side, row["rate"])
