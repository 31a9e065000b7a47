"""Promotions: what they give to whom and when, and what may not be saved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from catalog.choices import Subject
from catalog.models import Category, Product
from catalog.services.categories import save_categories
from catalog.services.freshness import versions
from catalog.values import CategoryValues
from commerce.models import Customer, Promotion, PromotionTarget
from commerce.models.promotions import fold_code
from commerce.services.orders import cancel
from commerce.services.promotions import copy_promotion, remove_promotions, save_promotion, switch_promotions
from commerce.tests.shop import DAY, LATER, NOON, WHOLESALE, ask, buyer, open_shop, order, promote
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def applied(quoted) -> dict[str, Decimal]:
    return {one.code or one.promotion.kind: one.amount for one in quoted.considered if one.is_applied}


def reasons(quoted) -> dict[str, str | None]:
    return {one.code: one.refusal and str(one.refusal) for one in quoted.considered if one.is_asked_for}


def test_each_kind_takes_off_what_it_says():
    open_shop({"a": "10000", "b": "4000"})
    someone = buyer()
    promote("percentage", "10", code="TENTH")
    promote("fixed", "2500", code="AMOUNT")
    promote("buy_x_get_y", buy=2, get=1, code="THREE")
    promote("free_shipping", code="SHIP")

    assert ask(someone, "tenth", a=2, b=1).totals.total == 24000 - 2400 + 5000
    assert ask(someone, "amount", a=2, b=1).totals.total == 24000 - 2500 + 5000
    assert ask(someone, "three", a=2, b=1).totals.total == 24000 - 4000 + 5000
    assert ask(someone, "ship", a=2, b=1).totals.total == 24000
    assert applied(ask(someone, "tenth", "ship", a=1)) == {"TENTH": 1000, "SHIP": 5000}


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (datetime(2026, 2, 28, 20, 59, 59, 999999, UTC), "not_started"),
        (datetime(2026, 2, 28, 21, 0, tzinfo=UTC), None),
        (datetime(2026, 3, 31, 20, 59, 59, 999999, UTC), None),
        (datetime(2026, 3, 31, 21, 0, tzinfo=UTC), "expired"),
    ],
)
def test_a_window_holds_its_first_moment_and_not_its_end(at, reason):
    open_shop({"a": "10000"})
    # March in Baghdad, three hours ahead of UTC.
    window = {
        "starts_at": datetime.fromisoformat("2026-03-01T00:00:00+03:00"),
        "ends_at": datetime.fromisoformat("2026-04-01T00:00:00+03:00"),
    }
    promote(code="MARCH", **window)
    promote("fixed", "500", name_en="by itself", **window)

    quoted = ask(buyer(), "MARCH", at=at, a=1)

    assert reasons(quoted) == {"MARCH": reason}
    assert ("fixed" in applied(quoted)) is (reason is None)


def test_every_refusal_is_named():
    open_shop({"a": "10000"}, wholesale={"a": "9000"})
    someone, other = buyer(), buyer("c2")
    promote(code="OFF", is_active=False)
    promote(code="LATER", starts_at=LATER + DAY)
    promote(code="OVER", ends_at=NOON)
    promote(code="ONCE", usage_limit=1)
    promote(code="EACH", per_customer_limit=1)
    promote("fixed", "5", code="DOLLARS", currency="USD")
    promote(code="OTHERS", targets=[{"customer": other}])
    promote(code="MUCH", minimum=Decimal(10001))
    promote(code="MANY", minimum_quantity=2)
    order(other, "ONCE", a=1)
    order(someone, "EACH", a=1)

    quoted = ask(someone, "none", "off", "later", "over", "once", "each", "dollars", "others", "much", "many", a=1)

    assert reasons(quoted) == {
        "NONE": "unknown",
        "OFF": "unknown",
        "LATER": "not_started",
        "OVER": "expired",
        "ONCE": "usage_limit",
        "EACH": "customer_limit",
        "DOLLARS": "wrong_currency",
        "OTHERS": "not_eligible",
        "MUCH": "min_order",
        "MANY": "min_order",
    }
    assert {one.promotion for one in quoted.considered if one.code in ("NONE", "OFF")} == {None}
    assert quoted.totals.items_discount == 0
    assert reasons(ask(other, "each", "others", a=1)) == {"EACH": None, "OTHERS": None}


def test_the_minimum_is_compared_with_the_goods_before_other_promotions():
    open_shop({"a": "50000"})
    promote("percentage", "10", priority=1)
    promote("fixed", "20000", minimum=Decimal(50000), priority=2)

    assert ask(buyer(), a=1).totals.items_discount == 5000 + 20000


def test_targets_on_items_narrow_the_lines():
    save_categories(
        [
            CategoryValues(zoho_id="top", name="Cables"),
            CategoryValues(zoho_id="mid", name="Video", parent_zoho_id="top"),
            CategoryValues(zoho_id="low", name="HDMI", parent_zoho_id="mid"),
        ],
        at=NOON,
    )
    open_shop({"a": "10000", "b": "10000", "c": "10000"})
    Product.objects.filter(zoho_id="a").update(category=Category.objects.get(zoho_id="low"))
    Product.objects.filter(zoho_id="b").update(brand="Anker ")
    promote(code="TREE", targets=[{"category": Category.objects.get(zoho_id="top")}])
    promote(code="BRAND", targets=[{"brand": "anker"}])
    promote(code="ONE", targets=[{"product": Product.objects.get(zoho_id="c")}, {"brand": "ANKER"}])
    someone = buyer()

    def discounts(code: str) -> list[Decimal]:
        return [line.discount_total for line in ask(someone, code, a=1, b=1, c=1).lines]

    assert discounts("TREE") == [1000, 0, 0]
    assert discounts("BRAND") == [0, 1000, 0]
    assert discounts("ONE") == [0, 1000, 1000]
    assert reasons(ask(someone, "TREE", b=1)) == {"TREE": "not_eligible"}


def test_a_category_is_found_however_deep_the_tree_is():
    for depth in range(9):
        parent = str(depth - 1) if depth else ""
        save_categories([CategoryValues(zoho_id=str(depth), name=str(depth), parent_zoho_id=parent)], at=NOON)
    open_shop({"a": "10000"})
    Product.objects.update(category=Category.objects.get(zoho_id="8"))
    promote(code="ROOT", targets=[{"category": Category.objects.get(zoho_id="0")}])

    assert applied(ask(buyer(), "ROOT", a=1)) == {"ROOT": 1000}


def test_targets_on_customers_say_who_gets_it():
    open_shop({"a": "10000"}, wholesale={"a": "10000"})
    consumer, dealer = buyer("c1", sub_type="individual"), buyer("c2", wholesale=True, sub_type="Business")
    wholesale_list = dealer.price_list
    assert wholesale_list.zoho_id == WHOLESALE
    promote(code="LIST", targets=[{"price_list": wholesale_list}])
    promote(code="KIND", targets=[{"customer_kind": "business"}])
    promote(code="PERSON", targets=[{"customer": consumer}])
    promote(code="BOTH", targets=[{"customer": consumer}, {"brand": "none of ours"}])
    codes = ("LIST", "KIND", "PERSON", "BOTH")

    assert [*applied(ask(consumer, *codes, a=1))] == ["PERSON"]
    assert [*applied(ask(dealer, *codes, a=1))] == ["LIST", "KIND"]
    assert [*applied(ask(None, *codes, a=1))] == []


def test_exclusive_promotions_count_alone_and_only_where_they_are_better():
    open_shop({"a": "10000"})
    promote("percentage", "10", code="SMALL")
    promote("percentage", "30", code="BIG", is_exclusive=True, priority=1)
    promote("percentage", "5", code="TINY", is_exclusive=True, priority=2)

    quoted = ask(buyer(), "small", "big", "tiny", a=1)

    assert reasons(quoted) == {"SMALL": "not_combinable", "BIG": None, "TINY": "not_combinable"}
    assert quoted.totals.items_discount == 3000


def test_codes_are_one_whatever_their_case_digits_and_spaces():
    open_shop({"a": "10000"})
    promote(code=" eid10 ")

    assert Promotion.objects.get().code == "EID10"
    assert fold_code("Eid١٠") == fold_code("EID۱۰") == "EID10"
    assert reasons(ask(buyer(), "eid١٠", "EID10", a=1)) == {"EID10": None}
    with pytest.raises(ValidationError):
        promote(code="Eid10")
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.create(kind="percentage", value=5, code="eid10")


def test_a_switched_off_or_secret_promotion_is_not_told_of():
    open_shop({"a": "10000"})
    promote("fixed", "5000", minimum=Decimal(20000), name_en="near", is_advertised=True)
    promote("fixed", "9000", minimum=Decimal(90000), name_en="secret", is_advertised=False)

    quoted = ask(buyer(), a=1)

    assert [(one.promotion.name_en, str(one.refusal)) for one in quoted.promotions] == [("near", "min_order")]
    assert [one.promotion.name_en for one in quoted.considered] == ["near", "secret"]


def test_a_quote_does_not_outlive_a_promotion():
    open_shop({"a": "10000"})
    soon = LATER.replace(minute=5)
    promote(ends_at=soon)

    assert ask(buyer(), a=1).expires_at == soon


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("value", "0", {}),
        ("value", "101", {"value": "101"}),
        ("value", "-5", {"kind": "fixed", "value": "-5", "currency": "IQD"}),
        ("value", "3", {"kind": "free_shipping", "value": "3"}),
        ("buy", "0", {"kind": "buy_x_get_y", "value": "0", "buy": 0, "get": 1}),
        ("get", "0", {"kind": "buy_x_get_y", "value": "0", "buy": 1, "get": 0}),
        ("buy", "2", {"value": "10", "buy": 2}),
        ("currency", None, {"kind": "fixed", "value": "10"}),
        ("currency", None, {"value": "10", "minimum": "1000"}),
        ("minimum", "-1", {"value": "10", "minimum": "-1", "currency": "IQD"}),
        ("most", "0", {"value": "10", "most": "0", "currency": "IQD"}),
        ("ends_at", str(NOON), {"value": "10", "starts_at": NOON, "ends_at": NOON}),
        ("usage_limit", "0", {"value": "10", "usage_limit": 0}),
        ("per_customer_limit", "0", {"value": "10", "per_customer_limit": 0}),
    ],
)
def test_what_makes_no_sense_is_refused_by_field_and_value(field, value, wrong):
    values = {"kind": "percentage", "value": "0", "name_en": "x", **wrong}
    for name in ("value", "minimum", "most"):
        if name in values:
            values[name] = Decimal(values[name])

    with pytest.raises(ValidationError) as refused:
        save_promotion(Promotion(**values), at=NOON)

    assert field in refused.value.message_dict
    if value is not None:
        assert any(value in message for message in refused.value.message_dict[field])
    assert not Promotion.objects.exists()


def test_two_exclusive_promotions_of_one_priority_at_one_time_are_ambiguous():
    march = {"starts_at": NOON, "ends_at": NOON + 31 * DAY, "is_exclusive": True, "priority": 4}
    promote(name_en="first", **march)

    with pytest.raises(ValidationError) as refused:
        promote(name_en="second", **march)

    assert refused.value.message_dict == {
        "priority": ["4 is also the priority of “first”, which is exclusive at the same time."]
    }
    promote(name_en="other priority", **march | {"priority": 5})
    promote(name_en="not exclusive", **march | {"is_exclusive": False})
    promote(name_en="other money", **march | {"priority": 6, "currency": "USD"})
    promote(name_en="other money too", **march | {"priority": 6, "currency": "IQD"})
    promote(name_en="next month", **march | {"starts_at": march["ends_at"], "ends_at": None})
    asleep = promote(name_en="switched off", **march | {"is_active": False})
    with pytest.raises(ValidationError):
        switch_promotions([asleep.pk], on=True, at=LATER)
    assert not Promotion.objects.get(pk=asleep.pk).is_active


def test_the_database_refuses_what_the_form_would():
    for wrong in (
        {"kind": "percentage", "value": 101},
        {"kind": "fixed", "value": 5},
        {"kind": "buy_x_get_y", "buy": 1},
        {"kind": "percentage", "value": 5, "starts_at": LATER, "ends_at": NOON},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Promotion.objects.create(**wrong)
    row = Promotion.objects.create(kind="percentage", value=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        PromotionTarget.objects.create(promotion=row)
    with pytest.raises(IntegrityError), transaction.atomic():
        PromotionTarget.objects.create(promotion=row, brand="x", customer_kind="business")


def test_saving_raises_the_version_and_an_event_only_when_something_changed():
    someone = buyer()
    row = promote(targets=[{"brand": "Anker"}])
    before = versions()[Subject.PROMOTIONS]

    assert not save_promotion(row, [PromotionTarget(brand="Anker")], at=LATER)
    assert versions()[Subject.PROMOTIONS] == before
    assert save_promotion(row, [PromotionTarget(brand="Anker"), PromotionTarget(customer=someone)], at=LATER)
    row.value = Decimal(20)
    assert save_promotion(row, at=LATER)

    assert versions()[Subject.PROMOTIONS] == before + 2
    saved = StoredEvent.objects.filter(type="commerce.promotion.saved").order_by("id")
    assert [event.data["fields"] for event in saved][1:] == [["targets"], ["value"]]
    assert row.targets.count() == 2


def test_a_copy_starts_afresh_and_what_orders_took_is_not_deleted():
    open_shop({"a": "10000"})
    row = promote(code="X", targets=[{"product": Product.objects.get()}], usage_limit=5)
    placed = order(buyer(), "X", a=1)

    copy = copy_promotion(row.pk, at=LATER)

    assert (copy.code, copy.used, copy.is_active, copy.targets.count()) == ("", 0, False, 1)
    assert Promotion.objects.get(pk=row.pk).used == 1
    cancel(placed.pk, cancelled_by=None, at=LATER)
    with pytest.raises(ProtectedError):
        remove_promotions([row.pk], at=LATER)
    assert remove_promotions([copy.pk], at=LATER) == 1
    assert Customer.objects.count() == 1


def test_an_edit_from_a_stale_page_does_not_turn_the_counter_back():
    open_shop({"a": "10000"})
    row = promote(code="X")
    order(buyer(), "X", a=1)

    row.name_en = "edited"  # read before the order
    save_promotion(row, at=LATER)

    assert Promotion.objects.get().used == 1
