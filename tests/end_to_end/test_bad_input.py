"""Rubbish from a caller who is genuine: a clear answer, a stored row, never a 500, never half a record."""

from __future__ import annotations

import json
import socket
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog.models import Product
from commerce.models import Invoice
from tests.live.records import customer, invoice, item
from tests.live.web import Web
from tests.live.workers import Workers
from tests.live.zoho import FORM, JSON, SIGNATURE, encode, sign
from zoho_sync.models import Alert, DeadLetter, InboxEvent, ZohoRecord

MEBIBYTE = 1024 * 1024
LONG_ID = "9223372036854775807"

# Body, content type and what the reason says.
UNREADABLE: dict[str, tuple[bytes, str, str]] = {
    "not JSON": (b"hello", JSON, "the body is not JSON"),
    "half of it": (b'{"item": {"item_id": "1"', JSON, "the body is not JSON"),
    "empty": (b"", JSON, "empty"),
    "only spaces": (b" \n ", JSON, "empty"),
    "a list": (b'[{"item": {"item_id": "1"}}]', JSON, "the body is a list, not an object"),
    "a text": (b'"item"', JSON, "the body is a text, not an object"),
    "a number": (b"7", JSON, "the body is a number, not an object"),
    "null": (b"null", JSON, "the body is a null, not an object"),
    "an empty object": (b"{}", JSON, "no record of a known module"),
    "an unknown module": (b'{"rocket": {"rocket_id": "1"}}', JSON, "no record of a known module"),
    "an unknown entity": (b'{"entity_type": "rocket", "entity_id": "1"}', JSON, "'rocket' is not a known module"),
    "no id": (b'{"item": {"name": "mouse"}}', JSON, "item_id"),
    "an empty id": (b'{"item": {"item_id": "", "name": "mouse"}}', JSON, "item_id"),
    "an id that is none": (b'{"item": {"item_id": "1 OR 1=1"}}', JSON, "item_id"),
    "an id that is a list": (b'{"item": {"item_id": [1]}}', JSON, "item_id"),
    "a true id": (b'{"item": {"item_id": true}}', JSON, "item_id"),
    "an id of 60 digits": (b'{"item": {"item_id": ' + b"9" * 60 + b"}}", JSON, "item_id"),
    "deeply nested": (b'{"item": ' * 50_000 + b"1" + b"}" * 50_000, JSON, "nested too deeply"),
    "deeply nested lists": (
        b'{"item": {"item_id": "1", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        JSON,
        "nested",
    ),
    "NaN": (b'{"item": {"item_id": "1", "rate": NaN}}', JSON, "NaN is not a number"),
    "Infinity": (b'{"item": {"item_id": "1", "rate": -Infinity}}', JSON, "-Infinity is not a number"),
    "1e999999": (b'{"item": {"item_id": "1", "rate": 1e999999}}', JSON, "number out of range"),
    "a number of 100,000 digits": (
        b'{"item": {"item_id": "1", "rate": ' + b"9" * 100_000 + b"}}",
        JSON,
        "out of range",
    ),
    "NUL": (b'{"item": {"item_id": "1", "name": "a\\u0000b"}}', JSON, "a NUL character"),
    "a NUL key": (b'{"item": {"item_id": "1", "a\\u0000b": 1}}', JSON, "a NUL character"),
    "a raw NUL": (b'{"item": {"item_id": "1", "name": "a\x00b"}}', JSON, "the body is not JSON"),
    "a lone surrogate": (b'{"item": {"item_id": "1", "name": "\\ud83d"}}', JSON, "a lone surrogate"),
    "bytes that are no UTF-8": (b'{"item": {"item_id": "1", "name": "\xff"}}', JSON, "the body is not utf-8"),
    "UTF-16 called UTF-8": ('{"item": {"item_id": "1"}}'.encode("utf-16"), JSON, "the body is not utf-8"),
    "an unknown encoding": (b'{"item": {"item_id": "1"}}', f"{JSON}; charset=klingon", "'klingon' is not one we read"),
    "a form without a record": (b"colour=red", FORM, "no record of a known module"),
    "a form with broken JSON": (b"JSONString=%7B", FORM, "the body is not JSON"),
    "a nonsense time": (
        b'{"item": {"item_id": "1", "last_modified_time": "yesterday"}}',
        JSON,
        "last_modified_time: 'yesterday' is not a timestamp",
    ),
    "an envelope without data": (b'{"entity_type": "item", "data": [1], "entity_id": "1"}', JSON, "data: is a list"),
    "a record that is a text": (b'{"item": "1"}', JSON, "no record of a known module"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_stored_and_answered_clearly(web: Web, case: str) -> None:
    body, content_type, reason = UNREADABLE[case]

    answer = web.deliver("products", body, content_type=content_type)

    assert (answer["success"], answer["queued"]) == (False, False)
    assert reason in answer["message"]
    event = InboxEvent.objects.get()
    assert (event.state, str(event.uuid), bytes(event.body)) == ("invalid", answer["event_id"], body)
    assert reason in event.reason
    alert = Alert.objects.get()
    assert (alert.code, alert.state, alert.count) == ("invalid_payload", "open", 1)


def test_the_same_rubbish_again_is_counted_once(web: Web) -> None:
    first = web.deliver("products", b"hello")
    again = web.deliver("products", b"hello")
    web.deliver("products", b"goodbye")

    assert (again["event_id"], again["success"]) == (first["event_id"], False)
    assert list(InboxEvent.objects.order_by("id").values_list("deliveries", flat=True)) == [2, 1]
    assert Alert.objects.get().count == 3


# --- size ---------------------------------------------------------------------------------------------


def test_a_mebibyte_is_taken_and_a_byte_more_is_not(web: Web, workers: Workers) -> None:
    body = encode(item("1", cf_notes=""))
    largest = body.replace(b'""', b'"' + b"x" * (MEBIBYTE - len(body)) + b'"')
    assert len(largest) == MEBIBYTE

    web.deliver("products", largest)
    workers.settle()
    response = web.post("products", largest.replace(b'"x', b'"xx', 1))

    assert InboxEvent.objects.get().state == "applied"
    assert len(ZohoRecord.objects.get().payload["cf_notes"]) == MEBIBYTE - len(body)
    assert (response.status_code, response.headers["Content-Type"]) == (413, "application/problem+json")


def test_a_length_is_asked_for(web: Web) -> None:
    response = web.call("/api/zoho/webhooks/products", iter([b"{}"]), headers={"X-API-Key": web.secrets.api_key})

    assert (response.status_code, response.json()["code"]) == (411, "length_required")


@pytest.mark.parametrize("length", ["-1", "ten", "99999999999999999999"])
def test_a_nonsense_length_is_no_500(web: Web, length: str) -> None:
    host = urlsplit(web.url)
    head = f"POST /api/zoho/webhooks/products HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection((host.hostname, host.port), timeout=10) as caller:
        caller.sendall(head.encode() + b"{}")
        status = caller.recv(1000).split()[1]

    assert status in (b"400", b"401", b"413")


def test_a_body_that_breaks_off_is_not_stored(web: Web) -> None:
    host, body = urlsplit(web.url), encode(item("1"))
    head = (
        f"POST /api/zoho/webhooks/products HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Type: {JSON}\r\n"
        f"{SIGNATURE}: {sign(web.secrets.signing, body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host.hostname, host.port), timeout=10) as caller:
        caller.sendall(head.encode() + body[:10])
        caller.shutdown(socket.SHUT_WR)
        caller.recv(1000)

    assert not InboxEvent.objects.exists()
    assert "Traceback" not in web.process.log


# --- odd, and readable --------------------------------------------------------------------------------


@pytest.mark.parametrize("zoho_id", [LONG_ID, int(LONG_ID)], ids=["text", "number"])
def test_ids_of_19_digits_keep_every_digit(web: Web, workers: Workers, zoho_id: str | int) -> None:
    web.deliver("products", {"item": {"item_id": zoho_id, "name": "mouse"}})
    workers.settle()

    assert Product.objects.get().zoho_id == LONG_ID


def test_the_id_as_number_and_as_text_is_one_record(web: Web, workers: Workers) -> None:
    for zoho_id in (LONG_ID, int(LONG_ID)):
        web.deliver("products", {"item": {"item_id": zoho_id, "name": "mouse"}})
    workers.settle()

    assert Product.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (b"0.1", "0.1"),
        (b'"1,234.56"', "1234.56"),
        (b"10.00", "10"),
        (b"1e3", "1000"),
        (b"123456789.123456", None),
        ('"٣"'.encode(), "3"),
    ],
)
def test_amounts_are_exact(web: Web, workers: Workers, sent: bytes, stored: str | None) -> None:
    web.deliver("products", b'{"item": {"item_id": "1", "name": "mouse", "rate": ' + sent + b"}}")
    workers.settle()

    assert Product.objects.get().base_price == Decimal(stored or sent.decode())


@pytest.mark.parametrize("rate", ["1e400", "12345678901234567890", "0.1234567", '"1.2.3"', "true", "[1]"])
def test_an_amount_that_no_column_holds_is_refused_whole(web: Web, workers: Workers, rate: str) -> None:
    web.deliver("products", f'{{"item": {{"item_id": "1", "name": "mouse", "rate": {rate}}}}}')
    workers.settle()

    assert not Product.objects.exists()
    event = InboxEvent.objects.get()
    assert event.state in ("dead", "invalid")
    assert event.state == "invalid" or DeadLetter.objects.get().message.startswith("rate: ")


@pytest.mark.parametrize("date", ["tomorrow", "2026-02-30", "31/31/2026", "20260309T", "٢٠٢٦-٠٣-٠٩x", [2026]])
def test_a_nonsense_date_is_refused_by_name(web: Web, workers: Workers, date: Any) -> None:
    web.deliver("customers", customer("9"))
    web.deliver("invoices", invoice("1", customer_id="9", date=date))
    workers.settle()

    assert not Invoice.objects.exists()
    assert DeadLetter.objects.get().message.startswith("date: ")


def test_a_thousand_keys_are_only_long(web: Web, workers: Workers) -> None:
    keys = {f"cf_{number}": f"value {number}" for number in range(1000)}

    web.deliver("products", item("1", **keys))
    workers.settle()

    assert Product.objects.get().name == "item 1"


def test_hundreds_of_records_in_one_body(web: Web, workers: Workers) -> None:
    answer = web.deliver("products", {"items": [item(str(number))["item"] for number in range(300)]})
    workers.settle(seconds=60)

    assert (answer["records"], answer["queued"]) == (300, True)
    assert Product.objects.count() == 300


def test_one_bad_record_in_a_list_harms_no_other(web: Web, workers: Workers) -> None:
    rows = [{"item_id": "1", "name": "mouse"}, {"name": "no id"}]

    answer = web.deliver("products", {"items": rows})
    workers.settle()

    assert (answer["success"], answer["records"], answer["queued"]) == (True, 2, True)
    assert [*InboxEvent.objects.order_by("id").values_list("state", flat=True)] == ["split", "invalid", "applied"]
    assert InboxEvent.objects.get(state="invalid").reason == "item_id: None is missing"
    assert (Product.objects.get().name, Alert.objects.get().code) == ("mouse", "invalid_payload")

    again = web.deliver("products", {"items": rows})

    assert (again["duplicate"], again["queued"], InboxEvent.objects.count()) == (True, False, 3)


@pytest.mark.parametrize(
    ("charset", "name"), [("windows-1256", "ماوس"), ("iso-8859-1", "café"), ("utf-16", "ماوس"), ("UTF-8", "ماوس 🖱")]
)
def test_other_encodings_are_read_as_they_say(web: Web, workers: Workers, charset: str, name: str) -> None:
    text = json.dumps(item("1", name=name), ensure_ascii=False)

    web.deliver("products", text.encode(charset), content_type=f"{JSON}; charset={charset}")
    workers.settle()

    assert Product.objects.get().name == name


@pytest.mark.parametrize("content_type", ["", "text/plain", "nonsense", f"{JSON}; charset", "a" * 3000, "\x80/\xff"])
def test_an_odd_content_type_is_no_500(web: Web, content_type: str) -> None:
    response = web.call(
        "/api/zoho/webhooks/products",
        encode(item("1")),
        headers={"Content-Type": content_type, "X-API-Key": web.secrets.api_key},
    )

    assert response.status_code == 202
    assert InboxEvent.objects.get().state in ("queued", "applied", "invalid")


@pytest.mark.parametrize(
    "query", ["%00=%00", "a=%FF%FE", "event=%ED%A0%80", "=&&=&a", "a[]=1&a[]=2", "x=" + "y" * 3000]
)
def test_an_odd_query_is_no_500(web: Web, query: str) -> None:
    response = web.call(
        f"/api/zoho/webhooks/products?{query}",
        encode(item("1")),
        headers={"Content-Type": JSON, "X-API-Key": web.secrets.api_key},
    )

    assert response.status_code == 202, response.text
    assert InboxEvent.objects.get().state in ("queued", "applied")
