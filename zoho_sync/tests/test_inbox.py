"""Receiving: stored before it is understood, counted when it comes again, queued in the same transaction."""

from __future__ import annotations

import json
import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django_q.models import OrmQ

from zoho_sync import queue
from zoho_sync.apply import apply_records
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox import Delivery, discard_invalid, observe, receive
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Alert, InboxEvent, SyncQueueItem
from zoho_sync.tests.road import (
    JSON,
    NOON,
    contact,
    deliver,
    drain,
    item,
    jobs,
    mirrored,
    moment,
    receive_body,
    seconds,
    states,
)

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


def test_a_delivery_of_another_organisation_is_kept_but_not_applied(settings):
    settings.ZOHO_ORGANIZATION_ID = "41"

    receipt = receive_body({"organization_id": "42", **item()})

    assert receipt.invalid == "organization_id: '42' is not the organisation whose books these are"
    assert states() == ["invalid"]
    assert receive_body({"organization_id": 41, **item()}).queued is True


def test_the_time_of_an_envelope_orders_its_event():
    envelope = {"entity_type": "item", "entity_id": "1", "data": {"name": "A"}, "event_time": moment(5)}

    assert deliver(envelope).modified_at == NOON - seconds(2 * 3600 - 5)


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


# --- the same bytes again, after the world went on -------------------------------------------------


def pull(*, at, zoho_id="1", module="item", **fields):
    """What Zoho's list said of a record when it was asked at `at`."""
    told = {"item_id": zoho_id, "name": f"Item {zoho_id}", **fields}
    seen = Observation(zoho_id=zoho_id, kind=Kind.LIST, payload=told, observed_at=at)
    with transaction.atomic():
        return apply_records(BY_MODULE[module], [seen], at=at)


def test_what_a_person_threw_away_is_new_work_when_it_comes_again():
    first = receive_body(item())
    queue.discard(SyncQueueItem.objects.all(), reason="a mistake", at=NOON)

    again = receive_body(item(), at=NOON + seconds(60))

    assert (again.duplicate, again.queued) == (False, True)
    assert again.event_id != first.event_id
    assert states() == ["discarded", "queued"]
    assert jobs() == ["discarded", "pending"]


def test_what_was_given_up_is_new_work_when_it_comes_again():
    receive_body(item(rate="abc"))
    drain()

    again = receive_body(item(rate="abc"), at=NOON + seconds(60))

    assert (again.duplicate, again.queued) == (False, True)
    assert states() == ["dead", "queued"]
    assert jobs() == ["dead_letter", "pending"]


def test_what_a_person_put_aside_unread_is_stored_and_told_again():
    receive_body(b"?")
    discard_invalid(InboxEvent.objects.all(), reason="a test of theirs", at=NOON)

    again = receive_body(b"?", at=NOON + seconds(60))

    assert again.duplicate is False
    assert states() == ["discarded", "invalid"]
    assert Alert.objects.get().count == 2


@pytest.mark.lesson("L3")
def test_back_to_an_earlier_value_is_news_also_when_a_pull_brought_the_one_between():
    receive_body(item(rate=5))
    drain()
    pull(rate=6, at=NOON + seconds(60))

    again = receive_body(item(rate=5), at=NOON + seconds(120))
    drain(NOON + seconds(120))

    assert (again.duplicate, again.queued) == (False, True)
    assert states() == ["applied", "applied"]
    assert mirrored().payload["rate"] == 5


@pytest.mark.lesson("L3")
def test_a_pull_that_overtook_a_waiting_delivery_makes_its_redelivery_news():
    receive_body(item(rate=5))
    pull(rate=6, at=NOON + seconds(60))

    again = receive_body(item(rate=5), at=NOON + seconds(120))
    drain(NOON + seconds(120))

    assert (again.duplicate, again.queued) == (False, True)
    assert states() == ["stale", "applied"]
    assert mirrored().payload["rate"] == 5


@pytest.mark.lesson("L2")
def test_a_pull_that_saw_the_same_makes_no_work_of_a_redelivery():
    receive_body(item(rate=5))
    drain()
    pull(rate=Decimal("5.00"), stock_on_hand=3, at=NOON + seconds(60))

    again = receive_body(item(rate=5), at=NOON + seconds(86_400))

    assert (again.duplicate, again.queued) == (True, False)
    assert InboxEvent.objects.get().deliveries == 2
    assert jobs() == ["completed"]


@pytest.mark.lesson("L2")
def test_what_came_too_late_is_still_a_duplicate_when_it_comes_again():
    receive_body(item(rate=6, last_modified_time=moment(5)))
    receive_body(item(rate=5, last_modified_time=moment(4)), at=NOON + seconds(1))
    drain(NOON + seconds(1))

    again = receive_body(item(rate=5, last_modified_time=moment(4)), at=NOON + seconds(86_400))

    assert (again.duplicate, again.queued) == (True, False)
    assert list(InboxEvent.objects.order_by("id").values_list("deliveries", flat=True)) == [1, 2]


def test_a_delete_is_news_again_once_a_pull_found_the_record():
    receive_body(item(), query={"event": "deleted"})
    drain()
    seen = Observation(zoho_id="1", kind=Kind.DETAIL, payload=item()["item"], observed_at=NOON + seconds(60))
    with transaction.atomic():
        apply_records(BY_MODULE["item"], [seen], at=NOON + seconds(60))

    again = receive_body(item(), query={"event": "deleted"}, at=NOON + seconds(120))

    assert (again.duplicate, again.queued) == (False, True)


def test_an_edit_is_news_again_once_the_record_was_gone():
    receive_body(item())
    drain()
    with transaction.atomic():
        gone = Observation(zoho_id="1", kind=Kind.GONE, observed_at=NOON + seconds(60), confirmed=True)
        apply_records(BY_MODULE["item"], [gone], at=NOON + seconds(60))

    again = receive_body(item(), at=NOON + seconds(120))

    assert (again.duplicate, again.queued) == (False, True)


def test_a_list_that_comes_again_is_new_work_for_the_record_that_moved_on():
    body = {"items": [{"item_id": "1", "name": "Item 1", "rate": 5}, {"item_id": "2", "name": "Item 2", "rate": 5}]}
    receive_body(body)
    drain()
    pull(zoho_id="2", rate=6, at=NOON + seconds(60))

    again = receive_body(body, at=NOON + seconds(120))
    drain(NOON + seconds(120))

    assert (again.duplicate, again.queued, again.records) == (False, True, 2)
    events = InboxEvent.objects.order_by("id").values_list("state", "zoho_id", "deliveries")
    assert list(events) == [
        ("split", "", 1),
        ("applied", "1", 2),
        ("applied", "2", 1),
        ("split", "", 1),
        ("applied", "2", 1),
    ]
    assert mirrored(zoho_id="2").payload["rate"] == 5


def test_a_list_that_names_a_record_twice_is_a_duplicate_when_it_comes_again():
    body = {"items": [{"item_id": "1", "name": "old"}, {"item_id": "1", "name": "new"}, {"item_id": ""}]}
    receive_body(body)
    receive_body(b"?")

    assert receive_body(body).duplicate is True
    assert InboxEvent.objects.count() == 5


def test_a_list_of_which_only_the_unreadable_part_is_new_queues_nothing():
    receive_body({"items": {"item_id": "1", "name": "A"}})

    receipt = receive_body({"items": [{"item_id": "1", "name": "A"}, {"item_id": ""}]})

    assert (receipt.queued, receipt.duplicate) == (False, False)
    assert states() == ["queued", "split", "invalid"]


@pytest.mark.parametrize("again", [False, True], ids=["nothing was seen since", "a pull saw the record since"])
def test_a_redelivery_costs_one_look_at_the_mirror(django_assert_max_num_queries, again):
    receive_body(item(rate=5))
    drain()
    if again:
        pull(rate=5, at=NOON + seconds(60))

    with django_assert_max_num_queries(5):  # savepoint, newest, mirror, count, release
        assert receive_body(item(rate=5), at=NOON + seconds(120)).duplicate is True


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
    with transaction.atomic():
        receive_body(item())
        transaction.set_rollback(True)

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
