"""Carts: one for each customer and each guest, at the price that was seen, counted up with each change."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from catalog.services.price_lists import save_price_lists
from catalog.values import Bracket, PriceListItemValues, PriceListValues
from commerce.checkout import quote
from commerce.models import Cart, CartItem
from commerce.refusals import CartRefused
from commerce.services.carts import (
    accept_prices,
    add_item,
    find_cart,
    merge_guest_cart,
    new_guest_key,
    prune_guest_carts,
    remove_item,
    replace_items,
    set_codes,
    set_quantity,
    wanted_of,
)
from commerce.tests.shop import DAY, LATER, NOON, add_products, buyer, choices, open_shop, owner, set_prices

pytestmark = pytest.mark.django_db


def lines(cart: Cart) -> list[tuple[str, int, Decimal]]:
    rows = cart.items.order_by("pk").values_list("product__zoho_id", "quantity", "unit_price")
    return [(zoho_id, quantity, price) for zoho_id, quantity, price in rows]


def refusal(change) -> tuple[str, str]:
    with pytest.raises(CartRefused) as refused:
        change()
    return refused.value.code, refused.value.field


def test_adding_makes_the_cart_and_takes_the_price_of_the_moment():
    products = open_shop({"a": "1000", "b": "250"})
    mine = owner(buyer())

    add_item(mine, products["a"].pk, 2, at=NOON)
    add_item(mine, products["b"].pk, 1, at=NOON)
    cart = add_item(mine, products["a"].pk, 1, at=NOON).cart

    assert lines(cart) == [("a", 3, 1000), ("b", 1, 250)]
    assert (cart.version, cart.currency, Cart.objects.count()) == (3, "IQD", 1)
    item = cart.items.first()
    assert (item.currency, item.price_list.zoho_id, item.priced_at) == ("IQD", "consumers", NOON)


def test_the_version_rises_with_a_change_and_with_nothing_else():
    products = open_shop({"a": "1000"})
    mine = owner(buyer())
    key = products["a"].pk
    cart = add_item(mine, key, 2, at=NOON).cart
    item = cart.items.get().pk

    assert set_quantity(mine, item, 2, at=LATER).cart.version == 1
    assert replace_items(mine, {key: 2}, at=LATER).cart.version == 1
    assert accept_prices(mine, at=LATER).cart.version == 1
    assert set_codes(mine, [], at=LATER).cart.version == 1
    assert set_codes(mine, ["eid"], at=LATER).cart.version == 2
    assert set_quantity(mine, item, 3, at=LATER).cart.version == 3
    assert remove_item(mine, item, at=LATER).cart.version == 4
    assert Cart.objects.get().coupon_codes == ["EID"]


def test_who_saw_an_older_version_changes_nothing():
    products = open_shop({"a": "1000"})
    mine = owner(buyer())
    add_item(mine, products["a"].pk, 2, at=NOON)

    with pytest.raises(CartRefused) as refused:
        add_item(mine, products["a"].pk, 1, expected_version=0, at=LATER)

    assert (refused.value.code, refused.value.details["version"]) == ("cart_version_conflict", 1)
    assert CartItem.objects.get().quantity == 2
    assert add_item(mine, products["a"].pk, 1, expected_version=1, at=LATER).cart.version == 2


@pytest.mark.parametrize("quantity", [0, -1, 10_000, 10**9])
def test_quantities_out_of_range_are_refused(quantity):
    products = open_shop({"a": "1000"})
    mine = owner(buyer())
    item = add_item(mine, products["a"].pk, 1, at=NOON).cart.items.get().pk

    for change in (
        lambda: add_item(mine, products["a"].pk, quantity, at=NOON),
        lambda: set_quantity(mine, item, quantity, at=NOON),
        lambda: replace_items(mine, {products["a"].pk: quantity}, at=NOON),
    ):
        assert refusal(change) == ("quantity_out_of_range", "quantity")
    assert CartItem.objects.get().quantity == 1


def test_two_additions_may_not_exceed_the_most_together():
    products = open_shop({"a": "1000"})
    mine = owner(buyer())
    add_item(mine, products["a"].pk, 9_999, at=NOON)

    assert refusal(lambda: add_item(mine, products["a"].pk, 1, at=NOON)) == ("quantity_out_of_range", "quantity")


def test_what_cannot_be_sold_is_not_put_in():
    products = open_shop({"a": "1000", "hidden": "1000", "free": "0.4"})
    add_products("nowhere", base_price=Decimal(5), currency="IQD")
    add_products("dollars")
    set_prices("wholesale", {"dollars": "5", "a": "3"}, currency="USD")
    Product.objects.filter(zoho_id="hidden").update(is_hidden=True)
    mine, dealer = owner(buyer()), owner(buyer("c2", wholesale=True))

    def add(who, zoho_id):
        return lambda: add_item(who, Product.objects.get(zoho_id=zoho_id).pk, 1, at=NOON)

    assert refusal(add(mine, "hidden")) == ("unavailable", "product_id")
    assert refusal(add(mine, "free")) == ("no_price", "product_id")
    assert refusal(add(mine, "nowhere")) == ("no_price", "product_id")
    assert refusal(lambda: add_item(mine, 10**9, 1, at=NOON)) == ("unknown_product", "product_id")
    add(dealer, "dollars")()
    Product.objects.filter(zoho_id="hidden").update(is_hidden=False)
    assert refusal(add(dealer, "hidden")) == ("mixed_currency", "product_id")  # the consumers' list, in dinars
    assert [cart.currency for cart in Cart.objects.all()] == ["USD"]
    assert products["a"].pk


def test_a_hundred_lines_fit_and_one_more_does_not():
    names = [f"p{number}" for number in range(101)]
    products = open_shop(dict.fromkeys(names, "1000"))
    mine = owner(buyer())
    hundred = {products[name].pk: 1 for name in names[:100]}

    assert replace_items(mine, hundred, at=NOON).cart.items.count() == 100
    more = products["p100"].pk
    assert refusal(lambda: add_item(mine, more, 1, at=NOON)) == ("too_many_lines", "items")
    assert refusal(lambda: replace_items(mine, hundred | {more: 1}, at=NOON)) == ("too_many_lines", "items")


def test_a_changed_price_is_told_until_it_is_accepted():
    products = open_shop({"a": "1000"})
    someone = buyer()
    mine = owner(someone)
    cart = add_item(mine, products["a"].pk, 1, at=NOON).cart
    set_prices("consumers", {"a": "1250"}, at=LATER)

    def problems() -> list[str]:
        (line,) = quote(customer=someone, lines=wanted_of(cart), at=LATER, **choices()).lines
        return [str(one.code) for one in line.problems]

    assert problems() == ["price_changed"]
    add_item(mine, products["a"].pk, 1, at=LATER)
    assert problems() == ["price_changed"]
    assert accept_prices(mine, at=LATER).cart.version == 3
    assert problems() == []
    assert lines(cart) == [("a", 2, 1250)]


def test_a_price_that_depends_on_the_quantity_is_no_change():
    products = open_shop({"a": "1000"})
    brackets = (
        Bracket(start=Decimal(1), end=Decimal(9), rate=Decimal(1000)),
        Bracket(start=Decimal(10), end=None, rate=Decimal(900)),
    )
    item = PriceListItemValues(product_zoho_id="a", pricing_scheme="volume", brackets=brackets)
    values = {"zoho_id": "consumers", "name": "consumers", "kind": "per_item", "currency": "IQD"}
    save_price_lists([PriceListValues(**values, pricing_scheme="volume", items=(item,))], at=NOON)
    mine = owner(buyer())
    cart = add_item(mine, products["a"].pk, 1, at=NOON).cart
    assert lines(cart) == [("a", 1, 1000)]

    set_quantity(mine, cart.items.get().pk, 10, at=LATER)

    assert lines(cart) == [("a", 10, 900)]


def test_a_line_that_is_no_longer_sold_can_be_kept_and_taken_out():
    products = open_shop({"a": "1000", "b": "500"})
    mine = owner(buyer())
    item = add_item(mine, products["a"].pk, 1, at=NOON).cart.items.get().pk
    Product.objects.filter(zoho_id="a").update(is_active=False)

    cart = add_item(mine, products["b"].pk, 1, at=LATER).cart
    assert lines(cart) == [("a", 1, 1000), ("b", 1, 500)]
    assert lines(remove_item(mine, item, at=LATER).cart) == [("b", 1, 500)]


@pytest.mark.lesson("L15")
def test_somebody_elses_line_is_unknown():
    products = open_shop({"a": "1000"})
    other = add_item(owner(buyer("c2")), products["a"].pk, 1, at=NOON).cart.items.get().pk
    mine = owner(buyer())
    add_item(mine, products["a"].pk, 1, at=NOON)

    assert refusal(lambda: set_quantity(mine, other, 5, at=NOON)) == ("unknown_line", "item_id")
    assert refusal(lambda: remove_item(mine, other, at=NOON)) == ("unknown_line", "item_id")
    assert CartItem.objects.get(pk=other).quantity == 1


def test_a_guests_key_opens_only_the_guests_cart_and_is_not_stored():
    products = open_shop({"a": "1000"})
    key, other = new_guest_key(), new_guest_key()
    cart = add_item(owner(guest_key=key), products["a"].pk, 1, at=NOON).cart

    assert find_cart(owner(guest_key=key)) == cart
    assert find_cart(owner(guest_key=other)) is None
    assert find_cart(owner(guest_key=cart.guest_digest)) is None
    assert find_cart(owner()) is None
    assert key not in str(Cart.objects.values())
    assert cart.expires_at == NOON + timedelta(days=30)


def test_a_guests_cart_becomes_part_of_the_customers():
    products = open_shop({"a": "1000", "b": "500", "c": "100"}, wholesale={"a": "800", "b": "400"})
    key, someone = new_guest_key(), buyer(wholesale=True)
    mine, guest = owner(someone), owner(guest_key=key)
    add_item(mine, products["a"].pk, 9_998, at=NOON)
    replace_items(guest, {products["a"].pk: 5, products["b"].pk: 2, products["c"].pk: 1}, coupon_codes=["x"], at=NOON)
    Product.objects.filter(zoho_id="c").update(is_hidden=True)

    merged = merge_guest_cart(key, mine, at=LATER)

    assert lines(merged.cart) == [("a", 9_999, 800), ("b", 2, 400)]
    assert (merged.dropped, merged.cart.version) == ((products["c"].pk,), 2)
    assert merged.cart.coupon_codes == ["X"]
    assert merge_guest_cart(key, mine, at=LATER) is None
    assert find_cart(guest) is None
    assert Cart.objects.filter(state="merged").count() == 1


def test_a_merge_that_does_not_fit_keeps_the_customers_lines():
    names = [f"p{number}" for number in range(101)]
    products = open_shop(dict.fromkeys(names, "1000"))
    key, mine = new_guest_key(), owner(buyer())
    replace_items(mine, {products[name].pk: 1 for name in names[:99]}, at=NOON)
    replace_items(owner(guest_key=key), {products[name].pk: 1 for name in names[99:]}, at=NOON)

    merged = merge_guest_cart(key, mine, at=LATER)

    assert merged.cart.items.count() == 100
    assert merged.dropped == (products["p100"].pk,)


def test_a_customer_without_a_cart_gets_the_guests():
    products = open_shop({"a": "1000"})
    key = new_guest_key()
    add_item(owner(guest_key=key), products["a"].pk, 2, at=NOON)

    assert lines(merge_guest_cart(key, owner(buyer()), at=LATER).cart) == [("a", 2, 1000)]


def test_another_currency_of_the_customers_list_prices_the_cart_anew():
    products = open_shop({"a": "1000", "b": "500"}, wholesale={"a": "800", "b": "400"})
    someone = buyer(wholesale=True)
    replace_items(owner(someone), {products["a"].pk: 1, products["b"].pk: 1}, at=NOON)
    set_prices("wholesale", {"a": "0.65"}, currency="USD", at=LATER)
    someone = buyer(wholesale=True)

    changed = set_codes(owner(someone), ["X"], at=LATER)

    assert (changed.cart.currency, lines(changed.cart)) == ("USD", [("a", 1, Decimal("0.65"))])
    assert changed.dropped == (products["b"].pk,)


def test_carts_of_guests_who_never_came_back_are_removed():
    products = open_shop({"a": "1000"})
    add_item(owner(guest_key="old"), products["a"].pk, 1, at=NOON)
    add_item(owner(guest_key="new"), products["a"].pk, 1, at=NOON + DAY)
    add_item(owner(buyer()), products["a"].pk, 1, at=NOON)

    assert prune_guest_carts(at=NOON + timedelta(days=30)) == 1
    assert find_cart(owner(guest_key="old")) is None
    assert Cart.objects.count() == 2


def test_the_database_keeps_one_active_cart_for_each():
    someone = buyer()
    Cart.objects.create(customer=someone)
    Cart.objects.create(customer=someone, state="ordered")

    with pytest.raises(IntegrityError), transaction.atomic():
        Cart.objects.create(customer=someone)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cart.objects.create()


def test_changing_a_cart_takes_the_same_statements_for_one_line_and_fifty():
    names = [f"p{number}" for number in range(51)]
    products = open_shop(dict.fromkeys(names, "1000"))
    someone = buyer()

    def statements() -> int:
        mine = owner(someone)
        with CaptureQueriesContext(connection) as captured:
            add_item(mine, products["p50"].pk, 1, at=LATER)
        return len(captured)

    replace_items(owner(someone), {products["p50"].pk: 1, products["p0"].pk: 1}, at=NOON)
    few = statements()
    replace_items(owner(someone), {products[name].pk: 1 for name in names}, at=NOON)

    assert statements() == few
