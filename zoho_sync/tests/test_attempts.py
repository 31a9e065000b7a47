"""Guessing passwords at the staff's API: who fails too often waits, and nobody else does."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache

from zoho_sync.api import attempts
from zoho_sync.api.attempts import MOST_BY_ADDRESS, MOST_BY_NAME, WINDOW_SECONDS

pytestmark = pytest.mark.django_db
PATH = "/api/zoho/bulk-sync/status"
HERE, ELSEWHERE = "198.51.100.7", "198.51.100.8"


@pytest.fixture(autouse=True)
def _empty_cache() -> Any:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still but for what a test adds."""
    at = [attempts.time.time()]
    monkeypatch.setattr(attempts.time, "time", lambda: at[0])
    return at


@pytest.fixture
def call(client: Any, settings: Any) -> Any:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for name in ("operator", "colleague"):
        user = User.objects.create_user(name, password="right", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="run_sync"))

    def _call(password: str, *, name: str = "operator", address: str = HERE, **headers: str) -> Any:
        proof = base64.b64encode(f"{name}:{password}".encode()).decode()
        return client.get(PATH, REMOTE_ADDR=address, headers={"authorization": f"Basic {proof}", **headers})

    return _call


def fail(call: Any, times: int, **how: Any) -> None:
    assert [call("wrong", **how).status_code for _ in range(times)] == [401] * times


def test_who_fails_five_times_waits_a_quarter_of_an_hour_even_with_the_right_password(call, now):
    fail(call, MOST_BY_NAME)
    now[0] += 60

    answer = call("right")

    assert (answer.status_code, answer["Content-Type"]) == (429, "application/problem+json")
    assert (answer["Retry-After"], answer.json()["code"]) == (str(WINDOW_SECONDS - 60), "throttled")
    assert call("wrong").status_code == 429


def test_colleagues_and_other_addresses_are_not_affected(call):
    fail(call, MOST_BY_NAME)

    assert call("right", name="colleague").status_code == 200
    assert call("right", address=ELSEWHERE).status_code == 200
    assert call("right").status_code == 429


def test_right_passwords_are_never_counted(call):
    assert {call("right").status_code for _ in range(MOST_BY_ADDRESS + 5)} == {200}
    fail(call, MOST_BY_NAME - 1)
    assert call("right").status_code == 200


def test_an_address_that_tries_many_names_waits_too(call):
    for number in range(MOST_BY_ADDRESS):
        fail(call, 1, name=f"guess{number}")

    assert call("wrong", name="another").status_code == 429
    assert call("right").status_code == 429
    assert call("right", address=ELSEWHERE).status_code == 200


def test_what_was_refused_unseen_is_not_counted(call):
    fail(call, MOST_BY_NAME)
    for _ in range(MOST_BY_ADDRESS):
        assert call("wrong").status_code == 429

    assert call("right", name="colleague").status_code == 200


def test_it_is_over_when_the_window_is(call, monkeypatch):
    monkeypatch.setattr(attempts, "WINDOW_SECONDS", 0)  # what is noted ends at once
    fail(call, MOST_BY_NAME + 1)

    assert call("right").status_code == 200


def test_proxies_that_we_trust_are_looked_through(call, settings):
    settings.TRUSTED_PROXIES = [HERE]
    forwarded = {"x-forwarded-for": "203.0.113.5"}
    fail(call, MOST_BY_NAME, **forwarded)

    assert call("right", **forwarded).status_code == 429
    assert call("right", **{"x-forwarded-for": "203.0.113.6"}).status_code == 200


def test_a_customer_of_ipv6_has_one_address(call):
    for number in range(MOST_BY_NAME):
        fail(call, 1, address=f"2001:db8:1:1::{number}")

    assert call("right", address="2001:db8:1:1:ffff::9").status_code == 429
    assert call("right", address="2001:db8:1:2::1").status_code == 200


def test_the_sessions_of_the_admin_are_not_throttled(call, client):
    fail(call, MOST_BY_NAME)
    client.force_login(User.objects.get(username="operator"))

    assert client.get(PATH, REMOTE_ADDR=HERE).status_code == 200


@pytest.mark.parametrize("proof", ["Basic", "Basic !", "Basic a b", "Bearer x"])
def test_what_is_no_name_and_password_is_refused_as_before(client, call, proof):
    assert client.get(PATH, headers={"authorization": proof}).status_code == 401
