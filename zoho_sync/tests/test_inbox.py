"""Receiving: stored before it is understood, counted when it comes again, queued in the same transaction."""

from __future__ import annotations

import json
import threading
import uuid
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings
from django_q.models import OrmQ
from hypothesis import given
from hypothesis import strategies as st

from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox import Delivery, observe, receive
from zoho_sync.models import Alert, InboxEvent, SyncQueueItem
from zoho_sync.tests.road import FORM, JSON, NOON, contact, deliver, item, jobs, receive_body, seconds, states
from zoho_sync.tests.test_bodies import BODIES, CONTENT_TYPES, PATHS

pytestmark = pytest.mark.django_db


def test_a_delivery_is_stored_as_it_came_and_its_record_queued():
    body = b'{"item": {"item_id": "1",  "name": "A", "last_modified_time": "2026-03-01T10:00:05+0300"} }'

    receipt = receive(
        Delivery(
            path="products",
            body=body,
            proof=InboxEvent.Proof.SIGNATURE,
            received_at=NOON,
            content_type=JSON,
            headers={"User-Agent": "Zoho"},
            query={"a": "b"},
            address="192.0.2.7",
            request_id="r-1",
        )
    )

    event = InboxEvent.objects.get()
    assert bytes(event.body) == body
    assert (event.uuid, event.body_sha256) == (receipt.event_id, receipt.idempotency_key)
    assert (receipt.queued, receipt.duplicate, receipt.invalid) == (True, False, "")
    assert (event.module, event.zoho_id, event.state, event.deliveries) == ("item", "1", "queued", 1)
    assert (event.proof, event.headers, event.query) == ("signature", {"User-Agent": "Zoho"}, {"a": "b"})
    assert (event.address, event.request_id, event.received_at) == ("192.0.2.7", "r-1", NOON)
    job = SyncQueueItem.objects.get()
    assert (job.module, job.zoho_id, job.status, job.priority) == ("item", "1", "pending", 4)
    assert (job.next_attempt_at, job.attempts) == (NOON, 0)


def test_the_same_bytes_again_are_one_event_with_two_deliveries():
    first = receive_body(item())
    again = receive_body(item(), at=NOON + seconds(86_400))

    event = InboxEvent.objects.get()
    assert (again.duplicate, again.queued, again.event_id) == (True, False, first.event_id)
    assert (event.deliveries, event.received_at, event.last_delivered_at) == (2, NOON, NOON + seconds(86_400))
    assert jobs() == ["pending"]


def test_a_b_a_is_three_events_and_one_job():
    for rate in ("5", "4", "5"):
        receive_body(item(rate=rate))

    assert states() == ["queued", "queued", "queued"]
    assert jobs() == ["pending"]


def test_the_same_bytes_as_an_edit_and_as_a_delete_are_two_events():
    receive_body(item())
    receive_body(item(), query={"event": "deleted"})
    receive_body(item(), method="DELETE")

    operations = InboxEvent.objects.order_by("id").values_list("operation", "deliveries")
    assert list(operations) == [("upsert", 1), ("delete", 2)]


def test_the_same_bytes_for_other_records_are_other_events():
    receive_body(b"", method="DELETE", path="products", query={"item_id": "1"})
    receive_body(b"", method="DELETE", path="products", query={"item_id": "2"})

    assert list(InboxEvent.objects.order_by("id").values_list("zoho_id", "deliveries")) == [("1", 1), ("2", 1)]


def test_several_records_are_one_split_event_and_a_child_for_each():
    body = {"items": [{"item_id": "2", "name": "B"}, {"item_id": "1", "name": "A", "rate": 1.10}]}

    receipt = receive_body(body)

    whole, *children = InboxEvent.objects.order_by("id")
    assert (whole.uuid, whole.state, whole.zoho_id, whole.reason) == (receipt.event_id, "split", "", "2 records")
    assert (receipt.records, receipt.queued) == (2, True)
    assert [(child.zoho_id, child.state, child.parent_id, child.proof) for child in children] == [
        ("1", "queued", whole.pk, "parent"),
        ("2", "queued", whole.pk, "parent"),
    ]
    assert json.loads(bytes(children[0].body)) == {"items": {"item_id": "1", "name": "A", "rate": 1.1}}
    assert observe(children)[0].payload == {"item_id": "1", "name": "A", "rate": Decimal("1.10")}
    assert list(SyncQueueItem.objects.order_by("zoho_id").values_list("zoho_id", flat=True)) == ["1", "2"]


def test_a_split_delivery_that_comes_again_is_counted_on_the_whole():
    body = {"items": [{"item_id": "1", "name": "A"}, {"item_id": "2", "name": "B"}]}
    receive_body(body)
    again = receive_body(body)

    assert again.duplicate is True
    assert list(InboxEvent.objects.order_by("id").values_list("state", "deliveries")) == [
        ("split", 2),
        ("queued", 1),
        ("queued", 1),
    ]


def test_one_record_twice_in_a_delivery_keeps_its_order():
    receive_body({"items": [{"item_id": "1", "name": "old"}, {"item_id": "1", "name": "new"}]})

    names = [one.payload["name"] for one in observe(InboxEvent.objects.queued().order_by("id"))]
    assert names == ["old", "new"]
    assert jobs() == ["pending"]


def test_what_cannot_be_read_is_kept_with_the_reason_and_an_alert():
    receipt = receive_body(b"\xff\xfe not json")

    event = InboxEvent.objects.get()
    assert bytes(event.body) == b"\xff\xfe not json"
    assert (event.state, event.module, event.settled_at) == ("invalid", "", NOON)
    assert event.reason == receipt.invalid == "the body is not utf-8"
    assert (receipt.queued, receipt.duplicate) == (False, False)
    assert not SyncQueueItem.objects.exists()
    alert = Alert.objects.get()
    assert (alert.code, alert.fingerprint, alert.count) == ("invalid_payload", "invalid_payload:products", 1)


def test_invalid_deliveries_of_a_path_share_one_alert():
    receive_body(b"a")
    receive_body(b"b")
    again = receive_body(b"b")

    assert again.duplicate is True
    assert [event.deliveries for event in InboxEvent.objects.order_by("id")] == [1, 2]
    assert Alert.objects.get().count == 3


def test_what_is_observed_is_what_was_stored():
    event = deliver(
        b'{"vendor": {"vendor_id": "4", "vendor_name": "A", "last_modified_time": "2026-03-01T10:00:00+0300"}}',
        path="vendors",
    )

    [seen] = observe([event])

    assert (seen.zoho_id, seen.kind.value, seen.event) == ("4", "webhook", event.pk)
    assert (seen.observed_at, seen.modified_at) == (NOON, event.modified_at)
    assert seen.payload["contact_name"] == "A"
    assert seen.hints == {"contact_type": "vendor"}


def test_a_delete_is_observed_as_gone():
    [seen] = observe([deliver(item(), query={"event": "deleted"})])

    assert (seen.kind.value, seen.confirmed) == ("gone", False)


def test_stored_bytes_that_cannot_be_read_any_more_say_so():
    event = deliver(item())
    event.body = b"torn"

    with pytest.raises(InvalidPayload):
        observe([event])


# --- the transaction, the lock and the ring --------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_delivery_rings_after_its_commit_and_never_more_often_than_there_are_workers(settings):
    settings.TDS_WORKERS = 2
    with transaction.atomic():
        receive_body(item("1"))
        assert OrmQ.objects.count() == 0

    assert OrmQ.objects.count() == 1
    for number in range(2, 6):
        receive_body(item(str(number)))
    assert OrmQ.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_redelivery_and_an_invalid_one_ring_nobody():
    receive_body(item())
    OrmQ.objects.all().delete()
    receive_body(item())
    receive_body(b"?")

    assert OrmQ.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_event_and_job_are_stored_together_or_not_at_all():
    class Stop(Exception):
        pass

    with pytest.raises(Stop), transaction.atomic():
        receive_body(item())
        raise Stop

    assert (InboxEvent.objects.count(), SyncQueueItem.objects.count(), OrmQ.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_ring_that_fails_does_not_fail_the_delivery():
    with connection.schema_editor() as editor:
        editor.alter_db_table(OrmQ, "django_q_ormq", "away")
    try:
        receipt = receive_body(item())
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(OrmQ, "away", "django_q_ormq")

    assert receipt.queued is True
    assert states() == ["queued"]


@pytest.mark.django_db(transaction=True)
def test_two_equal_deliveries_at_once_are_one_event():
    together = threading.Barrier(6)
    receipts = []

    def post():
        try:
            together.wait(10)
            receipts.append(receive_body(contact(), path="customers"))
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    event = InboxEvent.objects.get()
    assert event.deliveries == 6
    assert [receipt.duplicate for receipt in receipts].count(False) == 1
    assert {receipt.event_id for receipt in receipts} == {event.uuid}
    assert jobs("contact", "7") == ["pending"]


# --- anything at all -----------------------------------------------------------------------------


@given(
    body=BODIES,
    content_type=CONTENT_TYPES,
    path=PATHS.filter(bool),
    method=st.sampled_from(["POST", "DELETE"]),
    query=st.dictionaries(st.sampled_from(["event", "item_id"]), st.sampled_from(["deleted", "1", "x"]), max_size=2),
)
def test_whatever_comes_is_stored_whole(body, content_type, path, method, query):
    before = InboxEvent.objects.count()
    with transaction.atomic():
        receipt = receive_body(body, path=path, method=method, content_type=content_type, query=query)
        event = InboxEvent.objects.get(uuid=receipt.event_id)
        new = InboxEvent.objects.count() - before

        assert bytes(event.body) == body
        if receipt.invalid:
            assert (event.state, event.module, new) == ("invalid", "", 1)
            assert not SyncQueueItem.objects.exists()
        else:
            queued = InboxEvent.objects.queued()
            assert observe(queued)
            assert set(queued.values_list("module", "zoho_id")) == set(
                SyncQueueItem.objects.waiting().values_list("module", "zoho_id")
            )
            assert new == (1 if event.state == "queued" else 1 + event.children.count())
        transaction.set_rollback(True)


KEY = "k" * 20


@given(
    body=BODIES,
    content_type=CONTENT_TYPES.filter(lambda text: "\n" not in text and "\r" not in text),
    path=PATHS.filter(bool),
    query=st.text(max_size=20),
    method=st.sampled_from(["post", "put", "delete"]),
    proof=st.sampled_from(["key", "wrong", "none"]),
)
@override_settings(WEBHOOK_API_KEYS=[KEY], ZOHO_WEBHOOK_SECRETS=[])
def test_the_door_always_gives_a_clear_answer(body, content_type, path, query, method, proof):
    headers = {"key": {"X-Webhook-Key": KEY}, "wrong": {"X-Webhook-Key": "nonsense"}, "none": {}}[proof]
    with transaction.atomic():
        answer = getattr(Client(raise_request_exception=False), method)(
            f"/api/zoho/webhooks/{path}",
            data=body,
            content_type=content_type,
            headers=headers,
            query_params={"q": query},
            REMOTE_ADDR=f"2001:db8::{uuid.uuid4().hex[:4]}",
        )
        stored = InboxEvent.objects.count()
        transaction.set_rollback(True)

    assert answer.status_code in ({202} if proof == "key" else {401, 429})
    assert stored >= 1 if proof == "key" else stored == 0
    assert answer.json()


@pytest.fixture
def webhook_key(settings):
    settings.WEBHOOK_API_KEYS = [KEY]
    settings.ZOHO_WEBHOOK_SECRETS = []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"CONTENT_LENGTH": str(1024 * 1024 + 1)}, 413),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
        ({"HTTP_X_WEBHOOK_KEY": ""}, 401),
        ({"HTTP_X_WEBHOOK_KEY": "wrong"}, 401),
        ({}, 202),
    ],
)
def test_what_is_refused_at_the_door_is_not_stored(webhook_key, changes, status):
    extra = {"HTTP_X_WEBHOOK_KEY": KEY, "REMOTE_ADDR": "2001:db8::1:1", **changes}

    answer = Client().post("/api/zoho/webhooks/products", json.dumps(item()), content_type=JSON, **extra)

    assert answer.status_code == status
    assert InboxEvent.objects.count() == (1 if status == 202 else 0)


def test_a_form_is_taken_at_the_door(webhook_key):
    answer = Client().post(
        "/api/zoho/webhooks/products", "item_id=1&name=A", content_type=FORM, headers={"X-Webhook-Key": KEY}
    )

    assert (answer.status_code, answer.json()["queued"]) == (202, True)
    assert InboxEvent.objects.get().zoho_id == "1"
