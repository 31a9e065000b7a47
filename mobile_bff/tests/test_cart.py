"""Carts on phones: of customers, of guests, and of customers by those who act for them."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from catalog.models import Product
from commerce.models import Cart, CartItem, Customer
from mobile_bff.tests.builders import CONSUMERS, customer, goods, on_sale, salesperson, sell, staff
from mobile_bff.tests.buying import amounts, line, phone_of, promotion
from mobile_bff.tests.calling import Phone, new_account, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


def held(answer) -> dict[str, int]:
    """What a cart holds, by product."""
    assert answer.status_code == 200, answer.content
    return {one["product"]["id"]: one["quantity"] for one in answer.json()["cart"]["items"]}


def test_a_product_is_put_into_the_cart_at_the_customers_price():
    (product,) = on_sale("p1", price="1500")
    phone = phone_of(customer())

    answer = phone.post("cart/items", **line(product, 3))

    body = answer.json()
    (item,) = body["cart"]["items"]
    assert (body["cart"]["version"], body["cart"]["currency"], body["cart"]["item_count"]) == (1, "IQD", 1)
    assert (item["quantity"], item["unit_price"], item["line_total"]) == (
        3,
        {"amount": "1500", "currency": "IQD"},
        {"amount": "4500", "currency": "IQD"},
    )
    assert item["product"]["name"] == "Product p1"
    assert item["product"]["in_cart_qty"] == 3
    assert amounts(body["totals"])["payable"] == "4500 IQD"
    assert answer["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer


def test_a_wholesale_customer_pays_the_price_of_their_list():
    (product,) = on_sale("p1", price="1500")
    phone = phone_of(customer(price_list=sell("wholesale", p1="900")))

    body = phone.post("cart/items", **line(product, 2)).json()

    assert amounts(body["totals"])["payable"] == "1800 IQD"
    assert body["meta"]["price_list"]["name"] == "Wholesale"


def test_prices_that_a_phone_sends_mean_nothing():
    (product,) = on_sale("p1", price="1500")
    phone = phone_of(customer())
    cheap = {"amount": "1", "currency": "IQD"}

    body = phone.post("cart/items", **line(product, 2, unit_price=cheap, price="1", line_total=cheap, total=1)).json()

    assert amounts(body["totals"])["payable"] == "3000 IQD"
    assert CartItem.objects.get().unit_price == 1500


def test_the_same_product_again_is_one_line():
    (product,) = on_sale("p1")
    phone = phone_of(customer())
    phone.post("cart/items", **line(product, 2))

    answer = phone.post("cart/items", **line(product, 5))

    assert held(answer) == {str(product.pk): 7}


def test_quantities_are_set_and_lines_removed():
    first, second = on_sale("p1", "p2")
    phone = phone_of(customer())
    phone.post("cart/items", **line(first, 2))
    items = phone.post("cart/items", **line(second, 1)).json()["cart"]["items"]

    assert held(phone.patch(f"cart/items/{items[0]['id']}", quantity=9)) == {str(first.pk): 9, str(second.pk): 1}
    answer = phone.delete(f"cart/items/{items[0]['id']}")

    assert held(answer) == {str(second.pk): 1}
    assert answer.json()["cart"]["version"] == 4


def test_the_whole_cart_is_replaced_and_may_be_sent_back_as_it_came():
    first, second, third = on_sale("p1", "p2", "p3")
    phone = phone_of(customer())
    phone.post("cart/items", **line(first, 2))

    body = phone.put("cart", items=[line(second, 1), line(third, 4), line(second, 2)], coupon_codes=["eid10"]).json()

    assert {one["product"]["id"]: one["quantity"] for one in body["cart"]["items"]} == {
        str(second.pk): 3,
        str(third.pk): 4,
    }
    assert body["coupons"] == [{"code": "EID10", "label": "", "applicable": False, "reason": "unknown"}]
    again = phone.put(
        "cart",
        items=[{**one, "product_id": one["product"]["id"]} for one in body["cart"]["items"]],
        cart_version=body["cart"]["version"],
    )
    assert again.json()["cart"]["version"] == body["cart"]["version"]


def test_an_empty_cart_is_an_answer_and_no_row():
    on_sale("p1")
    phone = phone_of(customer())

    body = phone.get("cart").json()

    assert (body["cart"]["id"], body["cart"]["items"], body["cart"]["version"]) == (None, [], 0)
    assert amounts(body["totals"])["payable"] == "0 IQD"
    assert not Cart.objects.exists()


def test_a_promotion_code_is_kept_with_the_cart():
    (product,) = on_sale("p1", price="10000")
    promotion(code="EID10")
    phone = phone_of(customer())
    phone.post("cart/items", **line(product))

    body = phone.patch("cart", coupon_codes=[" eid10 "]).json()

    assert body["coupons"] == [{"code": "EID10", "label": "Ten", "applicable": True, "reason": None}]
    assert amounts(body["totals"])["payable"] == "9000 IQD"
    assert phone.get("cart").json()["totals"] == body["totals"]


def test_a_changed_price_is_told_until_it_is_accepted():
    (product,) = on_sale("p1", price="1500")
    phone = phone_of(customer())
    phone.post("cart/items", **line(product))
    sell(CONSUMERS, p1="1750", at=timezone.now())

    (item,) = phone.get("cart").json()["cart"]["items"]

    assert (item["unit_price"]["amount"], item["unit_price_snapshot"]["amount"]) == ("1750", "1500")
    assert item["problems"] == [
        {
            "code": "price_changed",
            "item_id": item["id"],
            "product_id": str(product.pk),
            "old_price": {"amount": "1500", "currency": "IQD"},
            "new_price": {"amount": "1750", "currency": "IQD"},
        }
    ]
    assert phone.patch("cart", accept_prices=True).json()["problems"] == []


def test_more_than_there_is_stays_in_the_cart_with_what_may_be_had():
    (product,) = on_sale("p1", stock=4)
    phone = phone_of(customer())

    (problem,) = phone.post("cart/items", **line(product, 9)).json()["problems"]

    assert (problem["code"], problem["available"]) == ("insufficient_stock", 4)


def test_a_product_that_is_hidden_meanwhile_is_shown_without_a_price():
    (product,) = on_sale("p1")
    phone = phone_of(customer())
    phone.post("cart/items", **line(product))
    Product.objects.update(is_hidden=True)

    body = phone.get("cart").json()

    (item,) = body["cart"]["items"]
    assert (item["product"]["name"], item["product"]["price"], item["unit_price"]) == ("Product p1", None, None)
    assert item["problems"][0]["code"] == "unavailable"
    assert amounts(body["totals"])["payable"] == "0 IQD"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("quantity", "status", "code"),
    [
        (0, 422, "quantity_out_of_range"),
        (-1, 422, "quantity_out_of_range"),
        (10**9, 422, "quantity_out_of_range"),
        (10**40, 422, "quantity_out_of_range"),
        (10_000, 422, "quantity_out_of_range"),
        (1.5, 400, "invalid_request"),
        ("x", 400, "invalid_request"),
        (None, 400, "invalid_request"),
        (True, 400, "invalid_request"),
        ([], 400, "invalid_request"),
    ],
)
def test_a_quantity_that_nobody_can_order_is_refused(quantity, status, code, language):
    (product,) = on_sale("p1")
    phone = phone_of(customer(), **{"accept-language": language})

    added = phone.post("cart/items", **line(product, quantity))
    replaced = phone.put("cart", items=[line(product), line(product, quantity)])

    assert refusal(added) == refusal(replaced) == (status, code)
    assert replaced.json()["errors"][0]["field"] == "items[1].quantity"
    assert added.json()["errors"][0]["field"] == "quantity"
    assert added["Content-Language"] == language
    assert not CartItem.objects.exists()


def test_products_that_cannot_be_bought_are_refused_by_their_place():
    shown, unpriced, hidden = goods("p1", "p2", "p3")
    on_sale("p1")
    sell(CONSUMERS, p1="1500", p3="1500")
    Product.objects.filter(pk=hidden.pk).update(is_hidden=True)
    phone = phone_of(customer())

    for product, code in ((unpriced, "no_price"), (hidden, "unavailable"), (10**12, "unknown_product")):
        answer = phone.put("cart", items=[line(shown), line(product)])
        assert refusal(answer) == (422, code)
        assert answer.json()["errors"][0]["field"] == "items[1].product_id"


def test_a_price_in_another_currency_does_not_get_into_the_cart():
    in_dinars, in_dollars = on_sale("p1", "p2")
    phone = phone_of(customer(price_list=sell("dollars", "USD", p2="2.50")))

    asked = phone.put("cart", items=[line(in_dollars)], currency="IQD")
    mixed = phone.put("cart", items=[line(in_dollars), line(in_dinars)])

    assert refusal(asked) == refusal(mixed) == (422, "mixed_currency")
    assert [error["field"] for error in mixed.json()["errors"]] == ["items[1].product_id"]
    body = phone.put("cart", items=[line(in_dollars, 3)]).json()
    assert amounts(body["totals"])["payable"] == "7.50 USD"


def test_another_price_list_in_another_currency_prices_the_cart_anew():
    first, second = on_sale("p1", "p2", price="1500")
    phone = phone_of(customer())
    phone.put("cart", items=[line(first), line(second)])
    Customer.objects.update(price_list=sell("dollars", "USD", p2="2.50"))

    answer = phone.patch("cart", accept_prices=True)

    assert answer.json()["cart"]["currency"] == "USD"
    assert [one["unit_price"] for one in answer.json()["cart"]["items"] if one["unit_price"]] == [
        {"amount": "2.50", "currency": "USD"}
    ]


def test_a_hundred_products_fit_and_one_more_does_not():
    products = on_sale(*(f"p{number}" for number in range(101)))
    phone = phone_of(customer())

    assert len(held(phone.put("cart", items=[line(one) for one in products[:100]]))) == 100
    answer = phone.put("cart", items=[line(one) for one in products])

    assert refusal(answer) == (422, "too_many_lines")
    assert refusal(phone.post("cart/items", **line(products[100]))) == (422, "too_many_lines")
    assert CartItem.objects.count() == 100


def test_a_cart_that_another_device_changed_is_not_overwritten():
    (product,) = on_sale("p1")
    phone = phone_of(customer())
    phone.post("cart/items", **line(product))

    answer = phone.put("cart", items=[line(product, 5)], cart_version=0)

    assert refusal(answer) == (409, "cart_version_conflict")
    assert answer.json()["version"] == 1
    assert held(phone.put("cart", items=[line(product, 5)], cart_version=1)) == {str(product.pk): 5}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": {}},
        {"items": [1]},
        {"items": [{"product_id": 1}]},
        {"items": [{"quantity": 1}]},
        {"items": [{"product_id": "x", "quantity": 1}]},
        {"items": [{"product_id": -1, "quantity": 1}]},
        {"items": [{"product_id": 1, "quantity": 1, "colour": "red"}]},
        {"items": [], "discount": 5},
        {"items": [], "customer_id": 1},
        {"items": [], "coupon_codes": "EID"},
        {"items": [], "coupon_codes": ["x"] * 11},
        {"items": [], "coupon_codes": ["a\u0000b"]},
        {"items": [], "cart_version": -1},
    ],
)
def test_a_body_of_the_wrong_form_is_refused(body):
    on_sale("p1")

    answer = phone_of(customer()).send("put", "cart", body)

    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["errors"]


@pytest.mark.lesson("L15")
def test_the_line_of_somebody_else_is_not_there():
    (product,) = on_sale("p1")
    theirs = phone_of(customer("Theirs"), "+9647700000001")
    item = theirs.post("cart/items", **line(product)).json()["cart"]["items"][0]["id"]
    mine = phone_of(customer("Mine"), "+9647700000002")
    mine.post("cart/items", **line(product))

    for answer in (mine.patch(f"cart/items/{item}", quantity=5), mine.delete(f"cart/items/{item}")):
        assert refusal(answer) == (404, "unknown_line")

    assert held(theirs.get("cart")) == {str(product.pk): 1}


@pytest.mark.lesson("L15")
@pytest.mark.parametrize("path", ["cart", "checkout", "addresses", "orders", "auth/me"])
def test_naming_another_customer_is_404_for_a_customer_and_for_a_guest(path):
    on_sale("p1")
    mine, theirs = customer("Mine"), customer("Theirs")
    phone = phone_of(mine)

    assert refusal(phone.get(f"{path}?customer_id={theirs.pk}")) == (404, "not_found")
    assert refusal(phone.get(f"{path}?customer_id=999999")) == (404, "not_found")
    assert refusal(Phone().get(f"{path}?customer_id={theirs.pk}")) == (404, "not_found")
    assert phone.get(f"{path}?customer_id={mine.pk}").status_code == 200


def test_a_salesperson_fills_the_cart_of_a_customer_of_theirs_and_of_nobody_else():
    (product,) = on_sale("p1")
    sara = salesperson()
    mine = customer("Mine", salesperson=sara)
    theirs = customer("Theirs", salesperson=salesperson("Huda", "sales-2"))
    phone = Phone(sara.login)

    assert held(phone.post(f"cart/items?customer_id={mine.pk}", **line(product, 2))) == {str(product.pk): 2}
    assert held(phone_of(mine).get("cart")) == {str(product.pk): 2}
    for stranger in (theirs.pk, customer("Free").pk, 999_999):
        assert refusal(phone.get(f"cart?customer_id={stranger}")) == (403, "forbidden_customer")
    assert refusal(phone.get("cart")) == (422, "customer_required")


def test_staff_fill_any_cart_and_must_say_whose():
    (product,) = on_sale("p1")
    buyer = customer()
    phone = Phone(staff())

    assert held(phone.post(f"cart/items?customer_id={buyer.pk}", **line(product))) == {str(product.pk): 1}
    assert refusal(phone.post("cart/items", **line(product))) == (422, "customer_required")
    assert refusal(phone.get("cart?customer_id=999999")) == (404, "not_found")


def test_a_guest_keeps_a_cart_by_a_key_that_only_the_phone_knows():
    (product,) = on_sale("p1")
    guest = Phone()

    body = guest.post("cart/items", **line(product, 2)).json()

    key = body["cart"]["key"]
    assert len(key) == 43
    assert not Cart.objects.filter(guest_digest=key).exists()
    assert Cart.objects.get().expires_at > timezone.now() + timedelta(days=29)
    assert held(guest.get("cart")) == {}
    guest.headers["x-cart-key"] = key
    assert held(guest.get("cart")) == {str(product.pk): 2}
    assert held(guest.post("cart/items", **line(product, 1))) == {str(product.pk): 3}
    assert Cart.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x", "a" * 32, "a" * 5000, "ا" * 40, "../../etc/passwd" * 3, "a" * 43])
def test_a_key_that_nobody_was_given_opens_nothing(key):
    (product,) = on_sale("p1")
    Phone().post("cart/items", **line(product, 2))

    assert held(Phone(**{"x-cart-key": key.encode("utf-8").decode("latin-1")}).get("cart")) == {}


def test_the_cart_of_a_guest_becomes_the_customers_at_sign_in():
    first, second = on_sale("p1", "p2")
    account = new_account()
    Phone(account.user).put("cart", items=[line(first, 1)])
    guest = Phone()
    key = guest.put("cart", items=[line(first, 2), line(second, 4)]).json()["cart"]["key"]
    guest.headers["x-cart-key"] = key

    guest.sign_in("07701234567")

    assert held(guest.get("cart")) == {str(first.pk): 3, str(second.pk): 4}
    assert held(Phone(**{"x-cart-key": key}).get("cart")) == {}
    guest.sign_in("07701234567")
    assert held(guest.get("cart")) == {str(first.pk): 3, str(second.pk): 4}


def test_a_sign_in_that_fails_leaves_the_cart_of_the_guest():
    (product,) = on_sale("p1")
    new_account()
    guest = Phone()
    guest.headers["x-cart-key"] = guest.post("cart/items", **line(product)).json()["cart"]["key"]

    guest.sign_in("07701234567", "wrong")

    guest.token = ""
    assert held(guest.get("cart")) == {str(product.pk): 1}


def test_the_cart_takes_as_many_queries_for_fifty_products_as_for_one(django_assert_num_queries):
    products = on_sale(*(f"p{number}" for number in range(50)))
    phone = phone_of(customer())
    phone.put("cart", items=[line(products[0])])
    with django_assert_num_queries(10):
        phone.get("cart")
    phone.put("cart", items=[line(one) for one in products])

    with django_assert_num_queries(10):
        assert len(phone.get("cart").json()["cart"]["items"]) == 50
