from decimal import Decimal

import pytest

from catalog.models import Product, StockLevel
from catalog.models.figures import FIGURES
from catalog.services.products import retire_products, save_products
from catalog.services.warehouses import retire_warehouses, save_warehouses
from catalog.stock_summary import summarise_stock, warehouse_totals
from catalog.tests.builders import LATER, NOON, place, product_values, saved_product
from catalog.tests.queries import steps
from catalog.values import StockFigures, WarehouseValues

pytestmark = pytest.mark.django_db


def product(zoho_id: str, on_hand: str | None = None, **values):
    """A tracked product with a total, as Zoho states it."""
    totals = StockFigures(accounting_on_hand=None if on_hand is None else Decimal(on_hand))
    return saved_product(zoho_id, **{"totals": totals, "track_inventory": True, **values})


def ids(products) -> list[str]:
    return sorted(products.values_list("zoho_id", flat=True))


@pytest.mark.lesson("L20")
def test_every_product_is_counted_where_it_belongs():
    product("full", "50")
    product("few", "3")
    product("none", "0")
    product("minus", "-2")
    product("unknown")
    product("inactive", "1", is_active=False)
    product("service", track_inventory=False)
    product("gone", "7")
    retire_products(["gone"], at=LATER)

    summary = summarise_stock()

    assert (summary.products, summary.tracked) == (7, 6)
    assert (summary.in_stock, summary.out_of_stock, summary.negative, summary.unknown) == (3, 1, 1, 1)
    assert (summary.low, summary.threshold) == (3, 10)
    assert summary.changed_at == NOON


@pytest.mark.parametrize(
    ("threshold", "expected"), [("-3", []), ("0", ["minus", "none"]), ("3", ["few", "minus", "none"])]
)
def test_low_is_the_threshold_or_less(threshold, expected):
    for zoho_id, on_hand in (("few", "3"), ("none", "0"), ("minus", "-2"), ("enough", "3.5")):
        product(zoho_id, on_hand)

    assert ids(Product.objects.low(Decimal(threshold))) == expected


def test_tracked_is_what_zoho_says_or_what_it_does_not_deny():
    product("said")
    product("denied", track_inventory=False)
    product("unsaid", track_inventory=None)
    product("unsaid stocked", track_inventory=None, kind="inventory")
    product("unsaid service", track_inventory=None, kind="service")

    assert ids(Product.objects.tracked()) == ["said", "unsaid", "unsaid stocked"]


def test_stock_is_held_where_anything_lies_or_is_missing_anywhere():
    product("total", "1")
    product("zero", "0", stock=(place("w", "0"),))
    product("unknown", stock=(place("w"),))
    product("minus", "-1")
    product("balanced", "0", stock=(place("w", "5"), place("v", "-5")))
    product("received", stock=(place("w", None, "2"),))

    assert ids(Product.objects.holding_stock()) == ["balanced", "minus", "received", "total"]


def test_warehouses_are_added_up_in_both_measures():
    product("1", "3", stock=(place("w", "5.5", "2", name="Main"), place("v", "-2.5", name="Shop")))
    product("2", "1", stock=(place("w", "1", None),))
    product("gone", "9", stock=(place("w", "9", "9"),))
    retire_products(["gone"], at=LATER)
    save_warehouses([WarehouseValues(zoho_id="empty", name="Attic")], at=NOON)
    save_warehouses([WarehouseValues(zoho_id="closed", name="Closed")], at=NOON)
    retire_warehouses(["closed"], at=LATER)

    totals = summarise_stock().warehouses

    assert [(one.name, one.products, one.accounting_on_hand, one.physical_on_hand) for one in totals] == [
        ("Attic", 0, None, None),
        ("Main", 2, Decimal("6.5"), Decimal(2)),
        ("Shop", 1, Decimal("-2.5"), None),
    ]
    [main] = warehouse_totals("w")
    assert main == totals[1]


def test_fractions_add_up_exactly():
    for number in range(10):
        product(str(number), stock=(place("w", "0.1"),))

    [warehouse] = summarise_stock().warehouses

    assert warehouse.accounting_on_hand == 1


def test_the_queries_do_not_grow():
    product("1", "1", stock=(place("w1", "1"),))
    few = steps(summarise_stock)
    save_products([product_values(str(number), stock=(place(f"w{number}", "1"),)) for number in range(2, 40)], at=NOON)

    assert steps(summarise_stock) == few
    assert len(few) == 6


def test_levels_of_several_products_are_read_at_once():
    product("1", stock=(place("w", "5"), place("v", "1", "2")))
    product("2", stock=(place("w", "7"),))

    found = StockLevel.objects.figures_of(["1", "2", "3"])

    assert {zoho_id: sorted(row["accounting_on_hand"] for row in rows) for zoho_id, rows in found.items()} == {
        "1": [1, 5],
        "2": [7],
    }
    assert set(found["1"][0]) == set(FIGURES)
