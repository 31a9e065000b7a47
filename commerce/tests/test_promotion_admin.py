"""The page of a promotion, what it does to prices, and the simulator that says why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Category, Product
from catalog.services.categories import save_categories
from catalog.values import CategoryValues
from commerce.checkout import quote
from commerce.models import Cart, Customer, DeliveryMethod, Promotion, PromotionUse
from commerce.promotion_examples import example_effects
from commerce.promotion_rules import PromotionState, state_of
from commerce.tests.builders import NOON
from commerce.tests.shop import add_products, buyer, open_shop, order, promote, set_prices, wanted

pytestmark = pytest.mark.django_db

ADD = "admin:commerce_promotion_add"
SIMULATOR = "admin:commerce_promotion_simulator"
EMPTY = {"starts_at_0": "", "starts_at_1": "", "ends_at_0": "", "ends_at_1": ""}
PERCENTAGE = {
    "name_en": "Ten",
    "kind": "percentage",
    "value": "10",
    "buy": "0",
    "get": "0",
    "minimum": "0",
    "minimum_quantity": "0",
    "priority": "0",
    "is_active": "on",
    **EMPTY,
}


@pytest.fixture
def shop():
    return open_shop({"a": "10000", "b": "2500", "c": "700"}, wholesale={"a": "8000"}, stock="50")


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("owner"))
    return client


def allow(client, *permissions):
    user = User.objects.create_user("helper", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client.force_login(user)
    return client


def change(promotion):
    return reverse("admin:commerce_promotion_change", args=[promotion.pk])


def english(client, address, query=None):
    return client.get(address, query or {}, headers={"accept-language": "en"})


def test_a_promotion_is_written_with_everything_that_it_is_about(staff, shop):
    someone = buyer()
    add_products("d", brand="Anker")
    set_prices("special", {"a": "1"})
    save_categories([CategoryValues(zoho_id="x", name="Cables")], at=NOON)
    category = Category.objects.get()
    form = PERCENTAGE | {
        "code": " eid١٠ ",
        "products": [shop["a"].pk],
        "skus": "SKU-b\n SKU-a \n",
        "categories": [category.pk],
        "brands": "ANKER",
        "customers": [someone.pk],
        "customer_kinds": ["business"],
    }

    answer = staff.post(reverse(ADD), form)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    promotion = Promotion.objects.get()
    assert promotion.code == "EID10"
    named = [(one.kind, str(one)) for one in promotion.targets.all()]
    assert sorted(named) == [
        ("brand", "Anker"),
        ("category", "Cables"),
        ("customer", someone.name),
        ("customer_kind", "business"),
        ("product", "Product a"),
        ("product", "Product b"),
    ]


def test_saving_a_page_again_changes_nothing_and_taking_a_target_away_removes_it(staff, shop):
    promotion = promote(targets=[{"product": shop["a"]}, {"product": shop["b"]}, {"customer_kind": "vip"}])
    page = english(staff, change(promotion))
    form = page.context["adminform"].form
    assert (form.initial["products"], form.initial["customer_kinds"]) == ([shop["a"].pk, shop["b"].pk], ["vip"])
    same = PERCENTAGE | {"name_en": promotion.name_en, "is_advertised": "on"}

    staff.post(change(promotion), same | {"products": [shop["a"].pk, shop["b"].pk], "customer_kinds": ["vip"]})
    unchanged = Promotion.objects.get()
    staff.post(change(promotion), same | {"products": [shop["b"].pk]})

    assert unchanged.updated_at == promotion.updated_at
    assert [one.product for one in promotion.targets.all()] == [shop["b"]]


@pytest.mark.parametrize(
    ("values", "field", "value"),
    [
        ({"value": "140"}, "value", "140"),
        ({"kind": "buy_x_get_y", "value": "0", "buy": "2"}, "get", "0"),
        ({"kind": "fixed", "value": "5000"}, "currency", ""),
        ({"usage_limit": "0"}, "usage_limit", ""),
        (
            {"starts_at_0": "2026-05-02", "starts_at_1": "10:00", "ends_at_0": "2026-05-02", "ends_at_1": "09:00"},
            "ends_at",
            "2026-05-02",
        ),
        ({"skus": "SKU-a\nSKU-nobody"}, "skus", "SKU-nobody"),
        ({"brands": "Nobody's"}, "brands", "Nobody's"),
        ({"name_en": ""}, "name_ar", ""),
        ({"products": ["999999"]}, "products", "999999"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_with_its_value_before_and_at_saving(staff, shop, values, field, value):
    form = PERCENTAGE | values

    checked = staff.post(reverse("admin:commerce_promotion_check"), form).json()["errors"]
    answer = staff.post(reverse(ADD), form)

    errors = answer.context["adminform"].form.errors
    assert field in errors
    assert value in " ".join(errors[field])
    assert checked[field] == list(errors[field])
    assert not Promotion.objects.exists()


def test_a_check_writes_nothing_and_knows_the_stored_promotion(staff, shop):
    promotion = promote(code="EID")
    check = reverse("admin:commerce_promotion_check")
    form = PERCENTAGE | {"code": "EID"}

    own = staff.post(f"{check}?pk={promotion.pk}", form).json()
    other = staff.post(check, form).json()

    assert own == {"errors": {}}
    assert other["errors"]
    assert Promotion.objects.get().name_en == "percentage"
    for nonsense in ("0", "x", "9" * 40):
        assert staff.post(f"{check}?pk={nonsense}", form).status_code == 200


def test_two_exclusive_promotions_of_one_priority_name_each_other(staff, shop):
    promote(name_en="The first", is_exclusive=True)

    answer = staff.post(reverse(ADD), PERCENTAGE | {"is_exclusive": "on"})

    assert "The first" in " ".join(answer.context["adminform"].form.errors["priority"])


def test_the_list_says_where_each_promotion_stands_and_filters_by_it(staff, shop):
    now = timezone.now()
    rows = {
        PromotionState.RUNNING: promote(name_en="r", ends_at=now + timedelta(days=1)),
        PromotionState.PLANNED: promote(name_en="p", starts_at=now + timedelta(days=1)),
        PromotionState.OVER: promote(name_en="o", ends_at=now - timedelta(days=1)),
        PromotionState.EXHAUSTED: promote(name_en="e", usage_limit=3),
        PromotionState.OFF: promote(name_en="f", is_active=False, ends_at=now - timedelta(days=1)),
    }
    Promotion.objects.filter(name_en="e").update(used=3)

    for state, row in rows.items():
        row.refresh_from_db()
        assert state_of(row, at=now) is state
        listed = english(staff, reverse("admin:commerce_promotion_changelist"), {"state": state})
        assert [one.pk for one in listed.context["cl"].result_list] == [row.pk], state
    everything = english(staff, reverse("admin:commerce_promotion_changelist")).content.decode()
    assert '<bdi dir="ltr">3 / 3</bdi>' in everything
    assert "used up" in everything


def test_actions_switch_and_copy_with_a_line_of_history(staff, shop):
    promotion = promote(code="EID", targets=[{"product": shop["a"]}])
    listed = reverse("admin:commerce_promotion_changelist")

    staff.post(listed, {"action": "switch_off", "_selected_action": [promotion.pk]})
    staff.post(listed, {"action": "copy", "_selected_action": [promotion.pk]})

    promotion.refresh_from_db()
    copy = Promotion.objects.exclude(pk=promotion.pk).get()
    assert not promotion.is_active
    assert (copy.code, copy.is_active, copy.targets.get().product) == ("", False, shop["a"])
    history = english(staff, reverse("admin:commerce_promotion_history", args=[promotion.pk])).content.decode()
    assert "switched off" in history


def test_switching_on_what_would_be_ambiguous_is_refused(staff, shop):
    promote(is_exclusive=True)
    off = promote(is_exclusive=True, is_active=False)

    answer = staff.post(
        reverse("admin:commerce_promotion_changelist"),
        {"action": "switch_on", "_selected_action": [off.pk]},
        follow=True,
    )

    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert not Promotion.objects.get(pk=off.pk).is_active


def test_a_used_promotion_cannot_be_deleted_and_an_unused_one_can(staff, shop):
    used, unused = promote(code="EID"), promote(code="NEW")
    order(buyer(), "EID", a=1)

    for one in (used, unused):
        staff.post(reverse("admin:commerce_promotion_delete", args=[one.pk]), {"post": "yes"})

    assert list(Promotion.objects.all()) == [used]
    assert PromotionUse.objects.count() == 1


def test_who_may_only_look_reads_what_it_is_about(client, shop):
    promotion = promote(targets=[{"product": shop["a"]}, {"brand": "Anker"}])
    helper = allow(client, "commerce.view_promotion")

    shown = english(helper, change(promotion)).content.decode()

    assert "Product a" in shown
    assert "Anker" in shown
    assert 'name="products"' not in shown
    assert helper.post(reverse("admin:commerce_promotion_check"), PERCENTAGE).status_code == 403


# --- what it does to prices -------------------------------------------------------------------------


def effects(promotion):
    return [(one.product.zoho_id, one.quantity, one.before, one.after) for one in example_effects(promotion)]


def test_examples_show_the_price_without_and_with_the_promotion(shop):
    percentage = promote(value="15", targets=[{"product": shop["a"]}, {"product": shop["b"]}])
    gift = promote("buy_x_get_y", buy=2, get=1, targets=[{"product": shop["b"]}])
    fixed = promote("fixed", "3000", minimum=Decimal(8000), targets=[{"product": shop["b"]}])
    delivery = promote("free_shipping", targets=[{"product": shop["c"]}])

    assert effects(percentage) == [("a", 1, Decimal(10000), Decimal(8500)), ("b", 1, Decimal(2500), Decimal(2125))]
    assert effects(gift) == [("b", 3, Decimal(7500), Decimal(5000))]
    assert effects(fixed) == [("b", 4, Decimal(10000), Decimal(7000))]
    assert [row[3] for row in effects(delivery)] == [Decimal(700)]


def test_examples_are_at_the_prices_of_the_price_list_that_it_is_for(shop):
    wholesale = Product.objects.get(zoho_id="a").effective_prices.get(price_list__zoho_id="wholesale").price_list

    promotion = promote(targets=[{"price_list": wholesale}, {"product": shop["a"]}])

    assert effects(promotion) == [("a", 1, Decimal(8000), Decimal(7200))]


def test_examples_of_a_category_are_those_of_all_below_it(shop):
    save_categories(
        [CategoryValues(zoho_id="up", name="Up"), CategoryValues(zoho_id="down", name="Down", parent_zoho_id="up")],
        at=NOON,
    )
    Product.objects.filter(zoho_id="b").update(category=Category.objects.get(zoho_id="down"))

    promotion = promote(targets=[{"category": Category.objects.get(zoho_id="up")}])

    assert [row[0] for row in effects(promotion)] == ["b"]


def test_a_promotion_in_a_currency_that_nothing_is_sold_in_says_so(staff, shop):
    promotion = promote("fixed", "5", currency="USD")

    assert effects(promotion) == []
    assert "it has no effect now" in english(staff, change(promotion)).content.decode()


# --- the simulator ----------------------------------------------------------------------------------


def ask(client, **query):
    return english(client, reverse(SIMULATOR), query)


def test_the_simulator_gives_what_checkout_gives_with_every_reason(staff, shop):
    someone = buyer()
    ten = promote(name_en="Ten", code="TEN")
    late = promote(name_en="Late", code="LATE", ends_at=NOON)
    far = promote("fixed", "1000", name_en="Far", minimum=Decimal(90_000))
    courier = DeliveryMethod.objects.get()

    shown = ask(
        staff,
        **{
            "customer": someone.pk,
            "l1-product": shop["a"].pk,
            "l1-quantity": 2,
            "skus": "SKU-b 3",
            "codes": "ten LATE x",
        },
        delivery=courier.pk,
        payment="cod",
    )

    found = shown.context["quote"]
    expected = quote(
        customer=Customer.objects.select_related("price_list").get(),
        lines=wanted(a=2, b=3),
        coupon_codes=["ten", "LATE", "x"],
        at=found.at,
        delivery_method_id=courier.pk,
        payment_method="cod",
    )
    assert found.totals == expected.totals
    assert found.totals.payable == Decimal(29_750)
    reasons = {one.promotion and one.promotion.pk: one.reason for one in shown.context["promotions"]}
    assert reasons == {
        ten.pk: "",
        late.pk: "it is over",
        far.pk: "the order is too small for it",
        None: "there is no such code, or it is switched off",
    }
    text = shown.content.decode()
    assert "can be ordered" in text
    assert [line.line.total for line in shown.context["lines"]] == [Decimal(18_000), Decimal(6_750)]


def test_the_simulator_writes_nothing_and_its_address_asks_the_same_again(staff, shop):
    promote()
    query = {"l1-product": shop["a"].pk, "l1-quantity": 2, "l2-product": "", "l2-quantity": 1, "codes": "", "at": ""}
    ask(staff, **query)

    with CaptureQueriesContext(connection) as captured:
        shown = ask(staff, **query)

    assert not [one["sql"] for one in captured if one["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert not Cart.objects.exists()
    address = shown.context["address"]
    assert address == f"{reverse(SIMULATOR)}?l1-product={shop['a'].pk}&l1-quantity=2"
    assert english(staff, address).context["quote"].totals == shown.context["quote"].totals


def test_the_simulator_asks_for_another_time(staff, shop):
    promote(starts_at=NOON + timedelta(days=100), ends_at=NOON + timedelta(days=101))

    now = ask(staff, **{"l1-product": shop["a"].pk, "at": "2026-03-02T10:00"})
    then = ask(staff, **{"l1-product": shop["a"].pk, "at": "2026-06-09T13:00"})

    assert now.context["quote"].totals.items_discount == 0
    assert then.context["quote"].totals.items_discount == Decimal(1000)


@pytest.mark.parametrize(
    "query",
    [
        {"customer": "999999"},
        {"customer": "x"},
        {"l1-product": "999999"},
        {"l1-product": "PRODUCT", "l1-quantity": "0"},
        {"l1-product": "PRODUCT", "l1-quantity": "10000"},
        {"skus": "SKU-nobody 3"},
        {"skus": "SKU-a 0"},
        {"skus": "SKU-a 99999999999999999999"},
        {"delivery": "999"},
        {"payment": "barter"},
        {"at": "tomorrow"},
        {"at": "9999-99-99"},
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(staff, shop, query):
    asked = {name: shop["a"].pk if value == "PRODUCT" else value for name, value in query.items()}

    shown = ask(staff, **asked)

    assert shown.status_code == 200
    assert "quote" not in shown.context
    assert "errorlist" in shown.content.decode()


def test_the_simulator_bears_nonsense(staff, shop):
    many = {f"l{place}-product": shop["a"].pk for place in range(1, 140)}

    for query in ({"codes": "x" * 400}, {"codes": "\u0660" * 50}, many, {"l0-product": "%"}, {"skus": "\n\n \n"}):
        assert ask(staff, **query).status_code == 200, query


def test_a_guest_sees_what_keeps_them_from_ordering(staff, shop):
    shown = ask(staff, **{"l1-product": shop["a"].pk, "l1-quantity": 60}).content.decode()

    assert "guests have to sign in to order" in shown
    assert "not enough in stock: 50" in shown


def test_the_simulator_costs_the_same_queries_with_one_line_and_fifty(staff, shop):
    add_products(*(f"p{number}" for number in range(50)))
    set_prices("consumers", {f"p{number}": "1000" for number in range(50)})
    promote()
    ask(staff, skus="SKU-p0")

    def cost(count):
        with CaptureQueriesContext(connection) as captured:
            shown = ask(staff, skus="\n".join(f"SKU-p{number} 2" for number in range(count)))
        assert len(shown.context["lines"]) == count
        return len(captured)

    assert cost(1) == cost(50)


def test_the_simulator_is_for_those_who_may_see_promotions(client, shop):
    assert ask(allow(client, "commerce.view_customer")).status_code == 403
    helper = User.objects.get(username="helper")
    helper.user_permissions.set([Permission.objects.get(codename="view_promotion")])
    someone = buyer(wholesale=True)

    shown = ask(client, **{"customer": someone.pk, "l1-product": shop["a"].pk})

    assert shown.status_code == 200
    assert shown.context["quote"].customer_id is None
    assert shown.context["quote"].lines[0].unit_price == Decimal(10_000)
