"""Orders placed on phones: once for each key, at what was agreed to, seen by their customer alone."""

import threading
import uuid
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection, connections

from commerce.models import AppOrder, AppOrderLine, Cart, IdempotencyKey, Promotion
from mobile_bff.tests.builders import CONSUMERS, customer, goods, on_sale, salesperson, sell, staff
from mobile_bff.tests.buying import amounts, home_of, line, phone_of, promotion, quote_hash, ways_to_buy
from mobile_bff.tests.calling import Phone, refusal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


class Buyer:
    """A customer with an address and a phone, in a shop with one product, a courier and cash."""

    def __init__(self, *, stock: int = 20, name: str = "Ali Hasan", number: str = "+9647701112233"):
        (self.product,) = on_sale("p1", price="1500", stock=stock)
        self.courier, _methods = ways_to_buy()
        self.customer = customer(name)
        self.address = home_of(self.customer, label="Home")
        self.phone = phone_of(self.customer, number)

    def body(self, quantity: int = 2, **more):
        chosen = {"shipping_method_id": str(self.courier.pk), "payment_method": "cod"}
        return {"items": [line(self.product, quantity)], **chosen, **more}

    def agreed(self, quantity: int = 2, **more):
        """A body with the hash of what it comes to."""
        body = self.body(quantity, **more)
        return {**body, "quote_hash": quote_hash(self.phone, **body)}

    def order(self, body=None, *, key: str = "", phone: Phone | None = None):
        headers = {"idempotency_key": key or uuid.uuid4().hex}
        return (phone or self.phone).send("post", "orders", body or self.agreed(), **headers)


def test_an_order_is_placed_at_what_was_agreed():
    buyer = Buyer()

    answer = buyer.order(buyer.agreed(note="Ring twice"))

    assert answer.status_code == 201, answer.content
    order = answer.json()["order"]
    stored = AppOrder.objects.get()
    assert (order["id"], order["number"], order["status"]) == (str(stored.pk), f"APP-{stored.pk:06d}", "submitted")
    assert (stored.customer, stored.placed_by.customer_account.customer) == (buyer.customer, buyer.customer)
    assert amounts(order["totals"]) == {
        "items_subtotal": "3000 IQD",
        "items_discount": "0 IQD",
        "shipping": "5000 IQD",
        "shipping_discount": "0 IQD",
        "tax": "0 IQD",
        "total": "8000 IQD",
        "rounding_adjustment": "0 IQD",
        "payable": "8000 IQD",
        "you_save": "0 IQD",
    }
    assert (order["address"]["district"], order["address"]["label"]) == ("Karrada", "Home")
    assert (order["shipping_method"]["name"], order["payment_method"]["code"]) == ("Courier", "cod")
    assert (order["note"], order["can_cancel"], order["item_count"]) == ("Ring twice", True, 1)
    assert (order["items"][0]["name"], order["items"][0]["quantity"]) == ("Product p1", 2)
    assert answer["Content-Type"] == "application/json"
    assert "Idempotency-Replayed" not in answer
    assert stored.sent_at is None


def test_the_cart_is_ordered_and_empty_afterwards():
    buyer = Buyer()
    promotion(code="EID10")
    buyer.phone.put("cart", items=[line(buyer.product, 4)], coupon_codes=["EID10"])
    chosen = {"use_cart": True, "shipping_method_id": buyer.courier.pk, "payment_method": "cod"}
    told = buyer.phone.post("checkout/calculate", **chosen).json()

    answer = buyer.order({**chosen, "quote_hash": told["quote"]["hash"], "cart_version": 1})

    assert answer.status_code == 201, answer.content
    assert answer.json()["order"]["totals"] == told["totals"]
    assert answer.json()["order"]["coupon_codes"] == ["EID10"]
    assert buyer.phone.get("cart").json()["cart"]["items"] == []
    assert Cart.objects.filter(state="ordered").count() == 1
    assert Promotion.objects.get().used == 1


def test_the_same_request_again_gets_the_same_answer_and_no_second_order():
    buyer = Buyer()
    body = buyer.agreed()
    first = buyer.order(body, key="key-12345678")

    again = buyer.order(dict(reversed(body.items())), key="key-12345678")

    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert AppOrder.objects.count() == 1


def test_a_replay_of_an_ordered_cart_is_answered_though_the_cart_is_gone():
    buyer = Buyer()
    buyer.phone.put("cart", items=[line(buyer.product, 4)])
    chosen = {"use_cart": True, "shipping_method_id": buyer.courier.pk, "payment_method": "cod", "cart_version": 1}
    body = {**chosen, "quote_hash": quote_hash(buyer.phone, **chosen)}
    first = buyer.order(body, key="key-12345678")

    again = buyer.order(body, key="key-12345678")

    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert AppOrder.objects.count() == 1


def test_the_same_key_with_another_body_is_refused():
    buyer = Buyer()
    buyer.order(buyer.agreed(2), key="key-12345678")

    answer = buyer.order(buyer.agreed(3), key="key-12345678")

    assert refusal(answer) == (422, "idempotency_key_reused")
    assert AppOrder.objects.count() == 1


def test_a_key_is_the_login_s_own():
    first = Buyer()
    second = Buyer(name="Other", number="+9647700000009")
    first.order(key="key-12345678")

    assert second.order(key="key-12345678").status_code == 201
    assert AppOrder.objects.count() == 2


@pytest.mark.parametrize("key", [None, "", "short", "x" * 201, "with space in it"])
def test_an_order_needs_a_key(key):
    buyer = Buyer()
    headers = {} if key is None else {"idempotency_key": key}

    answer = buyer.phone.send("post", "orders", buyer.agreed(), **headers)

    assert refusal(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert not AppOrder.objects.exists()


def test_a_refusal_is_kept_for_its_key_and_another_key_tries_again():
    buyer = Buyer(stock=1)
    body = buyer.agreed(2)
    refused = buyer.order(body, key="key-12345678")
    goods("p1", stock=9)

    again = buyer.order(body, key="key-12345678")

    assert refusal(refused) == (409, "cannot_be_placed")
    assert (again.status_code, again.content) == (409, refused.content)
    assert buyer.order(buyer.agreed(2), key="key-87654321").status_code == 201


def test_more_than_there_is_cannot_be_ordered_and_says_what_there_is():
    buyer = Buyer(stock=3)

    answer = buyer.order(buyer.agreed(5))

    body = answer.json()
    assert refusal(answer) == (409, "cannot_be_placed")
    assert [(one["field"], one["code"]) for one in body["errors"]] == [("items[0]", "insufficient_stock")]
    assert body["current"]["items"][0]["problems"][0]["available"] == 3
    assert not AppOrder.objects.exists()


def test_what_our_own_orders_hold_cannot_be_ordered_again_until_cancelled():
    buyer = Buyer(stock=5)
    order = buyer.order(buyer.agreed(4)).json()["order"]

    assert refusal(buyer.order(buyer.agreed(2))) == (409, "cannot_be_placed")
    cancelled = buyer.phone.post(f"orders/{order['id']}/cancel", reason="Changed my mind")

    assert (cancelled.status_code, cancelled.json()["order"]["status"]) == (200, "cancelled")
    assert buyer.order(buyer.agreed(2)).status_code == 201


def test_a_price_that_changed_after_the_quote_is_never_charged_silently():
    buyer = Buyer()
    body = buyer.agreed(2)
    sell(CONSUMERS, p1="1750")

    answer = buyer.order(body)

    assert refusal(answer) == (409, "quote_changed")
    current = answer.json()["current"]
    assert amounts(current["totals"])["items_subtotal"] == "3500 IQD"
    assert buyer.order({**body, "quote_hash": current["quote"]["hash"]}).status_code == 201


def test_a_price_that_the_phone_sends_changes_nothing():
    buyer = Buyer()
    body = buyer.agreed(2)
    body["items"][0]["unit_price"] = {"amount": "1", "currency": "IQD"}

    assert amounts(buyer.order(body).json()["order"]["totals"])["items_subtotal"] == "3000 IQD"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"quote_hash": None}, 400, "invalid_request"),
        ({"quote_hash": "x"}, 409, "quote_changed"),
        ({"items": []}, 409, "cannot_be_placed"),
        ({"items": [{"product_id": 1, "quantity": 0}]}, 422, "quantity_out_of_range"),
        ({"items": [{"product_id": 10**9, "quantity": 1}]}, 422, "unknown_product"),
        ({"address_id": 10**9}, 404, "unknown_address"),
        ({"payment_method": "barter"}, 409, "cannot_be_placed"),
        ({"payment_method": None}, 409, "cannot_be_placed"),
        ({"shipping_method_id": None}, 409, "cannot_be_placed"),
        ({"currency": "USD"}, 409, "cannot_be_placed"),
        ({"use_cart": True}, 400, "invalid_request"),
        ({"total": "1"}, 400, "invalid_request"),
        ({"note": "x" * 501}, 400, "invalid_request"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_cannot_be_ordered_is_refused_by_name(change, status, code, language):
    buyer = Buyer()
    buyer.phone.headers["accept-language"] = language

    answer = buyer.order({**buyer.agreed(), **change})

    assert refusal(answer) == (status, code)
    assert answer["Content-Language"] == language
    assert not AppOrder.objects.exists()


def test_guests_cannot_order():
    buyer = Buyer()

    assert refusal(buyer.order(buyer.agreed(), phone=Phone())) == (401, "not_authenticated")


def test_orders_are_listed_newest_first_in_pages():
    buyer = Buyer()
    numbers = [buyer.order(buyer.agreed(1)).json()["order"]["number"] for _ in range(5)]

    first = buyer.phone.get("orders?page_size=2").json()
    second = buyer.phone.get(f"orders?page_size=2&cursor={first['page_info']['next_cursor']}").json()
    third = buyer.phone.get(f"orders?page_size=2&cursor={second['page_info']['next_cursor']}").json()

    shown = [one["number"] for page in (first, second, third) for one in page["items"]]
    assert shown == numbers[::-1]
    assert (first["page_info"]["total"], first["page_info"]["has_more"]) == (5, True)
    assert (third["page_info"]["next_cursor"], third["page_info"]["has_more"]) == (None, False)
    assert first["items"][0]["payable"] == {"amount": "6500", "currency": "IQD"}


@pytest.mark.lesson("L15")
def test_the_orders_of_somebody_else_are_not_there():
    theirs = Buyer(name="Theirs")
    mine = Buyer(name="Mine", number="+9647700000009")
    order = theirs.order().json()["order"]["id"]
    cursor_of_theirs = None
    theirs.order()
    cursor_of_theirs = theirs.phone.get("orders?page_size=1").json()["page_info"]["next_cursor"]

    assert refusal(mine.phone.get(f"orders/{order}")) == (404, "unknown_order")
    assert refusal(mine.phone.post(f"orders/{order}/cancel")) == (404, "unknown_order")
    assert refusal(mine.phone.get(f"orders?cursor={cursor_of_theirs}")) == (400, "invalid_cursor")
    assert mine.phone.get("orders").json()["items"] == []
    assert AppOrder.objects.get(pk=order).status == "submitted"
    assert refusal(mine.phone.get("orders/999999999999999999999")) == (404, "unknown_order")


def test_the_address_of_somebody_else_gets_no_order():
    theirs = home_of(customer("Theirs"))
    buyer = Buyer()

    assert refusal(buyer.order({**buyer.agreed(), "address_id": theirs.pk})) == (404, "unknown_address")


def test_cancelling_twice_is_as_good_as_once_and_what_was_sent_stays():
    buyer = Buyer()
    limited = promotion(usage_limit=5)
    first, second = (buyer.order(buyer.agreed(1)).json()["order"]["id"] for _ in range(2))
    AppOrder.objects.filter(pk=second).update(status="accepted")

    assert buyer.phone.post(f"orders/{first}/cancel").status_code == 200
    assert buyer.phone.post(f"orders/{first}/cancel").status_code == 200

    limited.refresh_from_db()
    assert limited.used == 1
    assert refusal(buyer.phone.post(f"orders/{second}/cancel")) == (409, "cannot_be_cancelled")


def test_a_salesperson_orders_for_a_customer_of_theirs_only():
    buyer = Buyer()
    sara = salesperson()
    buyer.customer.salesperson = sara
    buyer.customer.save()
    stranger = customer("Stranger")
    phone = Phone(sara.login)
    key = {"idempotency_key": "key-12345678"}

    answer = phone.send("post", f"orders?customer_id={buyer.customer.pk}", buyer.agreed(), **key)

    assert answer.status_code == 201, answer.content
    assert (AppOrder.objects.get().customer, AppOrder.objects.get().placed_by) == (buyer.customer, sara.login)
    refused = phone.send("post", f"orders?customer_id={stranger.pk}", buyer.agreed(), **key)
    assert refusal(refused) == (403, "forbidden_customer")
    assert refusal(Phone(staff()).send("post", "orders", buyer.agreed(), **key)) == (422, "customer_required")


def test_an_order_of_fifty_products_shows_with_as_many_queries_as_one_of_one(django_assert_num_queries):
    buyer = Buyer()
    products = on_sale("p1", *(f"q{number}" for number in range(49)))
    one = buyer.order().json()["order"]["id"]
    body = {**buyer.body(), "items": [line(product) for product in products]}
    many = buyer.order({**body, "quote_hash": quote_hash(buyer.phone, **body)}).json()["order"]["id"]

    for order in (one, many):
        with django_assert_num_queries(5):
            assert buyer.phone.get(f"orders/{order}").status_code == 200


def at_once(count: int, work) -> list:
    """What `work(number)` returns in so many threads that start together."""
    gate, results = threading.Barrier(count), []

    def run(number: int) -> None:
        try:
            gate.wait(timeout=20)
            results.append(work(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == count
    return results


def test_the_same_key_five_times_at_once_makes_one_order():
    buyer = Buyer()
    body = buyer.agreed()
    phones = [Phone(**buyer.phone.headers) for _ in range(5)]
    for phone in phones:
        phone.token = buyer.phone.token

    answers = at_once(5, lambda number: buyer.order(body, key="key-12345678", phone=phones[number]))

    statuses = sorted(answer.status_code for answer in answers)
    assert AppOrder.objects.count() == 1
    assert IdempotencyKey.objects.count() == 1
    assert set(statuses) <= {201, 409}
    assert statuses.count(201) >= 1
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request_in_progress"}
    assert buyer.order(body, key="key-12345678")["Idempotency-Replayed"] == "true"


def test_five_orders_at_once_share_a_stock_of_three():
    buyer = Buyer(stock=3)
    body = buyer.agreed(1)
    phones = [Phone(**buyer.phone.headers) for _ in range(5)]
    for phone in phones:
        phone.token = buyer.phone.token

    answers = at_once(5, lambda number: buyer.order(body, phone=phones[number]))

    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 409, 409]
    assert sum(AppOrderLine.objects.filter(is_holding=True).values_list("quantity", flat=True)) == Decimal(3)


def test_nothing_is_left_open_after_orders():
    Buyer().order()

    assert not connection.in_atomic_block
    assert not IdempotencyKey.objects.filter(status__isnull=True).exists()
