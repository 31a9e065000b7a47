"""Is a delivery genuine? Computed here a second time, apart from the code that checks it (api.md §5)."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
import structlog
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from zoho_sync.inbox.proofs import Proof, Refusal, check_proofs, sign
from zoho_sync.models import InboxEvent
from zoho_sync.tests.road import FORM, JSON

KEY, OLD_KEY, SECRET, OLD_SECRET = "key-of-today", "key-of-yesterday", "secret-of-today", "secret-of-yesterday"
BODY = '{"item": {"item_id": "1", "name": "كرسي"}}'.encode()


def check(headers, *, query="", body=BODY, content_type=JSON, keys=(KEY, OLD_KEY), secrets=(SECRET, OLD_SECRET)):
    return check_proofs(
        headers, raw_query=query, body=body, content_type=content_type, api_keys=list(keys), secrets=list(secrets)
    )


def mac(message, secret=SECRET):
    return hmac.new(secret.encode(), message, hashlib.sha256)


def signed(message, secret=SECRET):
    return {"X-Zoho-Webhook-Signature": mac(message, secret).hexdigest()}


# --- API key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["X-Webhook-Key", "X-API-Key"])
@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_a_known_key_in_either_header(header, key):
    assert check({header: key}) is Proof.API_KEY


@pytest.mark.parametrize("key", ["nonsense", KEY + "x", KEY[:-1], KEY.upper(), "كلمة"])
def test_another_key(key):
    assert check({"X-API-Key": key}) is Refusal.WRONG


def test_no_proof_at_all():
    assert check({}) is Refusal.MISSING
    assert check({"X-API-Key": "", "X-Zoho-Webhook-Signature": ""}) is Refusal.MISSING


def test_every_proof_that_is_presented_must_be_right():
    good, bad = signed(BODY), signed(b"other")

    assert check({"X-API-Key": KEY, **good}) is Proof.BOTH
    assert check({"X-API-Key": KEY, **bad}) is Refusal.WRONG
    assert check({"X-API-Key": "nonsense", **good}) is Refusal.WRONG
    assert check({"X-API-Key": KEY, "X-Webhook-Key": "nonsense"}) is Refusal.WRONG


def test_a_server_without_secrets_lets_nobody_in():
    assert check({"X-API-Key": KEY}, keys=(), secrets=()) is Refusal.NOT_CONFIGURED
    assert check({}, keys=(), secrets=()) is Refusal.NOT_CONFIGURED
    assert check({"X-API-Key": KEY}, keys=()) is Refusal.NOT_CONFIGURED
    assert check(signed(BODY), secrets=()) is Refusal.NOT_CONFIGURED


# --- signature -----------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_the_signature_of_a_json_body(secret):
    assert check(signed(BODY, secret)) is Proof.SIGNATURE


def test_hex_of_either_case_and_base64():
    digest = mac(BODY).digest()

    for text in (digest.hex(), digest.hex().upper(), base64.b64encode(digest).decode(), f" {digest.hex()} "):
        assert check({"X-Zoho-Webhook-Signature": text}) is Proof.SIGNATURE


def test_a_signature_over_other_bytes_or_with_another_secret():
    assert check(signed(BODY + b" ")) is Refusal.WRONG
    assert check(signed(BODY, "other")) is Refusal.WRONG
    assert check(signed(BODY), query="a=b") is Refusal.WRONG


@pytest.mark.parametrize("text", ["abc", "g" * 64, "!" * 44, "ا" * 64, "ا" * 44, base64.b64encode(b"x" * 31).decode()])
def test_what_is_no_signature(text):
    assert check({"X-Zoho-Webhook-Signature": text}) is Refusal.WRONG


def test_query_pairs_are_sorted_and_run_together_before_the_body():
    assert check(signed(b"aevent1itemb2" + BODY), query="b=2&event=1item&a=") is Refusal.WRONG
    assert check(signed(b"ab2event1item" + BODY), query="b=2&event=1item&a=") is Proof.SIGNATURE


def test_query_values_may_be_signed_as_they_stand_or_decoded():
    assert check(signed(b"na b" + BODY), query="n=a%20b") is Proof.SIGNATURE
    assert check(signed(b"na%20b" + BODY), query="n=a%20b") is Proof.SIGNATURE


def test_the_pairs_of_a_form_are_signed_instead_of_its_bytes():
    body = b"name=%D9%83&id=1"

    assert check(signed("id1nameك".encode()), body=body, content_type=f"{FORM}; charset=utf-8") is Proof.SIGNATURE
    assert check(signed("e5id1nameك".encode()), body=body, content_type=FORM, query="e=5") is Proof.SIGNATURE
    assert check(signed(body), body=body, content_type=FORM) is Refusal.WRONG


@given(
    body=st.binary(max_size=200),
    query=st.text(st.characters(codec="latin-1"), max_size=40),
    content_type=st.sampled_from([JSON, FORM, ""]),
)
def test_what_we_sign_ourselves_holds_and_one_bit_more_does_not(body, query, content_type):
    signature = sign(SECRET, raw_query=query, body=body, content_type=content_type)
    headers = {"X-Zoho-Webhook-Signature": signature}

    assert check(headers, query=query, body=body, content_type=content_type) is Proof.SIGNATURE
    if content_type != FORM:
        assert check(headers, query=query, body=body + b"1", content_type=content_type) is Refusal.WRONG


@given(
    headers=st.dictionaries(
        st.sampled_from(["X-Webhook-Key", "X-API-Key", "X-Zoho-Webhook-Signature"]), st.text(max_size=70), max_size=3
    ),
    body=st.binary(max_size=60),
    query=st.text(st.characters(codec="latin-1"), max_size=20),
    content_type=st.sampled_from([JSON, FORM]),
)
def test_nonsense_is_refused_and_never_an_error(headers, body, query, content_type):
    assert isinstance(check(headers, body=body, query=query, content_type=content_type), Refusal)


# --- at the door -----------------------------------------------------------------------------------


@pytest.fixture
def door(settings):
    """A door that knows API keys and no signing secret."""
    settings.WEBHOOK_API_KEYS, settings.ZOHO_WEBHOOK_SECRETS = [KEY, OLD_KEY], []
    cache.clear()
    yield lambda query="", **headers: Client().post(
        f"/api/zoho/webhooks/products{query}", BODY, content_type=headers.pop("content_type", JSON), headers=headers
    )
    cache.clear()


@pytest.mark.django_db
@pytest.mark.lesson("L14")
def test_signatures_that_nobody_can_check_are_told_once_and_put_off(door):
    with structlog.testing.capture_logs() as lines:
        answers = [door(**signed(BODY)) for _ in range(25)]

    assert [answer.status_code for answer in answers] == [503] * 20 + [429] * 5
    assert int(answers[-1]["Retry-After"]) > 0
    assert [line["log_level"] for line in lines if line["event"] == "webhook_secret_not_configured"] == ["error"]
    assert door(**{"X-Webhook-Key": KEY}).status_code == 202


@pytest.mark.django_db
@pytest.mark.lesson("L14")
def test_a_key_is_stored_wherever_the_caller_put_it_as_stars(door):
    answer = door(
        f"?{KEY}=1&note=is+{OLD_KEY}&{KEY}",
        content_type=f"{JSON}; boundary={KEY}",
        **{"X-Webhook-Key": KEY, "User-Agent": f"Zoho {KEY}", "Accept": OLD_KEY, "X-Request-Id": f"r-{KEY}"},
    )

    event = InboxEvent.objects.get()
    assert (answer.status_code, event.zoho_id) == (202, "1")
    assert event.query == {"***": "***", "note": "is ***"}
    assert (event.headers["User-Agent"], event.headers["Accept"]) == ("Zoho ***", "***")
    assert event.content_type == event.headers["Content-Type"] == f"{JSON}; boundary=***"
    assert KEY not in f"{event.request_id} {event.headers} {answer.content.decode()} {dict(answer.headers)}"
