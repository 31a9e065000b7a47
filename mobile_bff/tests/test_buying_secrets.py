"""No answer about carts, checkout, orders, addresses or the account shows what is ours alone."""

import pytest
from django.core.cache import cache

from catalog.models import PriceList
from commerce.models import Customer
from mobile_bff.tests.builders import customer, on_sale, salesperson, sell, staff
from mobile_bff.tests.buying import home_of, line, phone_of, promotion, ways_to_buy
from mobile_bff.tests.calling import Phone
from mobile_bff.tests.scan import scan

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = ("4.44", "9.99", "777", "Hidden Person", "pays late", "secret list", "46000000000")


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


@pytest.mark.lesson("L17")
@pytest.mark.parametrize("role", ["consumer", "wholesale", "salesperson", "staff"])
def test_no_answer_of_buying_shows_what_is_ours_alone(role):
    (product,) = on_sale("460000000001234567", name="Cable", sku="CB-1")
    wholesale = sell("460000000007654321", **{product.zoho_id: "1234"})
    PriceList.objects.filter(pk=wholesale.pk).update(name="Wholesale")
    sell("secret list", **{product.zoho_id: "777"})
    Customer.objects.create(name="Hidden Person", zoho_id="460000000006666666")
    sara = salesperson()
    own_list = PriceList.objects.get(pk=wholesale.pk) if role != "consumer" else None
    buyer = customer("Ali", own_list, zoho_id="460000000005555555", local_notes="pays late", salesperson=sara)
    address, (courier, _methods) = home_of(buyer), ways_to_buy()
    promotion(code="EID10")
    phone = {"salesperson": lambda: Phone(sara.login), "staff": lambda: Phone(staff())}.get(
        role, lambda: phone_of(buyer)
    )()
    query = f"?customer_id={buyer.pk}"
    body = {
        "items": [line(product, 2)],
        "coupon_codes": ["EID10", "NONE"],
        "address_id": str(address.pk),
        "shipping_method_id": str(courier.pk),
        "payment_method": "cod",
    }
    agreed = phone.send("post", f"checkout/calculate{query}", body).json()["quote"]["hash"]

    answers = [
        phone.put(f"cart{query}", items=[line(product, 2)], coupon_codes=["EID10"]),
        phone.get(f"checkout{query}"),
        phone.send("post", f"checkout/calculate{query}", body),
        phone.send("post", f"orders{query}", {**body, "quote_hash": "old"}, idempotency_key="key-11111111"),
        phone.send("post", f"orders{query}", {**body, "quote_hash": agreed}, idempotency_key="key-22222222"),
        phone.get(f"orders{query}"),
        phone.get(f"addresses{query}"),
        phone.get(f"products/{product.pk}/reviews"),
        phone.get(f"auth/me{query}"),
        phone.get("auth/devices"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 409, 201, 200, 200, 200, 200, 200]
    for answer in answers:
        told = answer.json()
        for where in (told, told.get("current", {})):
            where.pop("quote", None)  # a hash may look like an id of Zoho's
        assert scan(told, secrets=SECRETS) == []
