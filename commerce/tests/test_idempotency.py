"""A request that comes again has no second effect and gets the first answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from commerce.models import AppOrder, Customer, IdempotencyKey
from commerce.refusals import KeyRefused, OrderRefused
from commerce.services.idempotency import Answer, answer_once, fingerprint_of, prune_idempotency_keys
from commerce.tests.shop import DAY, LATER, buyer, open_shop, order

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def once(work, *, key: str = "k", body: object = None, principal: str = "user:1", route: str = "orders", at=LATER):
    fingerprint = fingerprint_of(body)
    return answer_once(principal=principal, route=route, key=key, fingerprint=fingerprint, at=at, work=work)


def never() -> Answer:
    raise AssertionError("this was to be done once")


def refusal(**request) -> str:
    with pytest.raises(KeyRefused) as refused:
        once(never, **request)
    return refused.value.code


def test_a_replay_gets_the_same_answer_and_does_nothing():
    body = '{"number": "APP-1",  "zeta": 1, "alpha": "ع"}'

    first = once(lambda: Answer(201, body))
    again = once(never, at=LATER + DAY - SECOND)

    assert (first.status, first.body, first.is_replay) == (201, body, False)
    assert (again.status, again.body, again.is_replay) == (201, body, True)


def test_another_body_under_the_same_key_is_refused():
    once(lambda: Answer(201, "one"), body={"a": 1, "b": 2})

    assert refusal(body={"a": 1, "b": 3}) == "idempotency_key_reused"
    assert once(never, body={"b": 2, "a": 1}).body == "one"


def test_a_key_is_of_one_caller_and_one_route():
    once(lambda: Answer(201, "one"))

    assert once(lambda: Answer(201, "two"), principal="user:2").body == "two"
    assert once(lambda: Answer(201, "three"), route="returns").body == "three"


def test_a_refusal_is_kept_but_what_it_did_is_not():
    someone = buyer()

    def refuse() -> Answer:
        try:
            with transaction.atomic():
                Customer.objects.update(name="half done")
                raise OrderRefused("cannot_be_placed")
        except OrderRefused as refused:
            return Answer(409, refused.code)

    assert once(refuse).status == 409
    assert once(never).body == "cannot_be_placed"
    someone.refresh_from_db()
    assert someone.name == "Customer c1"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_not_kept_nor_done(status):
    someone = buyer()

    def fail() -> Answer:
        Customer.objects.update(name="half done")
        return Answer(status, "try again")

    assert once(fail).status == status
    someone.refresh_from_db()
    assert someone.name == "Customer c1"
    assert not IdempotencyKey.objects.exists()
    assert once(lambda: Answer(201, "done")).is_replay is False


def test_an_exception_frees_the_key():
    open_shop({"a": "1000"})
    someone = buyer()

    def fail() -> Answer:
        order(someone, a=1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(fail)

    assert not AppOrder.objects.exists()
    assert once(lambda: Answer(201, order(someone, a=1).number)).status == 201
    assert AppOrder.objects.count() == 1


def test_who_was_killed_is_waited_for_a_minute():
    def die() -> Answer:
        raise SystemExit

    row = {"principal": "user:1", "route": "orders", "key": "k", "fingerprint": fingerprint_of(None)}
    IdempotencyKey.objects.create(
        **row,
        token="00000000-0000-4000-8000-000000000000",
        lease_ends_at=LATER + timedelta(seconds=60),
        created_at=LATER,
        expires_at=LATER + DAY,
    )

    assert refusal(at=LATER + timedelta(seconds=59)) == "request_in_progress"
    assert refusal(at=LATER + timedelta(seconds=60), body="other") == "idempotency_key_reused"
    assert once(lambda: Answer(201, "done"), at=LATER + timedelta(seconds=60)).body == "done"
    assert IdempotencyKey.objects.get().expires_at == LATER + DAY
    with pytest.raises(SystemExit):
        once(die, key="other")
    assert IdempotencyKey.objects.count() == 1


def test_who_lost_the_key_to_another_does_nothing():
    def lose() -> Answer:
        IdempotencyKey.objects.update(token="00000000-0000-4000-8000-000000000000")
        raise KeyError("as if the connection had gone")

    with pytest.raises(KeyError):
        once(lose)
    # What was undone with the rest is ours again, and released.
    assert not IdempotencyKey.objects.exists()


def test_after_a_day_a_key_is_as_good_as_new():
    once(lambda: Answer(201, "one"))

    assert once(lambda: Answer(201, "two"), body="another", at=LATER + DAY).body == "two"
    assert once(never, body="another", at=LATER + DAY + SECOND).body == "two"
    assert prune_idempotency_keys(at=LATER + DAY + SECOND) == 0
    assert prune_idempotency_keys(at=LATER + 2 * DAY) == 1


def test_the_fingerprint_is_of_the_meaning():
    assert fingerprint_of({"a": [1, {"x": None}], "b": "ع"}) == fingerprint_of({"b": "ع", "a": [1, {"x": None}]})
    assert fingerprint_of({"a": [1, 2]}) != fingerprint_of({"a": [2, 1]})
    assert fingerprint_of({"a": 1}) != fingerprint_of({"a": "1"})
