"""Who calls, for whom, with which app, and how often."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.urls import get_resolver, resolve, reverse

from catalog.models import PriceList
from commerce.models import Customer, ZohoUser
from mobile_bff.screens import view
from mobile_bff.tests.builders import NOON, account, customer, on_sale, salesperson, sell, shop, staff
from mobile_bff.tests.calling import Phone, refusal
from mobile_bff.tests.scan import scan
from mobile_bff.throttles import network_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts():
    cache.clear()


def price(phone: Phone, product, query: str = "") -> str:
    return phone.get(f"products/{product.pk}{query}").json()["product"]["price"]["amount"]


@pytest.mark.lesson("L15")
def test_the_customer_comes_from_the_token_or_from_who_may_name_one():
    (cable,) = on_sale("a", price="1500")
    wholesale = sell("wholesale", a="1200")
    sara = salesperson()
    hers = customer("Hers", wholesale, salesperson=sara)
    others = customer("Others", wholesale, salesperson=salesperson("Zaid", "sales-2"))
    consumer, buyer = Phone(account(customer("C"), "+9647700000001")), Phone(account(hers, "+9647700000002"))
    callers = {
        "guest": Phone(),
        "consumer": consumer,
        "buyer": buyer,
        "sara": Phone(sara.login),
        "staff": Phone(staff()),
    }

    own = {name: price(phone, cable) for name, phone in callers.items()}
    asked = {
        (name, whose.name): phone.get(f"products/{cable.pk}?customer_id={whose.pk}")
        for name, phone in callers.items()
        for whose in (hers, others)
    }

    assert own == {"guest": "1500", "consumer": "1500", "buyer": "1200", "sara": "1500", "staff": "1500"}
    assert {key: answer.json().get("code", "1200") for key, answer in asked.items()} == {
        ("guest", "Hers"): "not_found",
        ("guest", "Others"): "not_found",
        ("consumer", "Hers"): "not_found",
        ("consumer", "Others"): "not_found",
        ("buyer", "Hers"): "1200",
        ("buyer", "Others"): "not_found",
        ("sara", "Hers"): "1200",
        ("sara", "Others"): "forbidden_customer",
        ("staff", "Hers"): "1200",
        ("staff", "Others"): "1200",
    }
    assert price(callers["sara"], cable, f"?customer_id={hers.pk}") == "1200"


@pytest.mark.parametrize("key", ["0", "999999", "abc", "-1", "9" * 30])
def test_a_customer_that_nobody_knows(key):
    shop()
    sara, omar = salesperson(), staff()

    assert refusal(Phone().get(f"home?customer_id={key}")) == (404, "not_found")
    assert refusal(Phone(omar).get(f"home?customer_id={key}")) == (404, "not_found")
    assert refusal(Phone(sara.login).get(f"home?customer_id={key}")) == (403, "forbidden_customer")


@pytest.mark.parametrize("left", [{"status": "inactive"}, {"retired_at": NOON}])
def test_a_salesperson_who_has_left_acts_for_nobody(left):
    shop()
    sara = salesperson()
    hers = customer("Hers", salesperson=sara)
    phone = Phone(sara.login)
    assert phone.get(f"home?customer_id={hers.pk}").status_code == 200

    ZohoUser.objects.filter(pk=sara.pk).update(**left)

    assert refusal(phone.get(f"home?customer_id={hers.pk}")) == (404, "not_found")
    assert phone.get("home").json()["customer"] is None


def test_staff_without_the_right_are_nobody_special():
    shop()
    someone = customer()
    plain = staff()
    plain.user_permissions.clear()

    assert refusal(Phone(plain).get(f"home?customer_id={someone.pk}")) == (404, "not_found")
    assert Phone(plain).get("home").status_code == 200


@pytest.mark.lesson("L17")
def test_no_answer_shows_what_is_ours_alone():
    ids = ("460000000001234567", "460000000001234568")
    rows = on_sale(*ids, name="Cable", sku="CB-1", category_zoho_id="460000000009999999")
    wholesale = sell("460000000007654321", **{row.zoho_id: "1234" for row in rows})
    PriceList.objects.filter(pk=wholesale.pk).update(name="Wholesale")
    wholesale.refresh_from_db()
    sell("secret list", **{row.zoho_id: "777" for row in rows})
    buyer = customer("Ali", wholesale, zoho_id="460000000005555555", local_notes="pays late")
    Customer.objects.create(name="Hidden Person", zoho_id="460000000006666666")
    phones = [Phone(), Phone(account(buyer)), Phone(salesperson().login), Phone(staff())]
    secrets = ("4.44", "777", "Hidden Person", "pays late", "secret list", "46000000000")

    for phone in phones:
        for path in ("home", f"products/{rows[0].pk}?include=related", f"products/{rows[0].pk}/related"):
            assert scan(phone.get(path).json(), secrets=secrets) == []


def test_the_scan_finds_what_it_is_for():
    body = {
        "id": 5,
        "base_cost": None,
        "items": [{"price": {"amount": "1.5", "currency": "IQD"}, "rate": 1.5}],
        "note": "460000000001234567 costs 4.44",
    }

    assert scan(body, secrets=("4.44",)) == [
        "id: an id must be text",
        "base_cost: the key says cost",
        "items[0].price: 1.5 is not written as IQD is",
        "items[0].rate: a float",
        "note: looks like an id of Zoho",
        "note: shows 4.44",
    ]


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("1.3.9", True),
        ("1.3.9-beta.2", True),
        ("1", True),
        ("1.4", False),
        ("1.4.0+88", False),
        ("1.10.0", False),
        ("", False),
        ("new", False),
    ],
)
def test_an_app_that_is_too_old_is_told_where_the_new_one_is(version, refused):
    shop(
        minimum_version="1.4.0", android_store_url="https://play.example/tsh", ios_store_url="https://apps.example/tsh"
    )

    answer = Phone().get("home", x_app_version=version, x_platform="Android")

    assert (answer.status_code == 403) is refused
    if refused:
        body = answer.json()
        assert (body["code"], body["min_version"]) == ("app_update_required", "1.4.0")
        assert body["store_url"] == "https://play.example/tsh"


def test_in_maintenance_the_first_screen_says_so_and_staff_go_on():
    (cable,) = on_sale("a")
    shop(in_maintenance=True, maintenance_message_en="Back at nine", maintenance_message_ar="نعود في التاسعة")

    home = Phone().get("home").json()
    closed = Phone(language="ar").get(f"products/{cable.pk}")

    assert (home["app"]["maintenance"], home["app"]["maintenance_message"]) == (True, "Back at nine")
    assert (home["layout"], home["new_arrivals"]) == ([], [])
    assert refusal(closed) == (503, "maintenance")
    assert closed.json()["detail"] == "نعود في التاسعة"
    assert (closed["Retry-After"], closed.json()["retry_after"]) == ("300", 300)
    assert Phone(staff()).get(f"products/{cable.pk}").status_code == 200


def test_too_many_requests_are_told_when_to_come_back(settings):
    shop()
    settings.MOBILE_LIMITS = {**settings.MOBILE_LIMITS, "anon": 3, "user": 4}
    user = Phone(account(customer()))

    for phone, limit in ((Phone(), 3), (user, 4)):
        answers = [phone.get("home") for _ in range(limit + 1)]
        if answers[0].status_code == 429:  # a minute ended in between
            continue
        assert refusal(answers[-1]) == (429, "rate_limited")
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert answers[-1].json()["retry_after"] == int(answers[-1]["Retry-After"])
        assert {answer.status_code for answer in answers[:-1]} == {200}


def test_wrong_tokens_are_counted_too(settings, monkeypatch):
    settings.MOBILE_LIMITS = {**settings.MOBILE_LIMITS, "anon": 2}
    monkeypatch.setattr("mobile_bff.throttles.WINDOW", 10**9)  # no minute ends in between
    shop()
    phone = Phone()
    phone.token = "wrong"

    answers = [refusal(phone.get("home")) for _ in range(3)]

    assert answers == [(401, "not_authenticated")] * 2 + [(429, "rate_limited")]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        (None, "None"),
    ],
)
def test_requests_are_counted_by_the_network_of_one_customer(address, network):
    assert network_of(address) == network


def test_a_database_that_is_away_is_said_and_not_a_crash(monkeypatch):
    shop()

    def away(at):
        raise OperationalError("could not connect to server: secret-host")

    monkeypatch.setattr(view, "read_standing", away)

    answer = Phone().get("home")

    assert refusal(answer) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("post", "home", (405, "method_not_allowed")),
        ("get", "nowhere", (404, "not_found")),
        ("get", "home?customer_id=%00", (400, "invalid_request")),
        ("get", "home?limit=" + "9" * 600, (400, "invalid_request")),
        ("get", "home?fields=%ff%fe", (400, "unknown_field")),
    ],
)
def test_what_is_asked_wrongly_is_answered_and_never_a_crash(method, path, expected):
    shop()

    for language in ("ar", "en"):
        assert refusal(Phone(language=language).send(method, path)) == expected


def test_only_what_is_asked_for_may_be_asked_of_it():
    shop()

    assert refusal(Phone().get("home", accept="text/html")) == (406, "not_acceptable")


@pytest.mark.lesson("L18")
def test_every_declared_address_leads_to_its_own_view():
    keys = {"product_id": 7, "category_id": 7, "device": "00000000-0000-0000-0000-000000000007"}
    for one in get_resolver("mobile_bff.urls").url_patterns:
        names = one.pattern.converters
        address = reverse(f"mobile:{one.name}", kwargs={name: keys.get(name, 7) for name in names})

        assert resolve(address).func.view_class is one.callback.view_class
