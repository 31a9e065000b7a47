"""From the queue to the business row: what each claimed job and each of its events comes to."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from commerce.models import Customer, Invoice
from tsh_erp.events.models import StoredEvent
from zoho_sync import queue, worker
from zoho_sync.audit import audit
from zoho_sync.client.accounts import TIMEOUT_SECONDS as TOKEN_TIMEOUT_SECONDS
from zoho_sync.client.http import TIMEOUT_SECONDS
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem, ZohoRecord
from zoho_sync.queue import Work
from zoho_sync.tests.road import (
    NOON,
    Time,
    contact,
    deliver,
    drain,
    failing_save,
    invoice,
    item,
    jobs,
    mirrored,
    moment,
    other_entity,
    seconds,
    states,
)
from zoho_sync.worker.clock import DRAIN_SECONDS
from zoho_sync.worker.outcomes import PARENT_LOOK

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert [check for check in audit() if not check.holds] == []


@pytest.fixture
def certain_pause(settings):
    """Waits of at most a second, so that a second later everything is due again."""
    settings.TDS_RETRY_BASE_SECONDS = settings.TDS_RETRY_CAP_SECONDS = 1


def product(zoho_id="1"):
    return Product.objects.get(zoho_id=zoho_id)


def job(zoho_id="1", module="item"):
    return SyncQueueItem.objects.filter(zoho_id=zoho_id, module=module).latest("id")


def logged(zoho_id="1"):
    return list(SyncLog.objects.filter(zoho_id=zoho_id).order_by("id").values_list("outcome", "event_count"))


def breaking(error, *zoho_ids):
    """A registry in which saving these items raises `error`."""
    save = failing_save(BY_MODULE["item"], lambda value: error if value.zoho_id in zoho_ids else None)
    return other_entity("item", save=save)


# --- the good road -------------------------------------------------------------------------------


def test_a_delivery_becomes_a_product():
    event = deliver(item("1", name="كرسي", rate=12.50, sku="A-1"))

    assert drain(NOON + seconds(2)) == 1

    assert (product().name, product().base_price, product().sku) == ("كرسي", Decimal("12.50"), "A-1")
    event.refresh_from_db()
    assert (event.state, event.settled_at, event.log.outcome) == ("applied", NOON + seconds(2), "applied")
    entry = SyncLog.objects.get()
    assert (entry.module, entry.zoho_id, entry.attempt, entry.event_count) == ("item", "1", 1, 1)
    assert (entry.worker, entry.job_id, entry.started_at) == ("worker", job().pk, NOON + seconds(2))
    assert (job().status, job().attempts, job().lock_token) == ("completed", 1, None)
    assert StoredEvent.objects.get().correlation_id == entry.batch


def test_nothing_to_do_is_nothing_done():
    assert drain() == 0


def test_a_job_without_events_just_ends():
    queue.enqueue([Work(module="item", zoho_id="1")], at=NOON)

    assert drain() == 1
    assert (jobs(), logged()) == (["completed"], [("unchanged", 0)])


def test_a_storm_of_updates_is_one_job_and_ends_at_the_newest():
    for number in range(50):
        deliver(item("1", rate=number, last_modified_time=moment(number)))

    assert drain() == 1

    assert product().base_price == 49
    assert states() == ["superseded"] * 49 + ["applied"]
    newest = InboxEvent.objects.latest("id")
    assert set(InboxEvent.objects.filter(state="superseded").values_list("successor", flat=True)) == {newest.pk}
    assert logged() == [("applied", 50)]


@pytest.mark.parametrize("batch_size", [1, 10, 100])
def test_batches_of_any_size_come_to_the_same(settings, batch_size):
    settings.TDS_BATCH_SIZE = batch_size
    for number in range(25):
        deliver(item(str(number), rate=number))
    for number in range(0, 25, 2):
        deliver(item(str(number), rate=number + 100))

    assert drain() == 25
    assert {int(one.zoho_id): int(one.base_price) for one in Product.objects.all()} == {
        number: number + 100 if number % 2 == 0 else number for number in range(25)
    }


def test_an_exact_redelivery_after_it_was_applied_is_no_work():
    deliver(item())
    drain()
    deliver(item(), at=NOON + seconds(86_400))

    assert drain(NOON + seconds(86_400)) == 0
    assert InboxEvent.objects.get().deliveries == 2


def test_a_b_a_without_times_ends_at_a():
    for number, stock in enumerate((5, 4, 5)):
        deliver(item("1", stock_on_hand=stock), at=NOON + seconds(number))
        drain(NOON + seconds(number))

    assert product().accounting_on_hand == 5
    assert states() == ["applied", "applied", "applied"]


def test_a_b_a_with_a_newer_time_ends_at_a():
    for number, rate in enumerate((5, 4, 5)):
        deliver(item("1", rate=rate, last_modified_time=moment(number)), at=NOON + seconds(number))
    drain(NOON + seconds(3))

    assert product().base_price == 5
    assert states() == ["superseded", "superseded", "applied"]


def test_older_news_after_newer_is_superseded_while_both_wait():
    deliver(item("1", rate="12.50", last_modified_time=moment(5)))
    deliver(item("1", rate="9.00", last_modified_time=moment(4)))
    drain()

    assert product().base_price == Decimal("12.50")
    assert states() == ["applied", "superseded"]


def test_older_news_after_newer_is_stale_once_the_newer_was_applied():
    deliver(item("1", rate="12.50", last_modified_time=moment(5)))
    drain()
    deliver(item("1", rate="9.00", last_modified_time=moment(4)), at=NOON + seconds(9))
    drain(NOON + seconds(9))

    assert product().base_price == Decimal("12.50")
    assert states() == ["applied", "stale"]
    assert InboxEvent.objects.latest("id").reason == "older than what is known"
    assert logged()[-1] == ("stale", 1)


def test_two_partial_events_are_both_applied():
    deliver(item("1", rate=1))
    drain()
    deliver(item("1", name="New"), at=NOON + seconds(1))
    deliver(item("1", name=None, rate=2), at=NOON + seconds(2))
    drain(NOON + seconds(3))

    assert (product().name, product().base_price) == ("New", 2)
    assert states() == ["applied", "applied", "applied"]


def test_one_record_of_many_in_a_delivery_fails_alone():
    deliver({"items": [{"item_id": "1", "name": "A"}, {"item_id": "2", "name": "B", "rate": "cheap"}]})
    drain()

    assert (product("1").name, Product.objects.count()) == ("A", 1)
    assert states() == ["split", "applied", "dead"]


@pytest.mark.parametrize("how", [{"query": {"event": "deleted"}}, {"method": "DELETE"}])
def test_a_deleted_record_is_retired_and_nothing_wakes_it_by_itself(how):
    deliver(item("1", last_modified_time=moment(1)))
    drain()
    deliver(item("1", last_modified_time=moment(1)), at=NOON + seconds(60), **how)
    drain(NOON + seconds(60))
    assert product().retired_at == NOON + seconds(60)
    assert mirrored().state == "unconfirmed_gone"

    deliver(item("1", rate=5), at=NOON + seconds(61))
    drain(NOON + seconds(61))
    assert product().retired_at == NOON + seconds(60)
    assert states() == ["applied", "applied", "stale"]


def test_an_inactive_record_is_not_active_until_zoho_says_so():
    deliver(item("1", status="inactive", last_modified_time=moment(5)))
    drain()
    deliver(item("1", status="active", last_modified_time=moment(4)), at=NOON + seconds(9))
    drain(NOON + seconds(9))
    assert (product().is_active, mirrored().state) == (False, "inactive")

    deliver(item("1", status="active", last_modified_time=moment(6)), at=NOON + seconds(10))
    drain(NOON + seconds(10))
    assert (product().is_active, mirrored().state) == (True, "present")


def test_parents_are_done_before_their_children():
    deliver(invoice("9", customer="7"))
    deliver(contact("7"))

    assert drain() == 2
    assert Invoice.objects.get().customer == Customer.objects.get()
    assert set(states()) == {"applied"}


@pytest.mark.parametrize("news", ["new", "changed", "unchanged"])
def test_the_queries_of_a_drain_do_not_grow_with_the_batch(settings, news):
    settings.TDS_BATCH_SIZE = 50
    counts = {}
    for size in (1, 10, 50):
        ids = [f"{size}-{number}" for number in range(size)]
        if news != "new":
            for zoho_id in ids:
                deliver(item(zoho_id))
            drain()
        for zoho_id in ids:
            # The same content in other bytes, or another name.
            body = json.dumps(item(zoho_id, name="New" if news == "changed" else f"Item {zoho_id}"), indent=1)
            deliver(body.encode())
        claims = queue.claim("w", limit=50, at=NOON)
        reset_queries()  # as `work` begins, so that the count does
        with CaptureQueriesContext(connection) as queries:
            assert worker.work("w", claims, worker.Clock(now=lambda: NOON)) == size
        counts[size] = len(queries)

    assert 5 < counts[1] == counts[10] == counts[50]
    assert InboxEvent.objects.latest("id").state == ("unchanged" if news == "unchanged" else "applied")


# --- leases --------------------------------------------------------------------------------------


def test_a_worker_that_lost_its_lease_writes_nothing(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 300
    deliver(item("1", rate=1))
    slow = queue.claim("slow", limit=10, at=NOON)
    later = NOON + seconds(301)
    queue.return_expired_leases(at=later)
    quick = queue.claim("quick", limit=10, at=later)

    assert worker.work("slow", slow, worker.Clock(now=lambda: later)) == 0
    assert (Product.objects.count(), SyncLog.objects.count(), states()) == (0, 0, ["queued"])
    assert worker.work("quick", quick, worker.Clock(now=lambda: later)) == 1
    assert worker.work("slow", slow, worker.Clock(now=lambda: later)) == 0
    assert [entry.worker for entry in SyncLog.objects.all()] == ["quick"]


def test_every_drain_begins_with_what_dead_workers_left(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 300
    deliver(item("1"))
    deliver(item("2"))
    queue.claim("dead", limit=10, at=NOON)

    assert drain(NOON + seconds(299)) == 0
    drain(NOON + seconds(300))
    assert set(states()) == {"applied"}
    assert set(SyncQueueItem.objects.values_list("status", "attempts")) == {("completed", 2)}


def test_what_kills_its_worker_is_a_dead_letter_and_its_neighbours_are_not(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 300
    for zoho_id in ("1", "2", "3"):
        deliver(item(zoho_id))
    time, killed = Time(), []
    for _ in range(8):
        worker.recover(at=time.now)
        while claims := queue.claim("w", limit=10, at=time.now):
            if "2" in [claim.zoho_id for claim in claims]:
                killed.append(len(claims))
            else:
                worker.work("w", claims, worker.Clock(now=lambda: time.now))
        time.pass_by(seconds=300)

    assert killed == [3, 1, 1, 1]
    assert [jobs(zoho_id=zoho_id)[-1] for zoho_id in "123"] == ["completed", "dead_letter", "completed"]
    letter = DeadLetter.objects.get()
    assert (letter.zoho_id, letter.error_class) == ("2", "WorkerDied")
    assert letter.message == "4 workers died while they held this record"
    assert states() == ["applied", "dead", "applied"]


# --- waiting for parents -------------------------------------------------------------------------


def test_a_child_waits_for_its_parent_and_comes_with_it():
    deliver(invoice("9", customer="7"))
    drain()
    waiting = job("9", "invoice")
    assert (waiting.status, waiting.attempts, waiting.last_error) == ("retry", 0, "waits for contact 7")
    assert (waiting.waits_for_module, waiting.waits_for_id) == ("contact", "7")
    assert waiting.next_attempt_at == NOON + PARENT_LOOK
    assert logged("9") == [("waiting", 0)]

    deliver(contact("7"), at=NOON + seconds(60))
    assert drain(NOON + seconds(60)) == 2
    assert Invoice.objects.get().customer.name == "Ali"
    assert set(states()) == {"applied"}


def test_a_child_asks_again_by_itself_however_often_without_using_attempts():
    deliver(invoice("9", customer="7"))
    time = Time()
    for _ in range(10):
        drain(time.now)
        time.now += PARENT_LOOK

    assert (job("9", "invoice").attempts, logged("9")) == (0, [("waiting", 0)] * 10)


def test_a_parent_of_which_only_a_part_could_be_taken_wakes_its_children():
    deliver(invoice("9", customer="7"))
    drain()
    deliver(contact("7"), at=NOON + seconds(1))
    deliver(contact("7", credit_limit="much"), at=NOON + seconds(2))
    drain(NOON + seconds(3))

    assert Invoice.objects.count() == 1
    assert states() == ["applied", "applied", "dead"]


def test_patience_ends_after_a_day_of_waiting():
    deliver(invoice("9", customer="7"))
    begun = NOON + timedelta(days=3)  # nobody worked until then
    drain(begun)
    drain(begun + timedelta(hours=24))
    assert jobs("invoice", "9") == ["retry"]

    drain(begun + timedelta(hours=24) + PARENT_LOOK)
    assert jobs("invoice", "9") == ["dead_letter"]
    letter = DeadLetter.objects.get()
    assert letter.error_class == "WaitingForParent"
    assert letter.message == "waits for contact 7, which did not come within 24 hours"
    assert (states(), ZohoRecord.objects.count()) == (["dead"], 0)


def test_news_of_a_waiting_child_does_not_end_its_waiting():
    deliver(invoice("9", customer="7", total=10))
    drain()
    deliver(invoice("9", customer="7", total=20), at=NOON + seconds(5))
    drain(NOON + seconds(5))
    assert states() == ["queued", "queued"]

    deliver(contact("7"), at=NOON + seconds(6))
    drain(NOON + seconds(6))
    assert Invoice.objects.get().total == 20


def test_django_q2_outlasts_a_drain_and_its_last_call_to_zoho(settings):
    connect, read = TIMEOUT_SECONDS
    token = sum(TOKEN_TIMEOUT_SECONDS)
    longest = DRAIN_SECONDS + 2 * (connect + read) + token  # asked again once, with a new token

    assert longest < settings.Q_CLUSTER["timeout"] < settings.Q_CLUSTER["retry"]
    assert settings.Q_CLUSTER["timeout"] < settings.TDS_LOCK_TIMEOUT_SECONDS
