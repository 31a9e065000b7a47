"""Signing in and out on phones."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from commerce.models import AppSettings, Customer, CustomerAccount, DeviceToken
from mobile_bff.tests.calling import PASSWORD, Phone, new_account, refusal

pytestmark = pytest.mark.django_db
NAME = {"name": "Sara", "phone": "0770 123 4567", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _forget_limits():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)


@pytest.mark.parametrize(
    "identifier", ["07701234567", "٠٧٧٠ ١٢٣ ٤٥٦٧", "+964 770-123-4567", "9647701234567", "SARA@example.com"]
)
def test_a_customer_signs_in_by_phone_in_any_spelling_or_by_email(phone, identifier):
    account = new_account(email="sara@example.com")

    answer = phone.sign_in(identifier)

    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], set(body)) == (
        "Bearer",
        2_592_000,
        {"access_token", "token_type", "expires_in", "device_id"},
    )
    assert answer["Cache-Control"] == "private, no-store"
    assert phone.get("auth/me").json()["id"] == str(account.user_id)


def test_staff_sign_in_by_username(phone):
    User.objects.create_user("ali", password=PASSWORD, is_staff=True)

    assert phone.sign_in("ali").status_code == 200
    assert phone.get("auth/me").json()["name"] == "ali"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_unknown_account_and_wrong_password_answer_alike(language):
    new_account()
    phone = Phone(language=language, **{"x-request-id": "same"})

    unknown, wrong = phone.sign_in("07709999999", "x"), phone.sign_in("07701234567", "x")

    assert refusal(unknown) == (401, "invalid_credentials")
    assert unknown.json() == wrong.json()
    assert unknown["WWW-Authenticate"] == wrong["WWW-Authenticate"] == 'Bearer realm="mobile"'


def test_unknown_account_and_wrong_password_cost_the_same(phone, monkeypatch, django_assert_num_queries):
    new_account()
    calls: Counter[str] = Counter()
    encode = hashers.MD5PasswordHasher.encode

    def counting(self, password, salt):
        calls["hashes"] += 1
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counting)
    costs = []
    for identifier in ("07709999999", "07701234567", "nobody@example.com", "nobody"):
        before = calls["hashes"]
        phone.sign_in(identifier, "wrong")
        costs.append(calls["hashes"] - before)

    assert costs == [1, 1, 1, 1]


def test_the_sixth_attempt_on_an_account_is_refused_wherever_it_comes_from(phone):
    new_account()
    spellings = ["07701234567", "٠٧٧٠١٢٣٤٥٦٧", "+9647701234567", "9647701234567", "0770 123 4567"]
    for number, spelling in enumerate(spellings):
        phone.client.defaults["REMOTE_ADDR"] = f"203.0.113.{number}"
        assert refusal(phone.sign_in(spelling, "wrong")) == (401, "invalid_credentials")
    phone.client.defaults["REMOTE_ADDR"] = "203.0.113.99"

    answer = phone.sign_in("07701234567")

    assert refusal(answer) == (429, "rate_limited")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer.json()["retry_after"] == int(answer["Retry-After"])


def test_accounts_that_do_not_exist_are_limited_too(phone):
    for number in range(5):
        phone.client.defaults["REMOTE_ADDR"] = f"203.0.113.{number}"
        assert refusal(phone.sign_in("07709999999", "wrong"))[0] == 401
    phone.client.defaults["REMOTE_ADDR"] = "203.0.113.99"

    assert refusal(phone.sign_in("07709999999", "wrong")) == (429, "rate_limited")


def test_the_sixth_attempt_from_an_address_is_refused_whichever_account_it_names(phone):
    for number in range(5):
        assert refusal(phone.sign_in(f"0770999999{number}", "wrong"))[0] == 401

    assert refusal(phone.sign_in("07701234567")) == (429, "rate_limited")


def test_a_forwarding_header_that_nobody_vouches_for_changes_no_limit(phone):
    for number in range(5):
        phone.headers["x-forwarded-for"] = f"198.51.100.{number}"
        phone.sign_in(f"0770999999{number}", "wrong")
    phone.headers["x-forwarded-for"] = "198.51.100.99"

    assert refusal(phone.sign_in("07701234567")) == (429, "rate_limited")


def test_an_old_token_in_the_phone_does_not_keep_anybody_from_signing_in(phone):
    new_account()
    phone.token = "f" * 64

    assert phone.sign_in("07701234567").status_code == 200


def test_registering_and_signing_in(phone):
    answer = phone.post("auth/register", **NAME, email="Sara@Example.com", language="en")

    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert phone.sign_in("07701234567").status_code == 200
    assert phone.get("auth/me").json() == {
        "id": str(User.objects.get().pk),
        "name": "Sara",
        "role": "consumer",
        "account": {"phone": "+9647701234567", "email": "sara@example.com", "language": "en", "state": "unconfirmed"},
        "customer": {"id": str(Customer.objects.get().pk), "name": "Sara"},
        "currency": "IQD",
        "price_list": None,
    }


@pytest.mark.lesson("L29")
def test_registering_with_the_phone_of_a_known_customer_shows_nothing_of_theirs(phone):
    known = Customer.objects.create(name="Known", zoho_id="c1", mobile="07701234567", phone="07701234567")

    phone.post("auth/register", **NAME)
    phone.sign_in("07701234567")

    assert phone.get("auth/me").json()["customer"]["id"] != str(known.pk)
    assert CustomerAccount.objects.get().customer.zoho_id is None


def test_a_phone_that_has_an_account_is_answered_like_a_new_one(phone):
    phone.headers["x-request-id"] = "same"
    first = phone.post("auth/register", **NAME)

    second = phone.post("auth/register", **{**NAME, "name": "Thief", "password": "other-Word-99"})

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.content == second.content
    assert sorted(first.headers) == sorted(second.headers)
    assert refusal(phone.sign_in("07701234567", "other-Word-99"))[0] == 401
    assert phone.sign_in("07701234567").status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"phone": "12"}, 422, "invalid_phone", "phone"),
        ({"phone": ""}, 400, "invalid_request", "phone"),
        ({"phone": "0" * 1000}, 400, "invalid_request", "phone"),
        ({"password": "12345678"}, 422, "weak_password", "password"),
        ({"password": "07701234567"}, 422, "weak_password", "password"),
        ({"password": "p" * 129}, 400, "invalid_request", "password"),
        ({"email": "nonsense"}, 400, "invalid_request", "email"),
        ({"language": "fr"}, 400, "invalid_request", "language"),
        ({"name": "x" * 151}, 400, "invalid_request", "name"),
        ({"name": "a\u0000b"}, 400, "invalid_request", "name"),
        ({"name": ["x"]}, 400, "invalid_request", "name"),
        ({"is_staff": True}, 400, "invalid_request", "is_staff"),
        ({"customer_id": 1}, 400, "invalid_request", "customer_id"),
    ],
)
def test_a_wrong_registration_is_refused_by_name(phone, change, status, code, field):
    answer = phone.post("auth/register", **{**NAME, **change})

    assert refusal(answer) == (status, code)
    assert {error["field"] for error in answer.json()["errors"]} == {field}
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b'{"identifier": "\xff\xfe", "password": "x"}', "application/json", 400, "invalid_request"),
        (b'"text"', "application/json", 400, "invalid_request"),
        (b"[]", "application/json", 400, "invalid_request"),
        (b"", "application/json", 400, "invalid_request"),
        (b"[" * 100_000, "application/json", 400, "invalid_request"),
        (b'{"identifier": NaN, "password": "x"}', "application/json", 400, "invalid_request"),
        (b'{"identifier": "\\ud800", "password": "x"}', "application/json", 400, "invalid_request"),
        (
            '{"identifier": "x", "password": "x"}'.encode("utf-16"),
            "application/json; charset=utf-16",
            400,
            "invalid_request",
        ),
        (b"identifier=x&password=y", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"<x/>", "text/xml", 415, "unsupported_media_type"),
        pytest.param(b'"' + b"x" * 1_100_000 + b'"', "application/json", 413, "too_large", id="too large"),
    ],
)
@pytest.mark.parametrize("path", ["auth/login", "auth/register"])
def test_a_body_that_is_no_json_object_is_refused(phone, no_limits, path, body, content_type, status, code):
    answer = phone.send("post", path, body, content_type=content_type)

    assert refusal(answer) == (status, code)


def test_refusals_are_in_the_language_of_the_phone(no_limits):
    english, arabic = (Phone(language=language).sign_in("07709999999", "x") for language in ("en", "ar"))

    assert (english["Content-Language"], arabic["Content-Language"]) == ("en", "ar")
    assert english.json()["code"] == arabic.json()["code"]


def test_a_refresh_gives_another_token_and_both_work_for_a_minute(phone):
    new_account()
    old = phone.sign_in("07701234567").json()

    new = phone.post("auth/refresh").json()

    assert new["access_token"] != old["access_token"]
    assert (new["device_id"], new["expires_in"]) == (old["device_id"], 2_592_000)
    assert phone.get("auth/me").status_code == 200
    DeviceToken.objects.exclude(replaced_at=None).update(expiry=timezone.now() - timedelta(seconds=1))
    assert refusal(phone.get("auth/me")) == (401, "token_expired")
    phone.token = new["access_token"]
    assert phone.get("auth/me").status_code == 200
    assert len(phone.get("auth/devices").json()["items"]) == 1


def test_the_old_token_ends_sixty_seconds_after_the_refresh(phone):
    new_account()
    phone.sign_in("07701234567")
    before = timezone.now()

    phone.post("auth/refresh")

    ends = DeviceToken.objects.exclude(replaced_at=None).get().expiry
    assert before + timedelta(seconds=60) <= ends <= timezone.now() + timedelta(seconds=60)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer not-a-token",
        "Bearer " + "a" * 64,
        "Bearer " + "a" * 5000,
        "Bearer a b",
        "Bearer \u00e9\u00e8",
        "Token {token}",
        "Basic c2FyYTp4",
        "Bearer {token}x",
        "Bearer x{token}",
        "{token}",
    ],
)
def test_a_tampered_token_is_refused_and_never_a_guest(phone, header):
    new_account()
    phone.sign_in("07701234567")

    answer = phone.get("auth/me", authorization=header.format(token=phone.token))

    assert refusal(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="mobile", error="invalid_token"'


def test_the_scheme_is_written_in_any_case(phone):
    new_account()
    phone.sign_in("07701234567")

    assert phone.get("auth/me", authorization=f"bearer {phone.token}").status_code == 200


def test_without_a_token_one_is_told_to_sign_in(phone):
    answer = phone.get("auth/me")

    assert refusal(answer) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="mobile"'


def test_an_expired_token_is_told_apart(phone):
    new_account()
    phone.sign_in("07701234567")
    DeviceToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))

    answer = phone.get("auth/me")

    assert refusal(answer) == (401, "token_expired")
    assert refusal(phone.post("auth/refresh")) == (401, "token_expired")


def test_a_token_lives_on_as_long_as_it_is_used(phone):
    new_account()
    phone.sign_in("07701234567")
    nearly = timezone.now() + timedelta(minutes=5)
    DeviceToken.objects.update(expiry=nearly, last_used_at=timezone.now() - timedelta(days=29))

    phone.get("auth/me")

    assert DeviceToken.objects.get().expiry > timezone.now() + timedelta(days=29)


def test_signing_out_ends_the_token_at_once(phone):
    new_account()
    phone.sign_in("07701234567")

    assert phone.post("auth/logout").status_code == 204

    assert refusal(phone.get("auth/me")) == (401, "not_authenticated")
    assert refusal(phone.post("auth/logout")) == (401, "not_authenticated")


def test_signing_out_after_a_refresh_ends_the_old_token_too(phone):
    new_account()
    old = phone.sign_in("07701234567").json()["access_token"]
    phone.token = phone.post("auth/refresh").json()["access_token"]

    phone.post("auth/logout")

    phone.token = old
    assert refusal(phone.get("auth/me")) == (401, "not_authenticated")


def test_signing_out_everywhere_ends_every_device_of_this_login_only():
    account, other = new_account(), new_account("+9647711111111", name="Other")
    first, second, stranger = Phone(account.user), Phone(account.user), Phone(other.user)

    assert first.post("auth/logout-all").status_code == 204

    assert refusal(first.get("auth/me"))[0] == refusal(second.get("auth/me"))[0] == 401
    assert stranger.get("auth/me").status_code == 200


def test_the_devices_of_a_login_and_ending_one():
    new_account()
    headers = {"x-app": "consumer", "x-app-version": "1.4.0", "x-platform": "android"}
    phone = Phone(**headers, **{"x-device-id": "d-1"})
    tablet = Phone(**headers, **{"x-device-id": "d-2"})
    phone.sign_in("07701234567", device_name="Sara's phone")
    lost = tablet.sign_in("07701234567", device_name="Tablet").json()["device_id"]

    items = phone.get("auth/devices").json()["items"]

    assert {item["name"]: (item["app_version"], item["is_current"]) for item in items} == {
        "Sara's phone": ("1.4.0", True),
        "Tablet": ("1.4.0", False),
    }
    assert not any(row.digest in str(items) or row.token_key in str(items) for row in DeviceToken.objects.all())
    assert phone.delete(f"auth/devices/{lost}").status_code == 204
    assert refusal(tablet.get("auth/me")) == (401, "not_authenticated")
    assert refusal(phone.delete(f"auth/devices/{lost}")) == (404, "not_found")


def test_the_device_of_somebody_else_is_not_there():
    mine, theirs = Phone(new_account().user), Phone(new_account("+9647711111111").user)
    device = theirs.get("auth/devices").json()["items"][0]["id"]

    assert refusal(mine.delete(f"auth/devices/{device}")) == (404, "not_found")
    assert theirs.get("auth/me").status_code == 200


def test_a_login_that_staff_switched_off_is_out_at_once():
    account = new_account()
    phone = Phone(account.user)
    User.objects.update(is_active=False)

    assert refusal(phone.get("auth/me")) == (401, "not_authenticated")


def test_another_password_ends_every_token_whoever_set_it():
    account = new_account()
    phone = Phone(account.user)

    account.user.set_password("river-Stone-7")
    account.user.save()

    assert refusal(phone.get("auth/me")) == (401, "not_authenticated")


def test_changing_the_password_keeps_this_device_and_ends_the_others():
    account = new_account()
    phone, tablet = Phone(account.user), Phone(account.user)

    answer = phone.post("auth/password", current_password=PASSWORD, new_password="river-Stone-7")

    assert answer.status_code == 200
    phone.token = answer.json()["access_token"]
    assert phone.get("auth/me").status_code == 200
    assert refusal(tablet.get("auth/me"))[0] == 401
    assert phone.sign_in("07701234567", "river-Stone-7").status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "code"), [("wrong", "river-Stone-7", "wrong_password"), (PASSWORD, "12345678", "weak_password")]
)
def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(current, new, code):
    phone = Phone(new_account().user)

    assert refusal(phone.post("auth/password", current_password=current, new_password=new)) == (422, code)
    assert phone.get("auth/me").status_code == 200


def test_name_and_language_can_be_changed():
    phone = Phone(new_account().user)

    answer = phone.patch("auth/me", name="Sara B.", language="en")

    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["account"]["language"]) == ("Sara B.", "en")
    assert phone.get("auth/me").json() == answer.json()


def test_a_session_of_the_admin_is_nobody_here():
    staff = User.objects.create_superuser("ali", password=PASSWORD)
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)

    assert refusal(client.get("/api/mobile/auth/me")) == (401, "not_authenticated")
    assert refusal(client.post("/api/mobile/auth/logout-all")) == (401, "not_authenticated")


def test_who_is_signed_in_takes_two_queries(django_assert_num_queries):
    AppSettings.objects.create(pk=1)
    phone = Phone(new_account().user)

    with django_assert_num_queries(2):  # the token with everybody behind it, and how things stand
        phone.get("auth/me")
