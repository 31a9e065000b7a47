"""Who is let in: only callers who prove that they are Zoho, and what they show is kept by nobody."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Product
from tests.end_to_end.conftest import Machine
from tests.live.records import item
from tests.live.tables import find_in_tables
from tests.live.web import Web
from tests.live.workers import Workers
from tests.live.zoho import FORM, JSON, SIGNATURE, digest, encode, sign
from zoho_sync.models import InboxEvent

PATH = "/api/zoho/webhooks/products"
# The one whole example of the manual (api.md §5): query pairs in key order, then the body as it stands.
OFFICIAL_QUERY = "subscription_id=90343&name=basic"
OFFICIAL_BODY = b'{"created_date":"2019-03-06","event_id":"5675"}'
OFFICIAL_TEXT = 'namebasicsubscription_id90343{"created_date":"2019-03-06","event_id":"5675"}'


def proofs_of_official_example(secret: str) -> dict[str, str]:
    whole = digest(secret, OFFICIAL_TEXT)
    return {"hex": whole.hex(), "upper-case hex": whole.hex().upper(), "base64": base64.b64encode(whole).decode()}


@pytest.fixture
def open_web(clean: None, machine: Machine) -> Iterator[Web]:
    """A server that was never told a secret."""
    environment = machine.environment(WEBHOOK_API_KEY="", ZOHO_WEBHOOK_SECRET="")
    server = Web(environment=environment, folder=machine.folder, secrets=machine.secrets)
    yield server
    server.stop()


# --- the signature ------------------------------------------------------------------------------------


@pytest.mark.lesson("L14")
@pytest.mark.parametrize("form", ["hex", "upper-case hex", "base64"])
def test_the_official_example_is_genuine(web: Web, form: str) -> None:
    signature = proofs_of_official_example(web.secrets.signing)[form]

    response = web.call(f"{PATH}?{OFFICIAL_QUERY}", OFFICIAL_BODY, headers={"Content-Type": JSON, SIGNATURE: signature})

    # It is no record of ours, so it is stored as invalid; but it was let in.
    assert (response.status_code, response.json()["success"]) == (202, False)
    event = InboxEvent.objects.get()
    assert (event.proof, event.state, bytes(event.body)) == ("signature", "invalid", OFFICIAL_BODY)


@pytest.mark.lesson("L14")
@pytest.mark.parametrize(
    ("query", "body"),
    [
        (OFFICIAL_QUERY, OFFICIAL_BODY + b" "),
        (OFFICIAL_QUERY, OFFICIAL_BODY.replace(b"5675", b"5676")),
        (OFFICIAL_QUERY.replace("basic", "premium"), OFFICIAL_BODY),
        ("name=basic", OFFICIAL_BODY),
        ("", OFFICIAL_BODY),
        (OFFICIAL_QUERY, b""),
    ],
    ids=["a space more", "another digit", "another value", "a pair less", "no query", "no body"],
)
def test_a_signature_over_other_bytes_is_refused(web: Web, query: str, body: bytes) -> None:
    signature = proofs_of_official_example(web.secrets.signing)["hex"]

    response = web.call(f"{PATH}?{query}", body, headers={"Content-Type": JSON, SIGNATURE: signature})

    assert (response.status_code, response.json()["code"]) == (401, "proof_wrong")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not InboxEvent.objects.exists()


@pytest.mark.lesson("L14")
@pytest.mark.parametrize(
    "make", [lambda _: "x" * 64, lambda _: "A" * 44, lambda _: "00", lambda s: s[:-1], lambda s: s + "0"]
)
def test_what_is_no_signature_is_refused(web: Web, make: Any) -> None:
    body = encode(item("1"))

    response = web.call(PATH, body, headers={"Content-Type": JSON, SIGNATURE: make(sign(web.secrets.signing, body))})

    assert response.status_code == 401


@pytest.mark.lesson("L14")
def test_a_form_is_signed_over_its_decoded_pairs(web: Web, workers: Workers) -> None:
    body = b"name=%D9%85%D8%A7%D9%88%D8%B3+a%26b&item_id=1"
    signature = digest(web.secrets.signing, "eventedited" + "item_id1" + "nameماوس a&b").hex()

    response = web.call(f"{PATH}?event=edited", body, headers={"Content-Type": FORM, SIGNATURE: signature})
    workers.settle()

    assert response.status_code == 202, response.text
    assert Product.objects.get().name == "ماوس a&b"


# --- keys, both proofs, rotation ------------------------------------------------------------------------


@pytest.mark.lesson("L14")
@pytest.mark.parametrize("header", ["X-Webhook-Key", "X-API-Key"])
def test_a_key_is_enough(web: Web, header: str) -> None:
    for number, key in enumerate((web.secrets.api_key, web.secrets.old_api_key)):
        response = web.call(PATH, encode(item(str(number))), headers={"Content-Type": JSON, header: key})
        assert (response.status_code, response.json()["success"]) == (202, True)

    assert set(InboxEvent.objects.values_list("proof", flat=True)) == {"api_key"}


@pytest.mark.lesson("L14")
def test_the_secret_before_the_last_still_signs(web: Web) -> None:
    body = encode(item("1"))

    response = web.call(PATH, body, headers={"Content-Type": JSON, SIGNATURE: sign(web.secrets.old_signing, body)})

    assert response.status_code == 202


@pytest.mark.lesson("L14")
@pytest.mark.parametrize(
    ("key_holds", "signature_holds", "status"), [(True, True, 202), (True, False, 401), (False, True, 401)]
)
def test_every_proof_presented_must_be_right(web: Web, key_holds: bool, signature_holds: bool, status: int) -> None:
    body = encode(item("1"))
    key = web.secrets.api_key if key_holds else "wrong"
    signature = sign(web.secrets.signing if signature_holds else "wrong", body)

    response = web.call(PATH, body, headers={"Content-Type": JSON, "X-Webhook-Key": key, SIGNATURE: signature})

    assert response.status_code == status
    assert list(InboxEvent.objects.values_list("proof", flat=True)) == (["both"] if status == 202 else [])


@pytest.mark.lesson("L14")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Webhook-Key": ""},
        {"X-Webhook-Key": "wrong"},
        {"X-API-Key": "مفتاح".encode().decode("latin-1")},
        {"X-Webhook-Key": "wrong", "X-API-Key": "wrong too"},
        {"Authorization": "Bearer wrong"},
    ],
)
def test_no_proof_or_a_wrong_one_is_refused(web: Web, headers: dict[str, str]) -> None:
    response = web.call(PATH, encode(item("1")), headers={"Content-Type": JSON, **headers})

    assert response.status_code == 401
    assert response.json()["code"] in ("proof_missing", "proof_wrong")
    assert not InboxEvent.objects.exists()


@pytest.mark.lesson("L14")
def test_a_secret_in_the_query_is_no_proof_and_is_not_kept(web: Web, workers: Workers) -> None:
    refused = web.call(f"{PATH}?key={web.secrets.api_key}", encode(item("1")), headers={"Content-Type": JSON})
    assert refused.status_code == 401

    query = f"auth_token={web.secrets.api_key}&X-API-Key={web.secrets.api_key}&note={web.secrets.signing}"
    taken = web.call(
        f"{PATH}?{query}", encode(item("1")), headers={"Content-Type": JSON, "X-Webhook-Key": web.secrets.api_key}
    )
    workers.settle()

    assert taken.status_code == 202
    assert list(find_in_tables(web.secrets)) == []


# --- nothing to compare with, too many failures ---------------------------------------------------------


@pytest.mark.lesson("L14")
def test_without_a_secret_the_door_stays_closed(open_web: Web) -> None:
    body = encode(item("1"))
    for proof in (
        {},
        {"X-Webhook-Key": open_web.secrets.api_key},
        {"X-Webhook-Key": ""},
        {SIGNATURE: sign("", body)},
        {SIGNATURE: sign(open_web.secrets.signing, body)},
    ):
        response = open_web.call(PATH, body, headers={"Content-Type": JSON, **proof})
        assert (response.status_code, response.json()["code"]) == (503, "not_configured")
        assert int(response.headers["Retry-After"]) > 0

    assert not InboxEvent.objects.exists()


@pytest.mark.lesson("L14")
def test_an_address_that_keeps_failing_is_put_off_but_genuine_calls_never_are(web: Web) -> None:
    address = web.new_address()

    def fail(address: str) -> int:
        return web.call(PATH, b"{}", headers={"X-Webhook-Key": "wrong"}, address=address).status_code

    statuses = [fail(address) for _ in range(30)]
    assert statuses == [401] * 20 + [429] * 10
    response = web.call(PATH, b"{}", headers={"X-Webhook-Key": "wrong"}, address=address)
    assert int(response.headers["Retry-After"]) > 0

    genuine = {"Content-Type": JSON, "X-Webhook-Key": web.secrets.api_key}
    assert web.call(PATH, encode(item("1")), headers=genuine, address=address).status_code == 202
    assert fail(web.new_address()) == 401


@pytest.mark.lesson("L14")
def test_a_caller_cannot_hide_behind_a_made_up_address(web: Web) -> None:
    address = web.new_address()

    made_up = (f"10.0.0.{number}, {address}" for number in range(21))
    statuses = [web.call(PATH, b"{}", headers={"X-API-Key": "wrong"}, address=one).status_code for one in made_up]

    assert statuses == [401] * 20 + [429]


# --- methods --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(web: Web, method: str) -> None:
    response = web.call(PATH, b"", method=method, headers={"X-Webhook-Key": web.secrets.api_key})

    assert (response.status_code, response.headers["Allow"]) == (405, "POST, PUT, DELETE")
    assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_post_and_put_are_the_same(web: Web, workers: Workers, method: str) -> None:
    web.deliver("products", item("1"), method=method)
    workers.settle()

    assert Product.objects.get().retired_at is None


@pytest.mark.parametrize("path", ["webhooks", "webhooks/", "webhooks/products/1", "webhooks/Products", "webhooks/item"])
def test_an_unknown_address_is_not_found(web: Web, path: str) -> None:
    response = web.call(f"/api/zoho/{path}", b"{}", headers={"X-Webhook-Key": web.secrets.api_key})

    assert (response.status_code, response.headers["Content-Type"]) == (404, "application/problem+json")


# --- nothing remains ------------------------------------------------------------------------------------


@pytest.mark.lesson("L14")
def test_no_row_log_or_answer_ever_holds_a_secret(web: Web, workers: Workers, machine: Machine) -> None:
    secrets, body = web.secrets, encode(item("1"))
    every_header = {
        "X-Webhook-Key": secrets.api_key,
        "X-API-Key": secrets.old_api_key,
        SIGNATURE: sign(secrets.signing, body),
        "Authorization": f"Bearer {secrets.api_key}",
        "Cookie": f"session={secrets.signing}",
        "Referer": f"https://example.com/?key={secrets.api_key}",
    }
    answers = [
        web.call(PATH, body, headers={"Content-Type": JSON, **every_header}),
        web.call(PATH, b"not JSON", headers={"Content-Type": JSON, "X-Webhook-Key": secrets.api_key}),
        web.call(PATH, body, headers={"Content-Type": JSON, **every_header, "X-API-Key": "wrong"}),
        web.call(f"/nowhere/{PATH}", body, headers=every_header),
        web.call(PATH, body, method="PATCH", headers=every_header),
        web.call(PATH, encode(item("2", rate="abc")), headers={"Content-Type": JSON, "X-API-Key": secrets.api_key}),
    ]
    workers.settle()

    assert [answer.status_code for answer in answers] == [202, 202, 401, 404, 405, 202]
    event = InboxEvent.objects.order_by("id")[0]
    assert event.headers.keys() <= {
        "Content-Type",
        "Content-Length",
        "User-Agent",
        "Accept",
        "Accept-Language",
        "X-Request-Id",
    }
    assert list(find_in_tables([*secrets, every_header[SIGNATURE]])) == []
    told = [answer.text + str(answer.headers) for answer in answers]
    told += [Path(file).read_text(encoding="utf-8") for file in machine.folder.glob("*.log")]
    for text in told:
        assert not [secret for secret in (*secrets, every_header[SIGNATURE]) if secret in text]
