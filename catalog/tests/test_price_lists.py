from decimal import Decimal

import pytest

from catalog.models import EffectivePrice, PriceList, PriceListItem
from catalog.price_rules import Reason
from catalog.services.links import attach_products
from catalog.services.price_lists import retire_price_lists, save_price_lists
from catalog.services.prices import recompute_prices, why_price
from catalog.services.products import save_products
from catalog.tests.builders import LATER, NOON, price_item, price_list, product_values, saved_product
from catalog.tests.queries import steps
from catalog.values import Bracket
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db

MARKUP = {"kind": "percentage", "percentage": Decimal(10), "is_increase": True}


def prices() -> dict[tuple[str, str], tuple[Decimal, str]]:
    rows = EffectivePrice.objects.select_related("product", "price_list")
    return {(row.product.zoho_id, row.price_list.zoho_id): (row.price, row.currency) for row in rows}


def test_a_price_list_with_its_prices():
    saved_product("1")

    save_price_lists(
        [
            price_list(
                "9",
                currency="IQD",
                rounding="whole",
                items=(price_item("1", "1500"), price_item("2", "2000", product_name="Later")),
            )
        ],
        at=NOON,
    )

    assert prices() == {("1", "9"): (Decimal(1500), "IQD")}
    waiting = PriceListItem.objects.get(product__isnull=True)
    assert (waiting.product_zoho_id, waiting.product_name) == ("2", "Later")


def test_items_are_replaced_as_a_whole():
    save_products([product_values("1"), product_values("2")], at=NOON)
    save_price_lists([price_list("9", items=(price_item("1", "5"), price_item("2", "6")))], at=NOON)

    saved = save_price_lists([price_list("9", items=(price_item("2", "7"),))], at=LATER)

    assert prices() == {("2", "9"): (Decimal(7), "")}
    assert saved.changed == {"9"}
    assert StoredEvent.objects.latest("id").data == {"zoho_id": "9", "fields": ["items"]}


def test_items_not_stated_stay():
    saved_product("1")
    save_price_lists([price_list("9", items=(price_item("1", "5"),))], at=NOON)

    save_price_lists([price_list("9", name="Renamed", items=None)], at=LATER)

    assert PriceList.objects.get().name == "Renamed"
    assert prices() == {("1", "9"): (Decimal(5), "")}


def test_the_same_items_are_not_written_again():
    brackets = (Bracket(start=Decimal(1), end=None, rate=Decimal("4.5")),)
    values = price_list("9", items=(price_item("1", "5", brackets=brackets, discount_percentage=Decimal(5)),))
    save_price_lists([values], at=NOON)
    before = PriceListItem.objects.get().pk

    saved = save_price_lists([values], at=LATER)

    assert saved.unchanged == {"9"}
    assert PriceListItem.objects.get().pk == before


def test_an_empty_list_takes_every_price_away():
    saved_product("1")
    save_price_lists([price_list("9", items=(price_item("1", "5"),))], at=NOON)

    save_price_lists([price_list("9", items=())], at=LATER)

    assert prices() == {}


def test_a_percentage_list_prices_every_product_with_a_base_price():
    save_products([product_values("1", base_price=Decimal(100)), product_values("2")], at=NOON)

    save_price_lists([price_list("9", **MARKUP, items=(price_item("2", "3"),))], at=NOON)

    assert prices() == {("1", "9"): (Decimal(110), ""), ("2", "9"): (Decimal(3), "")}


def test_a_changed_rule_changes_the_prices():
    saved_product("1", base_price=Decimal("22.50"))
    save_price_lists([price_list("9", **MARKUP)], at=NOON)
    assert prices() == {("1", "9"): (Decimal("24.75"), "")}

    save_price_lists([price_list("9", **MARKUP, rounding="whole_minus_cent")], at=LATER)

    assert prices() == {("1", "9"): (Decimal("24.99"), "")}


def test_purchase_lists_start_from_the_cost():
    saved_product("1", base_price=Decimal(100), base_cost=Decimal(40))

    save_price_lists([price_list("9", **MARKUP, trade="purchases")], at=NOON)

    assert prices() == {("1", "9"): (Decimal(44), "")}


def test_a_base_price_in_another_or_unknown_currency_is_no_price():
    save_products(
        [
            product_values("1", base_price=Decimal(1), currency="USD"),
            product_values("2", base_price=Decimal(1)),
            product_values("3", base_price=Decimal(1), currency="IQD"),
        ],
        at=NOON,
    )

    save_price_lists([price_list("9", **MARKUP, currency="IQD")], at=NOON)

    assert prices() == {("3", "9"): (Decimal("1.1"), "IQD")}


@pytest.mark.parametrize("how", ["inactive", "retired"])
def test_nothing_is_sold_by_a_list_that_is_gone(how):
    saved_product("1", base_price=Decimal(100))
    save_price_lists([price_list("9", **MARKUP)], at=NOON)

    if how == "retired":
        assert retire_price_lists(["9"], at=LATER) == 1
    else:
        save_price_lists([price_list("9", **MARKUP, is_active=False)], at=LATER)

    assert prices() == {}
    save_price_lists([price_list("9", **MARKUP)], at=LATER)
    assert prices() == {("1", "9"): (Decimal(110), "")}


def test_prices_find_products_that_come_later():
    save_price_lists([price_list("9", items=(price_item("1", "5"), price_item("2", "6")))], at=NOON)
    saved_product("1")
    assert prices() == {}

    assert attach_products(["1"]) == 1
    assert attach_products(["1"]) == 0

    assert prices() == {("1", "9"): (Decimal(5), "")}


def test_why_this_price():
    product = saved_product("1", base_price=Decimal(100))
    brackets = (Bracket(start=Decimal(1), end=Decimal(9), rate=Decimal(8)), Bracket(start=Decimal(10), rate=Decimal(7)))
    save_price_lists(
        [
            price_list("8", **MARKUP),
            price_list("9", items=(price_item("1", pricing_scheme="volume", brackets=brackets),)),
        ],
        at=NOON,
    )
    markup, volume = PriceList.objects.order_by("zoho_id")

    assert why_price(product, markup).reason is Reason.PERCENTAGE
    assert why_price(product, volume).price == Decimal(8)
    assert why_price(product, volume, quantity=Decimal(10)).price == Decimal(7)
    assert prices()[("1", "9")] == (Decimal(8), "")


def test_recomputing_everything_changes_nothing():
    save_products([product_values(str(n), base_price=Decimal(n)) for n in range(1, 6)], at=NOON)
    save_price_lists([price_list("8", **MARKUP), price_list("9", items=(price_item("3", "5"),))], at=NOON)
    before = prices()

    assert len(before) == 6
    assert recompute_prices(at=LATER) == 0

    EffectivePrice.objects.all().delete()
    assert recompute_prices(at=LATER) == 6
    assert prices() == before


def test_queries_do_not_grow_with_the_batch():
    save_products([product_values(str(n), base_price=Decimal(n)) for n in range(1, 51)], at=NOON)

    def lists(first: int, size: int, items: int, rate: str):
        rows = tuple(price_item(str(n), rate) for n in range(1, items + 1))
        return [price_list(str(n), items=rows) for n in range(first, first + size)]

    one = steps(lambda: save_price_lists(lists(100, 1, 1, "5"), at=NOON))
    assert steps(lambda: save_price_lists(lists(200, 5, 50, "5"), at=NOON)) == one

    one = steps(lambda: save_price_lists(lists(100, 1, 1, "6"), at=LATER))
    assert steps(lambda: save_price_lists(lists(200, 5, 50, "6"), at=LATER)) == one
