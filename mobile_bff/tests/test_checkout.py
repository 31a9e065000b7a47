"""Checkout and calculate: the same figures, nothing written, every refusal by its name."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commerce.models import Customer, Promotion, PromotionTarget
from mobile_bff.tests.builders import CONSUMERS, customer, on_sale, salesperson, sell, staff
from mobile_bff.tests.buying import amounts, home_of, line, phone_of, promotion, ways_to_buy
from mobile_bff.tests.calling import Phone, refusal

pytestmark = pytest.mark.django_db
ONE = {"product_id": "{p}", "quantity": 1}
WRITES = ("INSERT", "UPDATE", "DELETE", "SAVEPOINT", "SELECT FOR", "LOCK", "BEGIN")


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


def targeted(product) -> None:
    """A promotion on one product and one for everything: prices, targets and uses are all looked at."""
    PromotionTarget.objects.create(promotion=promotion(value=Decimal(5)), product=product)
    promotion(value=Decimal(10), per_customer_limit=3)


@pytest.mark.lesson("L16")
def test_checkout_and_calculate_give_the_same_figures_for_the_same_cart():
    first, second = on_sale("p1", "p2", price="1333")
    courier, _methods = ways_to_buy()
    buyer = customer()
    address = home_of(buyer)
    targeted(first)
    promotion(code="EID10", value=Decimal(3))
    phone = phone_of(buyer)
    phone.put("cart", items=[line(first, 7), line(second, 2)], coupon_codes=["EID10", "OLD"])

    screen = phone.get(f"checkout?shipping_method_id={courier.pk}&payment_method=cod").json()
    chosen = {"address_id": address.pk, "shipping_method_id": courier.pk, "payment_method": "cod"}
    by_cart = phone.post("checkout/calculate", use_cart=True, **chosen).json()
    by_lines = phone.post(
        "checkout/calculate", items=[line(first, 7), line(second, 2)], coupon_codes=["EID10", "OLD"], **chosen
    ).json()

    assert screen["totals"] == by_cart["totals"] == by_lines["totals"]
    assert screen["promotions"] == by_cart["promotions"] == by_lines["promotions"]
    assert screen["quote"]["hash"] == by_cart["quote"]["hash"] == by_lines["quote"]["hash"]
    assert screen["problems"] == by_cart["problems"] == by_lines["problems"] == []
    assert [one["line_total"] for one in screen["cart"]["items"]] == [one["total"] for one in by_lines["items"]]
    assert screen["can_place_order"] is by_lines["can_place_order"] is True


def test_the_figures_of_a_cart():
    (product,) = on_sale("p1", price="10100")
    courier, _methods = ways_to_buy()
    buyer = customer()
    home_of(buyer)
    ten = promotion(code="EID10")
    phone = phone_of(buyer)

    body = phone.post(
        "checkout/calculate",
        items=[line(product, 3)],
        coupon_codes=["eid10", "OLD"],
        shipping_method_id=courier.pk,
        payment_method="cod",
    ).json()

    assert amounts(body["totals"]) == {
        "items_subtotal": "30300 IQD",
        "items_discount": "3030 IQD",
        "shipping": "5000 IQD",
        "shipping_discount": "0 IQD",
        "tax": "0 IQD",
        "total": "32270 IQD",
        "rounding_adjustment": "-20 IQD",
        "payable": "32250 IQD",
        "you_save": "3030 IQD",
    }
    assert body["promotions"] == [
        {
            "id": str(ten.pk),
            "name": "Ten",
            "code": "EID10",
            "applied": True,
            "amount": {"amount": "3030", "currency": "IQD"},
            "reason": None,
        },
        {
            "id": None,
            "name": "",
            "code": "OLD",
            "applied": False,
            "amount": {"amount": "0", "currency": "IQD"},
            "reason": "unknown",
        },
    ]
    (item,) = body["items"]
    assert item["discounts"] == [
        {"code": "EID10", "promotion_id": str(ten.pk), "amount": {"amount": "3030", "currency": "IQD"}}
    ]
    assert item["tax"] == {"rate": "0", "inclusive": False, "amount": {"amount": "0", "currency": "IQD"}}
    assert item["price_source"] == "consumer_list"


def test_calculating_twice_gives_the_same_totals_to_the_byte():
    products = on_sale("p1", "p2")
    phone = phone_of(customer())
    body = {"items": [line(one, 3) for one in products], "coupon_codes": ["X"]}

    first, second = (phone.post("checkout/calculate", **body).json() for _ in range(2))

    for one in (first, second):
        del one["quote"]["expires_at"]
    assert first == second


@pytest.mark.parametrize("role", ["guest", "consumer", "wholesale", "salesperson", "staff"])
def test_calculate_writes_nothing_whoever_asks(role):
    products = on_sale("p1", "p2")
    courier, _methods = ways_to_buy()
    sara = salesperson()
    buyer = customer(
        salesperson=sara, price_list=sell("wholesale", p1="900", p2="800") if role == "wholesale" else None
    )
    home_of(buyer)
    targeted(products[0])
    phone = {
        "guest": Phone,
        "salesperson": lambda: Phone(sara.login),
        "staff": lambda: Phone(staff()),
    }.get(role, lambda: phone_of(buyer))()
    query = f"?customer_id={buyer.pk}" if role in ("salesperson", "staff") else ""

    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = phone.post(
            f"checkout/calculate{query}",
            items=[line(one, 2) for one in products],
            shipping_method_id=courier.pk,
            payment_method="cod",
        )

    assert answer.status_code == 200
    statements = [query["sql"].lstrip().upper() for query in asked.captured_queries]
    assert statements
    assert [one for one in statements if one.startswith(WRITES) or "FOR UPDATE" in one] == []


def test_a_guest_calculates_at_consumers_prices_and_is_told_to_sign_in():
    (product,) = on_sale("p1", price="1500")

    body = Phone().post("checkout/calculate", items=[line(product, 2)]).json()

    assert amounts(body["totals"])["items_subtotal"] == "3000 IQD"
    assert "sign_in_required" in [one["code"] for one in body["problems"]]
    assert body["can_place_order"] is False
    assert refusal(Phone().get("checkout")) == (401, "not_authenticated")


@pytest.mark.parametrize("size", [1, 50])
def test_calculate_stays_within_its_queries(size, django_assert_num_queries):
    products = on_sale(*(f"p{number}" for number in range(50)))
    courier, _methods = ways_to_buy()
    buyer = customer()
    home_of(buyer)
    targeted(products[0])
    phone = phone_of(buyer)
    items = [line(one) for one in products[:size]]
    choices = {"shipping_method_id": courier.pk, "payment_method": "cod"}
    phone.put("cart", items=items)

    with django_assert_num_queries(8):
        assert phone.post("checkout/calculate", items=items, **choices).status_code == 200
    with django_assert_num_queries(9):
        assert (
            phone.post("checkout/calculate", items=items, **choices | {"payment_method": "on_account"}).status_code
            == 200
        )
    with django_assert_num_queries(9):
        choices["payment_method"] = "cod"
        assert phone.post("checkout/calculate", use_cart=True, **choices).status_code == 200


@pytest.mark.parametrize("size", [1, 50])
def test_checkout_stays_within_its_queries(size, django_assert_num_queries):
    products = on_sale(*(f"p{number}" for number in range(50)))
    courier, _methods = ways_to_buy()
    sara = salesperson()
    buyer = customer(salesperson=sara)
    home_of(buyer)
    targeted(products[0])
    phone, theirs = phone_of(buyer), Phone(sara.login)
    phone.put("cart", items=[line(one) for one in products[:size]])

    with django_assert_num_queries(12):
        assert phone.get(f"checkout?shipping_method_id={courier.pk}").status_code == 200
    with django_assert_num_queries(13):
        assert theirs.get(f"checkout?customer_id={buyer.pk}").status_code == 200


def test_an_empty_cart_is_a_screen_with_nothing_to_order():
    on_sale("p1")
    body = phone_of(customer()).get("checkout").json()

    assert (body["cart"]["items"], body["can_place_order"]) == ([], False)
    assert set(amounts(body["totals"]).values()) == {"0 IQD"}
    assert "empty_cart" in [one["code"] for one in body["problems"]]


def test_the_screen_has_everything_that_is_needed_to_order():
    (product,) = on_sale("p1", price="1500")
    courier, _methods = ways_to_buy()
    buyer = customer("أحمد", credit_limit=Decimal(1_000_000), mobile="07701234567")
    address = home_of(
        buyer, label="Home", landmark="Behind the mosque", latitude=Decimal("33.3"), longitude=Decimal("44.4")
    )
    phone = phone_of(buyer)
    phone.post("cart/items", **line(product, 2))

    body = phone.get("checkout").json()

    assert body["customer"] == {
        "id": str(buyer.pk),
        "name": "أحمد",
        "phone": "07701234567",
        "balance": {"amount": "0", "currency": "IQD"},
        "credit_limit": {"amount": "1000000", "currency": "IQD"},
        "credit_available": {"amount": "1000000", "currency": "IQD"},
        "on_hold": False,
    }
    (shown,) = body["addresses"]
    assert (shown["id"], shown["is_default"], shown["governorate"], shown["governorate_name"]) == (
        str(address.pk),
        True,
        "IQ-BG",
        "Baghdad",
    )
    assert (shown["lat"], shown["lng"]) == ("33.300000", "44.400000")
    assert body["shipping_methods"] == [
        {
            "id": str(courier.pk),
            "name": "Courier",
            "price": {"amount": "5000", "currency": "IQD"},
            "eta_days": [1, 2],
            "available": True,
            "reason": None,
        }
    ]
    assert {one["code"]: (one["available"], one["reason"]) for one in body["payment_methods"]} == {
        "cod": (True, None),
        "on_account": (True, None),
    }


def test_credit_that_is_used_up_closes_on_account():
    (product,) = on_sale("p1", price="1500")
    courier, _methods = ways_to_buy()
    buyer = customer(credit_limit=Decimal(6_000))
    home_of(buyer)
    phone = phone_of(buyer)
    phone.post("cart/items", **line(product, 2))

    body = phone.get(f"checkout?shipping_method_id={courier.pk}&payment_method=on_account").json()

    assert {one["code"]: one["reason"] for one in body["payment_methods"]} == {
        "cod": None,
        "on_account": "credit_limit",
    }
    assert body["problems"] == [
        {"code": "payment_method_unavailable", "item_id": None, "product_id": None, "reason": "credit_limit"}
    ]


def test_names_follow_the_language():
    (product,) = on_sale("p1")
    ways_to_buy()
    phone = phone_of(customer(), **{"accept-language": "ar"})
    phone.post("cart/items", **line(product))

    answer = phone.get("checkout")

    assert answer.json()["shipping_methods"][0]["name"] == "مندوب"
    assert (answer["Content-Language"], answer["Cache-Control"]) == ("ar", "private, no-store")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"items": []}, 422, "empty_cart", None),
        ({"use_cart": True}, 422, "empty_cart", None),
        ({}, 400, "invalid_request", "items"),
        ({"items": [ONE], "use_cart": True}, 400, "invalid_request", "items"),
        ({"items": [{"product_id": 999999999, "quantity": 1}]}, 422, "unknown_product", "items[0].product_id"),
        ({"items": [{"product_id": "{p}", "quantity": 0}]}, 422, "quantity_out_of_range", "items[0].quantity"),
        ({"items": [{"product_id": "{p}", "quantity": -1}]}, 422, "quantity_out_of_range", "items[0].quantity"),
        ({"items": [{"product_id": "{p}", "quantity": 10**9}]}, 422, "quantity_out_of_range", "items[0].quantity"),
        (
            {"items": [{"product_id": "{p}", "quantity": 9999}, ONE]},
            422,
            "quantity_out_of_range",
            "items[1].quantity",
        ),
        ({"items": [ONE] * 101}, 422, "too_many_lines", None),
        (
            {"items": [ONE], "currency": "USD"},
            422,
            "mixed_currency",
            "items[0].product_id",
        ),
        ({"items": [ONE], "address_id": 999}, 404, "unknown_address", None),
        ({"use_cart": True, "cart_version": 7}, 409, "cart_version_conflict", None),
        ({"items": [ONE], "address_id": "x"}, 400, "invalid_request", "address_id"),
        ({"items": [ONE], "total": 5}, 400, "invalid_request", "total"),
        (
            {"items": [ONE], "coupon_codes": [5.5, {}]},
            400,
            "invalid_request",
            "coupon_codes[1]",
        ),
        ({"items": "p"}, 400, "invalid_request", "items"),
    ],
)
def test_what_cannot_be_calculated_is_refused_by_name(body, status, code, field, language):
    (product,) = on_sale("p1")
    phone = phone_of(customer(), **{"accept-language": language})
    items = body.get("items")
    if isinstance(items, list):
        body = {**body, "items": [{**one, "product_id": str(one["product_id"]).format(p=product.pk)} for one in items]}

    answer = phone.send("post", "checkout/calculate", body)

    assert refusal(answer) == (status, code)
    assert answer["Content-Language"] == language
    if field is not None:
        assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"items": [{}] * 5_000}, (422, "too_many_lines")),
        ({"use_cart": True, "coupon_codes": [{}] * 5_000}, (400, "invalid_request")),
    ],
)
def test_what_is_far_too_long_is_counted_and_not_looked_at(body, expected):
    on_sale("p1")

    answer = Phone().send("post", "checkout/calculate", body)

    assert refusal(answer) == expected
    assert len(answer.content) < 2_000


def test_half_a_letter_in_a_body_is_refused_and_not_a_crash():
    buyer = phone_of(customer())
    half = {"governorate": "\ud800", "phone": "07701234567", "district": "Karrada"}

    assert refusal(buyer.send("post", "addresses", half)) == (400, "invalid_request")
    assert refusal(buyer.send("post", "checkout/calculate", {"\ud800": 1})) == (400, "invalid_request")


@pytest.mark.lesson("L15")
def test_the_address_of_somebody_else_is_not_there():
    (product,) = on_sale("p1")
    theirs = home_of(customer("Theirs"))
    phone = phone_of(customer("Mine"))

    calculated = phone.post("checkout/calculate", items=[line(product)], address_id=theirs.pk)
    screen = phone.get(f"checkout?address_id={theirs.pk}")

    assert refusal(calculated) == refusal(screen) == (404, "unknown_address")
    assert calculated.json()["detail"] == phone.get("checkout?address_id=424242").json()["detail"]


def test_codes_are_refused_with_their_reason_and_not_by_an_error():
    (product,) = on_sale("p1", price="10000")
    now = timezone.now()
    promotion(code="OVER", ends_at=now)
    promotion(code="SOON", starts_at=now + timedelta(days=1))
    promotion(code="MUCH", minimum=Decimal(50_000), currency="IQD")
    promotion(code="GONE", usage_limit=1)
    Promotion.objects.filter(code="GONE").update(used=1)
    phone = phone_of(customer())

    body = phone.post(
        "checkout/calculate", items=[line(product)], coupon_codes=["OVER", "SOON", "MUCH", "GONE", "NONE"]
    ).json()

    assert {one["code"]: one["reason"] for one in body["promotions"]} == {
        "OVER": "expired",
        "SOON": "not_started",
        "MUCH": "min_order",
        "GONE": "usage_limit",
        "NONE": "unknown",
    }


@pytest.mark.lesson("L27")
def test_a_product_without_a_price_for_the_caller_is_not_sold_and_the_base_price_is_never_asked():
    first, second = on_sale("p1", "p2", price="1500")
    sell(CONSUMERS, p1="1500")

    body = phone_of(customer()).post("checkout/calculate", items=[line(first), line(second)]).json()

    assert [one["unit_price"] for one in body["items"]] == [{"amount": "1500", "currency": "IQD"}, None]
    assert [one["code"] for one in body["items"][1]["problems"]] == ["no_price"]
    assert amounts(body["totals"])["items_subtotal"] == "1500 IQD"
    assert body["can_place_order"] is False


def test_a_customer_on_hold_sees_the_figures_and_cannot_order():
    (product,) = on_sale("p1")
    buyer = customer()
    phone = phone_of(buyer)
    Customer.objects.update(is_active=False)

    body = phone.post("checkout/calculate", items=[line(product)]).json()

    assert "customer_inactive" in [one["code"] for one in body["problems"]]
    assert body["can_place_order"] is False
