from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from catalog.models import EffectivePrice, PriceList, PriceListItem, Product
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


def test_the_reasoning_is_told_in_words():
    product = saved_product("1", base_price=Decimal("22.50"), currency="USD")
    brackets = (Bracket(start=Decimal(10), end=Decimal(19), rate=Decimal(8), discount_percentage=Decimal(5)),)
    save_price_lists(
        [
            price_list("7", **MARKUP, currency="IQD"),
            price_list("8", **MARKUP, name="Wholesale", currency="USD", rounding="whole_minus_cent"),
            price_list("9", currency="USD", items=(price_item("1", pricing_scheme="volume", brackets=brackets),)),
        ],
        at=NOON,
    )
    other_currency, markup, volume = PriceList.objects.order_by("zoho_id")

    assert why_price(product, markup).lines() == [
        ("price list", "Wholesale"),
        ("quantity", "1"),
        ("source", "the list's percentage on the base price"),
        ("base price", "22.5"),
        ("raised by percent", "10"),
        ("calculated", "24.75"),
        ("rounded", "24.99"),
        ("rounding", "to a whole unit less 0.01"),
        ("price", "24.99"),
        ("currency", "USD"),
    ]
    assert why_price(product, volume, quantity=Decimal(12)).lines()[2:] == [
        ("source", "the list names a price for this quantity"),
        ("for quantities", "from 10 to 19"),
        ("price named by the list", "8"),
        ("lowered by percent", "5"),
        ("calculated", "7.6"),
        ("rounded", "7.6"),
        ("rounding", "not stated"),
        ("price", "7.6"),
        ("currency", "USD"),
    ]
    assert why_price(product, other_currency).lines()[2:] == [
        ("source", "the base price is in another currency"),
        ("price", "none"),
        ("currency", "IQD"),
    ]


def test_nothing_is_sold_by_a_list_that_is_not_active_and_the_reasoning_says_so():
    product = saved_product("1", base_price=Decimal(5))
    save_price_lists([price_list("9", **MARKUP, is_active=False)], at=NOON)

    reasoning = why_price(product, PriceList.objects.get())

    assert (reasoning.price, reasoning.reason) == (None, Reason.NOT_SOLD)


def test_a_rounding_that_nobody_knows_is_kept_and_shown():
    product = saved_product("1", base_price=Decimal(5))
    rule = MARKUP | {"rounding": "unknown", "rounding_word": "round_to_full_moon"}

    save_price_lists([price_list("9", **rule, items=(price_item("2", "7"),))], at=NOON)

    assert prices() == {}
    reasoning = why_price(product, PriceList.objects.get())
    assert reasoning.reason is Reason.ROUNDING_UNKNOWN
    assert ("rounding", "round_to_full_moon") in reasoning.lines()


@pytest.mark.lesson("L27")
def test_a_missing_consumer_price_never_falls_back_to_the_base_price():
    """1.00 USD was once shown as 1 IQD where 1,500 was meant."""
    save_products([product_values("1", base_price=Decimal("1.00"), currency="USD"), product_values("2")], at=NOON)

    save_price_lists([price_list("9", currency="IQD", items=(price_item("2", "1500"),))], at=NOON)

    assert prices() == {("2", "9"): (Decimal(1500), "IQD")}
    reasoning = why_price(Product.objects.get(zoho_id="1"), PriceList.objects.get())
    assert (reasoning.price, reasoning.currency, reasoning.reason) == (None, "IQD", Reason.NOT_IN_LIST)


def test_base_prices_without_a_currency_are_in_that_of_the_catalogue(settings):
    saved_product("1", base_price=Decimal(100))
    save_price_lists([price_list("8", **MARKUP, currency="USD"), price_list("9", **MARKUP, currency="IQD")], at=NOON)
    assert prices() == {}

    settings.CATALOG_CURRENCY = "USD"
    call_command("recompute_prices", stdout=(told := StringIO()))

    assert told.getvalue() == "1 prices changed\n"
    assert prices() == {("1", "8"): (Decimal(110), "USD")}


def test_one_changed_price_rewrites_one_row():
    save_products([product_values(str(n), base_price=Decimal(n)) for n in range(1, 6)], at=NOON)
    items = [price_item(str(n), "5") for n in range(1, 6)]
    save_price_lists([price_list("9", items=tuple(items))], at=NOON)
    keys = dict(PriceListItem.objects.values_list("product_zoho_id", "pk"))
    before = dict(EffectivePrice.objects.values_list("pk", "updated_at"))

    save_price_lists([price_list("9", items=(price_item("1", "6"), *items[1:4], price_item("7", "9")))], at=LATER)

    after = dict(PriceListItem.objects.values_list("product_zoho_id", "pk"))
    assert {name: after[name] for name in "1234"} == {name: keys[name] for name in "1234"}
    assert set(after) == {"1", "2", "3", "4", "7"}
    moved = {pk for pk, at in EffectivePrice.objects.values_list("pk", "updated_at") if before.get(pk) != at}
    assert [row.product.zoho_id for row in EffectivePrice.objects.filter(pk__in=moved)] == ["1"]
    assert prices() == {(name, "9"): (Decimal(6 if name == "1" else 5), "") for name in "1234"}


def test_a_changed_base_price_changes_only_its_products_rows():
    save_products([product_values(str(n), base_price=Decimal(n)) for n in range(1, 6)], at=NOON)
    save_price_lists([price_list(str(n), **MARKUP) for n in (7, 8)], at=NOON)
    before = dict(EffectivePrice.objects.values_list("pk", "updated_at"))

    save_products([product_values("3", base_price=Decimal(30))], at=LATER)

    moved = [row for row in EffectivePrice.objects.all() if before[row.pk] != row.updated_at]
    assert {row.product.zoho_id for row in moved} == {"3"}
    assert len(moved) == 2
    assert prices()[("3", "7")] == (Decimal(33), "")


def test_recomputing_costs_the_same_queries_at_any_size():
    def queries(count: int) -> list[str]:
        save_products([product_values(f"{count}-{n}", base_price=Decimal(n)) for n in range(1, count + 1)], at=NOON)
        ids = list(Product.objects.filter(zoho_id__startswith=f"{count}-").values_list("pk", flat=True))
        EffectivePrice.objects.all().delete()
        return steps(lambda: recompute_prices(product_ids=ids, at=LATER))

    save_price_lists([price_list(str(n), **MARKUP) for n in range(7)], at=NOON)

    assert queries(1) == queries(50)


@pytest.mark.slow
def test_five_thousand_products_in_seven_lists_are_priced_at_once():
    save_price_lists([price_list(str(n), **MARKUP) for n in range(7)], at=NOON)
    for first in range(0, 5_000, 1_000):
        some = [product_values(str(n), base_price=Decimal(n + 1)) for n in range(first, first + 1_000)]
        save_products(some, at=NOON)
    assert EffectivePrice.objects.count() == 35_000
    PriceList.objects.update(percentage=20)

    assert recompute_prices(at=LATER) == 35_000
    assert recompute_prices(at=LATER) == 0
    PriceList.objects.update(is_active=False)
    assert recompute_prices(at=LATER) == 35_000


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
