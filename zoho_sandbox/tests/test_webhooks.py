from __future__ import annotations

import hashlib
import hmac
import re

import pytest

from zoho_sandbox.webhooks import sign

SECRET = "abcdefghij0123456789"


@pytest.fixture
def listening(zoho, receiver):
    zoho.control("webhooks", to=receiver.address, secret=SECRET, key="the-key", retry_seconds=0.02)
    return receiver


def test_the_signed_text_is_the_sorted_query_and_the_raw_body():
    body = b'{"created_date":"2019-03-06","event_id":"5675"}'

    signature = sign("secret", [("subscription_id", "90343"), ("name", "basic")], body)

    text = b"namebasicsubscription_id90343" + body
    assert signature == hmac.new(b"secret", text, hashlib.sha256).hexdigest()


def test_a_change_sends_the_whole_record_signed(zoho, listening):
    item = zoho.control("list", module="item")[0]

    zoho.control("patch", module="item", id=item["item_id"], changes={"rate": 12.5, "purchase_rate": 7})

    assert zoho.control("flush")
    (call,) = listening.received
    assert (call["method"], call["path"], call["query"]) == ("POST", "/api/zoho/webhooks/products", "")
    assert call["headers"]["X-Webhook-Key"] == "the-key"
    signature = call["headers"]["X-Zoho-Webhook-Signature"]
    assert re.fullmatch("[0-9a-f]{64}", signature)
    assert signature == hmac.new(SECRET.encode(), call["body"], hashlib.sha256).hexdigest()
    (body,) = listening.bodies()
    assert body["item"]["item_id"] == item["item_id"]
    assert body["item"]["last_modified_time"] == "2026-11-01T09:00:01+0300"
    assert "package_details" in body["item"]
    assert b'"rate":12.5,"purchase_rate":7,' in call["body"]


def test_a_deletion_says_so_in_its_signed_query(zoho, listening):
    item = zoho.control("list", module="item")[0]

    zoho.control("delete", module="item", id=item["item_id"], delete_method="DELETE")

    assert zoho.control("flush")
    (call,) = listening.received
    assert (call["method"], call["query"]) == ("DELETE", "event=deleted")
    expected = hmac.new(SECRET.encode(), b"eventdeleted" + call["body"], hashlib.sha256).hexdigest()
    assert call["headers"]["X-Zoho-Webhook-Signature"] == expected
    assert zoho.get(f"/inventory/v1/items/{item['item_id']}").json()["code"] == 1002


def test_what_is_refused_comes_again_and_is_given_up_in_the_end(zoho, listening):
    listening.answers += [503, 302]
    zoho.control("create", module="contact")
    assert zoho.control("flush")

    listening.answers += [500] * 3
    zoho.control("create", module="bill", retries=2)
    assert zoho.control("flush")

    contact, bill = (zoho.get("/_control/stats").json()["webhooks"]["by_module"][m] for m in ("contact", "bill"))
    assert [call["body"] == listening.received[0]["body"] for call in listening.received[:3]] == [True] * 3
    assert contact == {
        "sent": 3,
        "accepted": 1,
        "failed": 2,
        "resent": 2,
        "duplicated": 0,
        "delayed": 0,
        "dropped": 0,
        "given_up": 0,
    }
    assert (bill["sent"], bill["accepted"], bill["given_up"]) == (3, 0, 1)
    assert zoho.get("/_control/stats").json()["webhooks"]["answers"] == {"202": 1, "302": 1, "500": 3, "503": 1}


def test_twice_never_and_late(zoho, listening):
    zoho.control("create", module="item", duplicate=1)
    zoho.control("create", module="item", drop=1)
    zoho.control("create", module="item", late=0.1)
    assert zoho.control("flush")

    item = zoho.get("/_control/stats").json()["webhooks"]["by_module"]["item"]
    assert (item["sent"], item["duplicated"], item["dropped"]) == (3, 1, 1)
    assert listening.received[0]["body"] == listening.received[1]["body"]


def test_what_is_delayed_is_overtaken_by_younger_news(zoho, listening):
    item = zoho.control("list", module="item")[0]

    zoho.control("patch", module="item", id=item["item_id"], changes={"rate": 1}, delayed=1, delay_seconds=0.3)
    zoho.control("patch", module="item", id=item["item_id"], changes={"rate": 2})

    assert zoho.control("flush")
    assert [int(body["item"]["rate"]) for body in listening.bodies()] == [2, 1]
    assert zoho.get("/_control/stats").json()["webhooks"]["delayed"] == 1


def test_what_piles_up_can_leave_in_another_order(zoho, listening):
    item = zoho.control("list", module="item")[0]
    zoho.control("hold")
    for rate in range(10):
        zoho.control("patch", module="item", id=item["item_id"], changes={"rate": rate})
    zoho.control("webhooks", reorder=True)
    zoho.control("hold", held=False)
    assert zoho.control("flush")

    rates = [int(body["item"]["rate"]) for body in listening.bodies()]
    assert sorted(rates) == list(range(10))
    assert rates != list(range(10))


def test_several_hands_send_everything_once(zoho, listening):
    item = zoho.control("list", module="item")[0]
    zoho.control("webhooks", hands=4)
    for rate in range(30):
        zoho.control("patch", module="item", id=item["item_id"], changes={"rate": rate})
    assert zoho.control("flush")

    assert sorted(int(body["item"]["rate"]) for body in listening.bodies()) == list(range(30))
    stats = zoho.get("/_control/stats").json()["webhooks"]
    assert (stats["sent"], stats["accepted"], stats["waiting"]) == (30, 30, 0)


def test_a_payment_tells_of_the_invoices_it_settles(zoho, listening):
    zoho.control("create", module="customerpayment")
    assert zoho.control("flush")

    assert [call["path"].rsplit("/", 1)[1] for call in listening.received[:2]] == ["payments", "invoices"]
    payment, invoice = (next(iter(body.values())) for body in listening.bodies()[:2])
    assert payment["invoices"][0]["invoice_id"] == invoice["invoice_id"]


def test_modules_without_webhooks_and_quiet_changes_send_nothing(zoho, listening):
    zoho.control("create", module="purchaseorder")
    zoho.control("create", module="item", webhook=False)
    assert zoho.control("flush")

    assert listening.received == []


def test_an_address_where_nobody_listens_counts_as_failed(zoho):
    zoho.control("webhooks", to="http://127.0.0.1:9", retries=1, retry_seconds=0.01)
    zoho.control("create", module="item")
    assert zoho.control("flush")

    stats = zoho.get("/_control/stats").json()["webhooks"]
    assert (stats["sent"], stats["accepted"], stats["failed"], stats["given_up"]) == (2, 0, 2, 1)
    assert stats["answers"] == {"ConnectionError": 2}
