"""What is offered to whom: prices by the caller's lists, stock by the configured clock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.choices import Measure
from catalog.models import PriceList, Product
from catalog.offers import UnitPrice, available, offers_of, unit_prices
from catalog.services.price_lists import save_price_lists
from catalog.tests.builders import LATER, NOON, price_item, price_list, saved_product
from catalog.values import Bracket, StockFigures

pytestmark = pytest.mark.django_db

ONE = Decimal(1)


def keys(*zoho_ids: str) -> list[int]:
    """Primary keys of price lists, in the order asked for."""
    return [PriceList.objects.get(zoho_id=zoho_id).pk for zoho_id in zoho_ids]


@pytest.mark.lesson("L27")
def test_the_first_list_that_sells_it_names_the_price_and_its_currency():
    cable, mouse, bag, gift = (saved_product(name, base_price=Decimal(1), currency="USD") for name in "1234")
    own = price_list("own", currency="USD", items=(price_item("1", "0.90"), price_item("4", "0")))
    consumers = price_list("all", currency="IQD", items=(price_item("1", "1500"), price_item("2", "7000")))
    save_price_lists([own, consumers], at=NOON)
    lists = keys("own", "all")

    prices = unit_prices({row.pk: ONE for row in (cable, mouse, bag, gift)}, lists)

    assert prices == {
        cable.pk: UnitPrice(price=Decimal("0.90"), currency="USD", price_list_id=lists[0]),
        mouse.pk: UnitPrice(price=Decimal(7000), currency="IQD", price_list_id=lists[1]),
    }
    assert unit_prices({cable.pk: ONE}, []) == {}
    assert unit_prices({}, lists) == {}


@pytest.mark.lesson("L17")
def test_a_list_to_buy_by_and_a_list_without_currency_sell_nothing():
    product = saved_product("1", base_price=Decimal(9), base_cost=Decimal(4), currency="USD")
    buying = price_list("b", kind="percentage", trade="purchases", percentage=Decimal(0), currency="USD")
    nameless = price_list("n", items=(price_item("1", "9"),))
    save_price_lists([buying, nameless], at=NOON)

    assert unit_prices({product.pk: ONE}, keys("b", "n")) == {}
    assert not Product.objects.priced_in(keys("b", "n")).exists()


def test_larger_quantities_cost_what_their_bracket_says():
    product = saved_product("1")
    brackets = tuple(
        Bracket(start=Decimal(start), end=end, rate=Decimal(rate))
        for start, end, rate in ((1, Decimal(9), "1000"), (10, Decimal(49), "900"), (50, None, "800"))
    )
    save_price_lists(
        [price_list("v", currency="IQD", pricing_scheme="volume", items=(price_item("1", brackets=brackets),))],
        at=NOON,
    )
    (volume,) = keys("v")

    asked = {quantity: unit_prices({product.pk: Decimal(quantity)}, [volume]) for quantity in (1, 9, 10, 50, 9999)}

    assert {quantity: prices[product.pk].price for quantity, prices in asked.items()} == {
        1: 1000,
        9: 1000,
        10: 900,
        50: 800,
        9999: 800,
    }
    (offer,) = offers_of([product.pk], [volume])[product.pk]
    assert [(tier.least, tier.price) for tier in offer.tiers()] == [(10, 900), (50, 800)]


def test_a_quantity_that_the_own_list_does_not_sell_is_sold_by_the_next():
    product = saved_product("1")
    few = (Bracket(start=Decimal(1), end=Decimal(5), rate=Decimal(900)),)
    own = price_list("own", currency="IQD", pricing_scheme="volume", items=(price_item("1", brackets=few),))
    save_price_lists([own, price_list("all", currency="IQD", items=(price_item("1", "1000"),))], at=NOON)

    prices = [unit_prices({product.pk: Decimal(many)}, keys("own", "all"))[product.pk].price for many in (5, 6)]

    assert prices == [900, 1000]


def test_a_price_that_fell_remembers_what_it_was():
    fell, rose = saved_product("1"), saved_product("2")
    lists = [price_list("all", currency="IQD", items=(price_item("1", "1500"), price_item("2", "900")))]
    save_price_lists(lists, at=NOON)
    lists = [price_list("all", currency="IQD", items=(price_item("1", "1250"), price_item("2", "950")))]
    save_price_lists(lists, at=LATER)

    def was(since):
        offers = offers_of([fell.pk, rose.pk], keys("all"), fallen_since=since)
        return [offers[row.pk][0].was for row in (fell, rose)]

    assert was(NOON) == [Decimal(1500), None]
    assert was(LATER.replace(hour=23)) == [None, None]


def test_the_queries_do_not_grow_with_the_products(django_assert_num_queries):
    rows = [saved_product(str(number)) for number in range(30)]
    for zoho_id in ("own", "all"):
        items = tuple(price_item(str(number), str(number + 1)) for number in range(30))
        save_price_lists([price_list(zoho_id, currency="IQD", items=items)], at=NOON)
    lists = keys("own", "all")

    for some in (rows[:1], rows):
        with django_assert_num_queries(1):
            assert len(unit_prices({row.pk: Decimal(3) for row in some}, lists)) == len(some)


def test_the_unit_price_is_a_column_to_sort_and_filter_by():
    for zoho_id in "123":
        saved_product(zoho_id)
    own = price_list("own", currency="IQD", items=(price_item("1", "500"),))
    consumers = price_list("all", currency="IQD", items=(price_item("1", "400"), price_item("2", "450")))
    save_price_lists([own, consumers], at=NOON)
    lists = keys("own", "all")

    def priced(some):
        rows = Product.objects.with_unit_price(some).filter(unit_price__gte=Decimal(420)).order_by("unit_price")
        return [(row.zoho_id, row.unit_price) for row in rows]

    assert priced(lists) == [("2", 450), ("1", 500)]
    assert priced(lists[1:]) == [("2", 450)]
    assert priced([]) == []


def test_shown_is_what_customers_may_see():
    saved_product("1")
    saved_product("2", can_be_sold=True, kind="sales")
    saved_product("inactive", is_active=False)
    saved_product("bought", can_be_sold=False)
    saved_product("supplies", kind="purchases")
    Product.objects.filter(pk=saved_product("hidden").pk).update(is_hidden=True)
    Product.objects.filter(pk=saved_product("gone").pk).update(retired_at=NOON)

    assert sorted(Product.objects.shown().values_list("zoho_id", flat=True)) == ["1", "2"]


STATED = {
    "plenty": ({"accounting_for_sale": 5, "physical_for_sale": 0}, 5, 0),
    "promised": ({"accounting_on_hand": 9, "accounting_for_sale": 0, "physical_on_hand": 9}, 0, 9),
    "owed": ({"accounting_for_sale": -2, "physical_for_sale": -1}, 0, 0),
    "available": ({"accounting_available": 3, "accounting_on_hand": 8, "physical_on_hand": 8}, 3, 8),
    "unknown": ({}, 0, 0),
}


@pytest.mark.parametrize("name", STATED)
def test_what_can_be_sold_follows_the_clock(name):
    figures, accounting, physical = STATED[name]
    totals = StockFigures(**{figure: Decimal(value) for figure, value in figures.items()})
    product = saved_product("1", totals=totals)

    for clock, expected in ((Measure.ACCOUNTING, accounting), (Measure.PHYSICAL, physical)):
        assert available(product, clock) == expected
        assert Product.objects.in_stock(clock).exists() == (expected > 0)


@pytest.mark.parametrize(
    ("kept", "values"),
    [
        (True, {"track_inventory": True, "kind": "service"}),
        (True, {"kind": ""}),
        (True, {"kind": "inventory"}),
        (False, {"kind": "service"}),
        (False, {"track_inventory": False, "kind": "inventory"}),
    ],
)
def test_what_no_stock_is_kept_of_can_always_be_sold(kept, values):
    product = saved_product("1", **values)

    assert available(product, Measure.ACCOUNTING) == (0 if kept else None)
    assert Product.objects.in_stock(Measure.ACCOUNTING).exists() is not kept
    assert Product.objects.tracked().exists() is kept
