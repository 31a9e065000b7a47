"""A quote: today's price, stock and promotions of a cart, and what stands in the way of ordering it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from catalog.services.categories import save_categories
from catalog.services.products import retire_products
from catalog.values import CategoryValues
from commerce.checkout import quote
from commerce.models import AppSettings, Customer, DeliveryMethod
from commerce.quotes import UnknownAddress, UnknownProducts, Wanted
from commerce.tests.shop import (
    DAY,
    LATER,
    NOON,
    add_products,
    ask,
    buyer,
    choices,
    open_shop,
    order,
    promote,
    set_prices,
    wanted,
)

pytestmark = pytest.mark.django_db


def codes_of(problems) -> list[str]:
    return [str(one.code) for one in problems]


def test_a_consumer_pays_the_consumer_list_and_the_delivery():
    open_shop({"a": "12500", "b": "3000"})

    quoted = ask(buyer(), a=2, b=1)

    assert [(line.unit_price, line.subtotal, line.price_source) for line in quoted.lines] == [
        (Decimal(12500), Decimal(25000), "consumer_list"),
        (Decimal(3000), Decimal(3000), "consumer_list"),
    ]
    assert (quoted.totals.items_subtotal, quoted.totals.shipping, quoted.totals.total) == (28000, 5000, 33000)
    assert quoted.totals.payable == 33000
    assert quoted.currency == "IQD"
    assert quoted.can_place_order
    assert quoted.expires_at == LATER + timedelta(minutes=15)


def test_a_wholesale_customer_pays_the_own_list_and_the_consumers_where_it_sells_nothing():
    open_shop({"a": "12500", "b": "3000"}, wholesale={"a": "10000"})

    quoted = ask(buyer(wholesale=True), a=1, b=1)

    assert [(line.unit_price, line.price_source) for line in quoted.lines] == [
        (Decimal(10000), "price_list"),
        (Decimal(3000), "consumer_list"),
    ]


@pytest.mark.lesson("L27")
def test_what_no_list_prices_cannot_be_bought_whatever_its_base_price():
    open_shop({"a": "12500"})
    add_products("b", base_price=Decimal(1), currency="USD")

    quoted = ask(buyer(), a=1, b=1)

    assert codes_of(quoted.lines[1].problems) == ["no_price"]
    assert quoted.lines[1].unit_price is None
    assert quoted.totals.items_subtotal == 12500
    assert not quoted.can_place_order


def test_hidden_retired_and_unsaleable_products_are_problems_and_unknown_ones_an_error():
    products = open_shop({"a": "1000", "b": "1000", "c": "1000", "d": "1000"})
    Product.objects.filter(zoho_id="a").update(is_hidden=True)
    Product.objects.filter(zoho_id="b").update(can_be_sold=False)
    retire_products(["c"], at=NOON)
    someone = buyer()

    quoted = ask(someone, a=1, b=1, c=1, d=1)

    assert [codes_of(line.problems) for line in quoted.lines] == [["unavailable"]] * 3 + [[]]
    with pytest.raises(UnknownProducts) as refused:
        ask(someone, lines=[Wanted(product_id=products["a"].pk, quantity=1), Wanted(product_id=10**9, quantity=1)])
    assert refused.value.product_ids == (10**9,)


def test_prices_in_another_currency_are_never_mixed_in():
    open_shop({"a": "1000"})
    add_products("b")
    set_prices("wholesale", {"b": "7.50"}, currency="USD")

    quoted = quote(customer=buyer(wholesale=True), lines=wanted(a=1, b=1), currency="IQD", at=LATER, **choices())

    assert codes_of(quoted.lines[1].problems) == ["wrong_currency"]
    assert quoted.totals.items_subtotal == 1000
    assert quoted.currency == "IQD"


def test_stock_is_what_zoho_has_less_what_our_orders_hold():
    open_shop({"a": "1000"}, stock="5")
    someone = buyer()
    order(someone, a=2)

    quoted = ask(someone, a=4)

    assert quoted.lines[0].available == 3
    assert codes_of(quoted.lines[0].problems) == ["insufficient_stock"]
    assert quoted.lines[0].problems[0].details == {"available": 3}
    assert not quoted.can_place_order
    assert ask(someone, a=3).can_place_order


def test_what_no_stock_is_kept_of_can_always_be_had():
    open_shop({"a": "1000"}, stock="0")
    Product.objects.update(track_inventory=False)

    quoted = ask(buyer(), a=9_999)

    assert quoted.lines[0].available is None
    assert quoted.can_place_order


def test_the_physical_clock_counts_when_the_settings_say_so():
    open_shop({"a": "1000"}, stock="5", stock_clock="physical")
    Product.objects.update(physical_on_hand=2)

    assert ask(buyer(), a=3).lines[0].available == 2


def test_a_changed_price_is_told_and_does_not_stand_in_the_way():
    products = open_shop({"a": "1000"})
    line = Wanted(product_id=products["a"].pk, quantity=1, item_id=7, known_price=Decimal(900), known_currency="IQD")

    quoted = ask(buyer(), lines=[line])

    (problem,) = quoted.lines[0].problems
    assert (problem.code, problem.item_id) == ("price_changed", 7)
    assert (problem.details["old_price"], problem.details["new_price"]) == (900, 1000)
    assert quoted.can_place_order


def test_lines_of_one_product_are_put_together():
    products = open_shop({"a": "1000"})
    key = products["a"].pk

    quoted = ask(buyer(), lines=[Wanted(product_id=key, quantity=1), Wanted(product_id=key, quantity=2)])

    assert [line.quantity for line in quoted.lines] == [3]
    assert quoted.totals.items_subtotal == 3000


def test_an_empty_cart_a_guest_and_missing_choices_are_problems():
    open_shop({"a": "1000"})
    someone = buyer()

    assert codes_of(ask(someone).problems) == ["empty_cart"]
    assert ask(someone).totals.payable == 0
    guest = quote(customer=None, lines=wanted(a=1), at=LATER)
    assert codes_of(guest.problems) == [
        "sign_in_required",
        "delivery_method_required",
        "payment_method_required",
    ]
    assert guest.totals.total == 1000
    Customer.objects.update(is_active=False)
    assert codes_of(ask(Customer.objects.get(), a=1).problems) == ["customer_inactive"]


def test_somebody_elses_address_is_as_unknown_as_none():
    open_shop({"a": "1000"})
    other = buyer("c2").delivery_addresses.get()

    with pytest.raises(UnknownAddress):
        quote(customer=buyer(), lines=wanted(a=1), address_id=other.pk, at=LATER, **choices())


def test_delivery_goes_only_where_it_goes():
    open_shop({"a": "1000"})
    someone = buyer()
    DeliveryMethod.objects.update(governorates=["IQ-BA"])

    quoted = ask(someone, a=1)

    assert [(one.reason, one.is_available) for one in quoted.deliveries] == [("governorate", False)]
    assert codes_of(quoted.problems) == ["delivery_method_unavailable"]
    assert quoted.totals.shipping == 0
    DeliveryMethod.objects.update(governorates=["IQ-BA", "IQ-BG"])
    assert ask(someone, a=1).can_place_order
    DeliveryMethod.objects.update(currency="USD")
    assert ask(someone, a=1).deliveries[0].reason == "wrong_currency"


def test_an_address_is_needed_unless_the_customer_comes_for_it():
    open_shop({"a": "1000"})
    someone = buyer()
    someone.delivery_addresses.all().delete()

    assert codes_of(ask(someone, a=1).problems) == ["address_required"]
    DeliveryMethod.objects.update(needs_address=False)
    assert ask(someone, a=1).can_place_order


def test_only_cash_is_rounded_to_notes():
    open_shop({"a": "1100"})
    someone = buyer()

    cash = quote(customer=someone, lines=wanted(a=1), at=LATER, **choices(payment_method="cod"))

    assert (cash.totals.total, cash.totals.rounding_adjustment, cash.totals.payable) == (6100, -100, 6000)
    assert ask(someone, a=1).totals.payable == 6100


def test_taxes_follow_the_settings_and_spare_who_is_not_taxable():
    open_shop({"a": "1000"}, tax_rate=Decimal(10), shipping_tax_rate=Decimal(5))
    someone = buyer()

    taxed = ask(someone, a=2)

    assert (taxed.lines[0].tax, taxed.lines[0].total) == (200, 2200)
    assert (taxed.totals.tax, taxed.totals.total) == (450, 7450)
    Customer.objects.update(is_taxable=False)
    spared = ask(Customer.objects.get(), a=2)
    assert (spared.totals.tax, spared.totals.total) == (0, 7000)


def test_the_hash_tells_any_other_outcome_and_time_is_none():
    open_shop({"a": "1000", "b": "500"})
    someone = buyer()
    agreed = ask(someone, a=2, b=1)

    assert ask(someone, b=1, a=2, at=LATER + DAY).hash == agreed.hash
    assert ask(someone, a=3, b=1).hash != agreed.hash
    assert (
        quote(customer=someone, lines=wanted(a=2, b=1), at=LATER, **choices(payment_method="cod")).hash != agreed.hash
    )
    set_prices("consumers", {"a": "1001", "b": "500"}, at=LATER)
    assert ask(someone, a=2, b=1).hash != agreed.hash


@pytest.mark.parametrize("given", [False, True])
def test_a_quote_takes_the_same_few_queries_for_one_line_and_fifty_and_writes_nothing(given):
    names = [f"p{number}" for number in range(50)]
    save_categories([CategoryValues(zoho_id="k", name="Cables")], at=NOON)
    open_shop(dict.fromkeys(names, "1000"))
    Product.objects.update(category=Category.objects.get())
    someone = buyer(credit_limit=Decimal(10**6))
    promote(targets=[{"product": Product.objects.get(zoho_id="p0")}])
    promote(targets=[{"customer": someone}, {"category": Category.objects.get()}], code="MINE")
    more = {"app_settings": AppSettings.objects.current()} if given else {}
    someone = Customer.objects.select_related("price_list").get()

    def statements(**quantities: int) -> list[str]:
        lines, chosen = wanted(**quantities), choices()
        with CaptureQueriesContext(connection) as captured:
            quote(customer=someone, lines=lines, coupon_codes=["mine"], at=LATER, **chosen, **more)
        return [query["sql"] for query in captured.captured_queries]

    one, fifty = statements(p0=1), statements(**dict.fromkeys(names, 1))

    assert len(one) == len(fifty) == (7 if given else 8)
    assert {sql.lstrip("(").split()[0] for sql in one + fifty} == {"SELECT"}


def test_a_quote_asked_twice_is_the_same_to_the_last_digit():
    open_shop({"a": "333", "b": "777"})
    someone = buyer()
    promote("percentage", "7")

    assert ask(someone, a=3, b=2).totals == ask(someone, a=3, b=2).totals


def test_settings_that_nobody_saved_sell_nothing():
    open_shop({"a": "1000"})
    AppSettings.objects.all().delete()

    quoted = ask(buyer(), a=1)

    assert codes_of(quoted.lines[0].problems) == ["no_price"]
    assert quoted.currency == "IQD"
