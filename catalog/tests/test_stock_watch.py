"""Low stock begins and ends, and what is back in stock is told: once, at the moment it happens."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import BackInStock, LowStock, Product
from catalog.services.history import prune_history
from catalog.services.products import retire_products, save_products
from catalog.subscribers import note_return
from catalog.tests.builders import LATER, NOON, product_values
from catalog.values import StockFigures
from tsh_erp.events.delivering import dispatch
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def stocked(on_hand: str | None, *, level: str | None = "5", at=NOON, zoho_id: str = "1", **values) -> None:
    figures = StockFigures(accounting_on_hand=None if on_hand is None else Decimal(on_hand))
    level_now = None if level is None else Decimal(level)
    save_products([product_values(zoho_id, totals=figures, reorder_level=level_now, **values)], at=at)


def told() -> list[str]:
    """What was published about stock, oldest first."""
    words = ("low_stock", "low_stock_ended", "back_in_stock")
    types = StoredEvent.objects.order_by("id").values_list("type", flat=True)
    return [name for one in types if (name := one.rpartition(".")[2]) in words]


def low() -> list[str]:
    return sorted(LowStock.objects.values_list("product__zoho_id", flat=True))


def test_low_stock_begins_and_ends_once():
    stocked("6")
    assert (low(), told()) == ([], [])

    for on_hand in ("5", "4", "0"):
        stocked(on_hand, at=LATER)
    assert (low(), told()) == (["1"], ["low_stock"])
    assert LowStock.objects.get().since == LATER
    event = StoredEvent.objects.get(type="catalog.product.low_stock")
    assert event.data == {"zoho_id": "1", "on_hand": "5", "reorder_level": "5"}
    assert event.aggregate == f"catalog.product:{Product.objects.get().pk}"

    stocked("5.5", at=LATER)
    assert (low(), told()) == ([], ["low_stock", "low_stock_ended", "back_in_stock"])


@pytest.mark.parametrize(
    ("how", "is_low"),
    [
        ({"on_hand": "2"}, True),
        ({"on_hand": "-20"}, True),
        ({"on_hand": "0", "level": "0"}, True),
        ({"on_hand": "2", "level": None}, False),
        ({"on_hand": None}, False),
        ({"on_hand": "2", "is_active": False}, False),
        ({"on_hand": "2", "track_inventory": False}, False),
        ({"on_hand": "2", "track_inventory": True, "kind": "service"}, True),
        ({"on_hand": "2", "kind": "service"}, False),
        ({"on_hand": "2", "kind": "inventory"}, True),
    ],
)
def test_only_active_tracked_products_with_a_level_run_low(how, is_low):
    stocked(**how)

    assert low() == (["1"] if is_low else [])
    assert Product.objects.get().is_low is is_low
    assert list(Product.objects.below_reorder_level().values_list("zoho_id", flat=True)) == low()


@pytest.mark.parametrize("change", [{"level": "1"}, {"level": None}, {"is_active": False}, {"track_inventory": False}])
def test_low_stock_ends_also_without_new_goods(change):
    stocked("2")

    stocked("2", at=LATER, **change)

    assert (low(), told()) == ([], ["low_stock", "low_stock_ended"])


def test_a_retired_product_is_not_low_and_is_again_when_it_comes_back():
    stocked("2")
    retire_products(["1"], at=LATER)
    assert (low(), told()) == ([], ["low_stock", "low_stock_ended"])

    stocked("2", at=LATER)
    assert (low(), told()) == (["1"], ["low_stock", "low_stock_ended", "low_stock"])


@pytest.mark.parametrize(
    ("before", "after", "is_back"),
    [("0", "3", True), ("-2", "1", True), (None, "3", False), ("1", "3", False), ("0", "0", False), ("0", None, False)],
)
def test_back_in_stock_is_from_a_stated_nothing_to_something(before, after, is_back):
    stocked(before, level=None)

    stocked(after, level=None, at=LATER)
    dispatch()

    rows = [(row.product.zoho_id, row.quantity, row.at) for row in BackInStock.objects.all()]
    assert rows == ([("1", Decimal(after), LATER)] if is_back else [])


def test_what_is_promised_to_others_is_not_back():
    save_products([product_values("1", totals=figures("0", "0"))], at=NOON)
    save_products([product_values("1", totals=figures("5", "0"))], at=LATER)
    assert told() == []

    save_products([product_values("1", totals=figures("5", "2"))], at=LATER)
    assert StoredEvent.objects.get(type="catalog.product.back_in_stock").data == {"zoho_id": "1", "quantity": "2"}


def figures(on_hand: str, for_sale: str) -> StockFigures:
    return StockFigures(accounting_on_hand=Decimal(on_hand), accounting_for_sale=Decimal(for_sale))


def test_an_event_that_comes_twice_is_one_return():
    stocked("0")
    stocked("9", at=LATER)
    events = list(StoredEvent.objects.filter(type="catalog.product.back_in_stock"))

    note_return(events)
    note_return(events)

    assert BackInStock.objects.count() == 1


def test_stock_that_crosses_nothing_costs_no_statement():
    save_products([product_values(str(n), reorder_level=Decimal(5)) for n in range(20)], at=NOON)

    def statements(on_hand: str) -> int:
        values = [
            product_values(str(n), reorder_level=Decimal(5), totals=StockFigures(accounting_on_hand=Decimal(on_hand)))
            for n in range(20)
        ]
        with CaptureQueriesContext(connection) as captured:
            save_products(values, at=LATER)
        return len(captured)

    first = statements("50")
    assert statements("40") == first
    assert low() == []


def test_old_history_is_forgotten_and_what_is_low_is_not():
    stocked("0")
    stocked("3", at=LATER)
    dispatch()

    assert prune_history(before=LATER) == 0
    assert prune_history(before=LATER.replace(year=2027)) == 1
    assert (BackInStock.objects.count(), low()) == (0, ["1"])
