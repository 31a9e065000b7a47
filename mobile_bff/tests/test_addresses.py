"""The delivery addresses of a customer on phones."""

import pytest
from django.core.cache import cache

from commerce.models import CustomerAddress
from mobile_bff.tests.builders import customer, salesperson, shop
from mobile_bff.tests.buying import home_of, phone_of
from mobile_bff.tests.calling import Phone, refusal

pytestmark = pytest.mark.django_db
KARRADA = {"governorate": "IQ-BG", "district": "Karrada", "phone": "٠٧٧٠١٢٣٤٥٦٧"}


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


@pytest.fixture
def buyer():
    shop()
    return customer()


@pytest.fixture
def phone(buyer) -> Phone:
    return phone_of(buyer)


def defaults(phone: Phone) -> list[str]:
    return [one["id"] for one in phone.get("addresses").json()["items"] if one["is_default"]]


def test_an_address_is_added_and_the_first_is_the_default(phone):
    answer = phone.post(
        "addresses", **KARRADA, label="Home", landmark="Behind the mosque", lat=33.31524123, lng="44.3661"
    )

    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(CustomerAddress.objects.get().pk),
        "label": "Home",
        "is_default": True,
        "recipient": "",
        "phone": "+9647701234567",
        "governorate": "IQ-BG",
        "governorate_name": "Baghdad",
        "district": "Karrada",
        "landmark": "Behind the mosque",
        "details": "",
        "lat": "33.315241",
        "lng": "44.366100",
    }
    assert phone.get("addresses").json()["items"] == [answer.json()]


def test_the_governorates_to_choose_from_are_told_in_the_language(buyer):
    phone = phone_of(buyer, **{"accept-language": "ar"})

    codes = {one["code"]: one["name"] for one in phone.get("addresses").json()["governorates"]}

    assert len(codes) == 19
    assert "IQ-BG" in codes


def test_exactly_one_address_is_the_default(phone):
    first, second, third = (phone.post("addresses", **KARRADA).json()["id"] for _ in range(3))
    assert defaults(phone) == [first]

    assert phone.post(f"addresses/{second}/default").json()["is_default"] is True
    assert defaults(phone) == [second]
    assert phone.post("addresses", **KARRADA, is_default=True).json()["is_default"] is True
    assert len(defaults(phone)) == 1
    phone.patch(f"addresses/{third}", is_default=True)
    assert defaults(phone) == [third]


def test_a_change_leaves_what_it_does_not_name_and_a_replacement_does_not(phone):
    address = phone.post("addresses", **KARRADA, label="Home", lat="33.3", lng="44.4").json()["id"]

    changed = phone.patch(f"addresses/{address}", district="Mansour").json()
    assert (changed["district"], changed["label"], changed["lat"], changed["phone"]) == (
        "Mansour",
        "Home",
        "33.300000",
        "+9647701234567",
    )
    replaced = phone.put(f"addresses/{address}", **KARRADA).json()
    assert (replaced["district"], replaced["label"], replaced["lat"]) == ("Karrada", "", None)
    assert phone.get(f"addresses/{address}").json() == replaced


def test_a_removed_address_is_gone_and_another_becomes_the_default(phone):
    first, second = (phone.post("addresses", **KARRADA).json()["id"] for _ in range(2))

    assert phone.delete(f"addresses/{first}").status_code == 204

    assert refusal(phone.get(f"addresses/{first}")) == (404, "unknown_address")
    assert refusal(phone.delete(f"addresses/{first}")) == (404, "unknown_address")
    assert defaults(phone) == [second]


@pytest.mark.lesson("L15")
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "default"])
def test_the_address_of_somebody_else_is_not_there(phone, method):
    theirs = home_of(customer("Theirs"))

    answer = {
        "get": lambda: phone.get(f"addresses/{theirs.pk}"),
        "put": lambda: phone.put(f"addresses/{theirs.pk}", **KARRADA),
        "patch": lambda: phone.patch(f"addresses/{theirs.pk}", district="Mine"),
        "delete": lambda: phone.delete(f"addresses/{theirs.pk}"),
        "default": lambda: phone.post(f"addresses/{theirs.pk}/default"),
    }[method]()

    assert refusal(answer) == (404, "unknown_address")
    theirs.refresh_from_db()
    assert (theirs.district, theirs.removed_at, theirs.is_default) == ("Karrada", None, True)


def test_a_salesperson_sees_the_addresses_of_customers_of_theirs(buyer):
    sara = salesperson()
    home_of(buyer)
    buyer.salesperson = sara
    buyer.save()
    phone = Phone(sara.login)

    assert len(phone.get(f"addresses?customer_id={buyer.pk}").json()["items"]) == 1
    assert refusal(phone.get(f"addresses?customer_id={customer('Free').pk}")) == (403, "forbidden_customer")


def test_guests_have_no_addresses():
    shop()

    assert refusal(Phone().get("addresses")) == (401, "not_authenticated")
    assert refusal(Phone().post("addresses", **KARRADA)) == (401, "not_authenticated")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"phone": "12"}, 422, "invalid_phone", "phone"),
        ({"phone": None}, 400, "invalid_request", "phone"),
        ({"governorate": "Baghdad"}, 400, "invalid_request", "governorate"),
        ({"district": " "}, 400, "invalid_request", "district"),
        ({"district": "x" * 256}, 400, "invalid_request", "district"),
        ({"district": "a\u0000b"}, 400, "invalid_request", "district"),
        ({"lat": 91, "lng": 0}, 400, "invalid_request", "lat"),
        ({"lat": 0, "lng": -180.5}, 400, "invalid_request", "lng"),
        ({"lat": "NaN", "lng": 0}, 400, "invalid_request", "lat"),
        ({"lat": "1e999999", "lng": 0}, 400, "invalid_request", "lat"),
        ({"lat": True, "lng": 0}, 400, "invalid_request", "lat"),
        ({"lat": 33}, 400, "invalid_request", "lat"),
        ({"customer": 1}, 400, "invalid_request", "customer"),
    ],
)
def test_a_wrong_address_is_refused_by_name(buyer, change, status, code, field, language):
    phone = phone_of(buyer, **{"accept-language": language})

    answer = phone.post("addresses", **{**KARRADA, **change})

    assert refusal(answer) == (status, code)
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer["Content-Language"] == language
    assert not CustomerAddress.objects.exists()


def test_twenty_addresses_are_enough(phone):
    for _ in range(20):
        assert phone.post("addresses", **KARRADA).status_code == 201

    assert refusal(phone.post("addresses", **KARRADA)) == (409, "too_many_addresses")


def test_the_list_takes_as_many_queries_for_twenty_as_for_one(phone, buyer, django_assert_num_queries):
    home_of(buyer)
    with django_assert_num_queries(3):
        phone.get("addresses")
    for _ in range(19):
        home_of(buyer)

    with django_assert_num_queries(3):
        assert len(phone.get("addresses").json()["items"]) == 20
