"""Orders: what is agreed is what is placed, in one piece or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.choices import Subject
from catalog.models import Product
from catalog.services.freshness import versions
from commerce.models import AppOrder, AppOrderLine, Cart, Currency, Promotion, PromotionUse
from commerce.refusals import OrderRefused
from commerce.services.addresses import add_address, edit_address
from commerce.services.carts import add_item, find_cart
from commerce.services.orders import Placing, cancel, place
from commerce.tests.shop import (
    LATER,
    NOON,
    address,
    agree,
    ask,
    buyer,
    choices,
    open_shop,
    order,
    owner,
    promote,
    set_prices,
    wanted,
)
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def test_an_order_keeps_what_was_agreed():
    open_shop({"a": "12500", "b": "3000"})
    Currency.objects.create(code="IQD", is_base=True, exchange_rate=Decimal(1), effective_date=date(2026, 1, 1))
    someone, clerk = buyer(), User.objects.create(username="clerk")
    promotion = promote("fixed", "3000", code="EID")
    quoted = ask(someone, "eid", a=2, b=1)

    placing = Placing(
        quote_hash=quoted.hash,
        lines=wanted(a=2, b=1),
        coupon_codes=["eid"],
        note="after six",
        app="ios 1.4",
        **choices(),
    )
    placed = place(someone.pk, placing, placed_by=clerk, at=LATER)

    placed = AppOrder.objects.get(pk=placed.pk)
    assert (placed.number, placed.status, placed.sent_at) == (f"APP-{placed.pk:06d}", "submitted", None)
    assert (placed.customer, placed.placed_by, placed.placed_at) == (someone, clerk, LATER)
    assert (placed.items_subtotal, placed.items_discount, placed.shipping, placed.total) == (28000, 3000, 5000, 30000)
    assert (placed.payable, placed.currency, placed.exchange_rate) == (30000, "IQD", 1)
    assert (placed.payment_code, placed.payment_kind, placed.delivery_name) == ("card", "electronic", "Courier")
    assert placed.address["district"] == "Karrada"
    assert (placed.note, placed.app, placed.coupon_codes) == ("after six", "ios 1.4", ["EID"])
    lines = placed.lines.values_list("product_name", "sku", "quantity", "unit_price", "discount", "total")
    assert list(lines) == [
        ("Product a", "SKU-a", 2, 12500, 2679, 22321),
        ("Product b", "SKU-b", 1, 3000, 321, 2679),
    ]
    assert list(AppOrder.objects.unsent()) == [placed]
    use = PromotionUse.objects.get()
    assert (use.promotion, use.customer, use.amount, use.currency) == (promotion, someone, 3000, "IQD")
    assert Promotion.objects.get().used == 1
    event = StoredEvent.objects.get(type="commerce.apporder.placed")
    assert (event.aggregate, event.data) == (f"commerce.apporder:{placed.pk}", {"number": placed.number})


def test_later_edits_leave_the_order_as_it_was():
    open_shop({"a": "1000"})
    someone = buyer()
    placed = order(someone, a=1)

    edit_address(someone.pk, someone.delivery_addresses.get().pk, address(district="Mansour"), at=LATER)
    set_prices("consumers", {"a": "2000"}, at=LATER)
    Product.objects.update(name="Renamed")

    placed.refresh_from_db()
    assert placed.address["district"] == "Karrada"
    assert placed.lines.get().unit_price == 1000
    assert placed.lines.get().product_name == "Product a"


def test_a_price_that_changed_since_the_quote_is_never_charged_silently():
    open_shop({"a": "1000"})
    someone = buyer()
    agreed = ask(someone, a=1)
    set_prices("consumers", {"a": "1250"}, at=LATER)

    with pytest.raises(OrderRefused) as refused:
        agree(someone, agreed, a=1)

    assert refused.value.code == "quote_changed"
    assert refused.value.quote.totals.total == 6250
    assert not AppOrder.objects.exists()
    assert agree(someone, refused.value.quote, a=1).total == 6250


def test_too_little_stock_refuses_the_whole_order():
    open_shop({"a": "1000", "b": "1000"}, stock="5")
    someone = buyer()
    agreed = ask(someone, a=5, b=5)
    order(someone, a=1)

    with pytest.raises(OrderRefused) as refused:
        agree(someone, agreed, a=5, b=5)

    assert refused.value.code == "cannot_be_placed"
    assert [str(problem.code) for problem in refused.value.quote.all_problems] == ["insufficient_stock"]
    assert AppOrder.objects.count() == 1
    assert AppOrderLine.objects.held(Product.objects.values_list("pk", flat=True)) == {
        Product.objects.get(zoho_id="a").pk: 1
    }


def test_a_cart_becomes_the_order_and_the_next_one_is_new():
    open_shop({"a": "1000"})
    someone = buyer()
    cart = add_item(owner(someone), Product.objects.get().pk, 2, at=NOON).cart
    agreed = ask(someone, a=2)
    placing = Placing(quote_hash=agreed.hash, cart_version=cart.version, **choices())

    placed = place(someone.pk, placing, placed_by=None, at=LATER)

    assert (placed.cart, placed.lines.get().quantity) == (cart, 2)
    assert Cart.objects.get().state == "ordered"
    assert find_cart(owner(someone)) is None
    with pytest.raises(OrderRefused) as refused:
        place(someone.pk, placing, placed_by=None, at=LATER)
    assert (refused.value.code, refused.value.details["version"]) == ("cart_version_conflict", 0)
    add_item(owner(someone), Product.objects.get().pk, 1, at=LATER)
    assert Cart.objects.count() == 2


def test_a_cart_that_changed_meanwhile_is_not_ordered():
    open_shop({"a": "1000"})
    someone = buyer()
    cart = add_item(owner(someone), Product.objects.get().pk, 2, at=NOON).cart
    agreed = ask(someone, a=2)
    add_item(owner(someone), Product.objects.get().pk, 1, at=LATER)

    placing = Placing(quote_hash=agreed.hash, cart_version=cart.version, **choices())
    with pytest.raises(OrderRefused) as refused:
        place(someone.pk, placing, placed_by=None, at=LATER)

    assert (refused.value.code, refused.value.details["version"]) == ("cart_version_conflict", cart.version + 1)


def test_cancelling_gives_back_stock_and_promotions_once():
    open_shop({"a": "1000"}, stock="5")
    someone = buyer()
    promote(code="ONCE", usage_limit=1, per_customer_limit=1)
    placed = order(someone, "ONCE", a=5)
    assert not ask(someone, a=1).can_place_order

    for _ in range(2):
        cancelled = cancel(placed.pk, cancelled_by=None, reason="changed my mind", at=LATER)

    assert (cancelled.status, cancelled.cancelled_at, cancelled.cancel_reason) == (
        "cancelled",
        LATER,
        "changed my mind",
    )
    assert Promotion.objects.get().used == 0
    assert PromotionUse.objects.get().returned_at == LATER
    assert ask(someone, a=5).lines[0].available == 5
    assert order(someone, "ONCE", a=5).items_discount == 500
    assert StoredEvent.objects.filter(type="commerce.apporder.cancelled").count() == 1


def test_only_what_zoho_has_not_heard_of_is_cancelled_and_only_by_its_customer():
    open_shop({"a": "1000"})
    someone = buyer()
    placed = order(someone, a=1)

    with pytest.raises(OrderRefused) as refused:
        cancel(placed.pk, customer_id=buyer("c2").pk, cancelled_by=None, at=LATER)
    assert refused.value.code == "unknown_order"
    AppOrder.objects.update(sent_at=LATER)
    with pytest.raises(OrderRefused) as refused:
        cancel(placed.pk, customer_id=someone.pk, cancelled_by=None, at=LATER)
    assert refused.value.code == "cannot_be_cancelled"
    assert AppOrder.objects.get().status == "submitted"


def test_phones_hear_of_stock_at_each_order_and_of_a_promotion_when_it_is_used_up():
    open_shop({"a": "1000"})
    someone = buyer()
    promote(code="TWICE", usage_limit=2)
    before = versions()

    first = order(someone, "TWICE", a=1)
    assert versions()[Subject.PROMOTIONS] == before[Subject.PROMOTIONS]
    order(someone, "TWICE", a=1)
    assert versions()[Subject.PROMOTIONS] == before[Subject.PROMOTIONS] + 1
    cancel(first.pk, cancelled_by=None, at=LATER)

    assert versions()[Subject.PROMOTIONS] == before[Subject.PROMOTIONS] + 2
    assert versions()[Subject.STOCK] == before[Subject.STOCK] + 3


def test_placing_takes_the_same_statements_for_one_line_and_fifty():
    names = [f"p{number}" for number in range(50)]
    open_shop(dict.fromkeys(names, "1000"))
    someone = buyer()

    def statements(**quantities: int) -> int:
        agreed = ask(someone, **quantities)
        with CaptureQueriesContext(connection) as captured:
            agree(someone, agreed, **quantities)
        return len(captured)

    statements(p0=1)
    assert statements(p0=1) == statements(**dict.fromkeys(names, 1))


def test_an_address_of_another_day_is_not_confused_with_the_agreed_one():
    open_shop({"a": "1000"})
    someone = buyer()
    agreed = ask(someone, a=1)
    add_address(someone.pk, address(governorate="IQ-BA"), is_default=True, at=LATER)

    with pytest.raises(OrderRefused) as refused:
        agree(someone, agreed, a=1)

    assert refused.value.code == "quote_changed"
