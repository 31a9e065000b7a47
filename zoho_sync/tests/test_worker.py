"""From the queue to the business row: what each claimed job and each of its events comes to."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection, reset_queries
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from commerce.models import Customer, Invoice
from tsh_erp.events.models import StoredEvent
from zoho_sync import dead_letters, queue, worker
from zoho_sync.audit import audit
from zoho_sync.client.http import TIMEOUT_SECONDS
from zoho_sync.client.token import TIMEOUT_SECONDS as TOKEN_TIMEOUT_SECONDS
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import TemporaryError
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
from zoho_sync.worker.batch import GIVEN_BACK_SECONDS, SAME_BATCH_TRIES
from zoho_sync.worker.clock import DRAIN_SECONDS
from zoho_sync.worker.outcomes import PARENT_LOOK, backoff_seconds

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


# --- failing -------------------------------------------------------------------------------------


def test_what_cannot_be_mapped_is_a_dead_letter_at_once_and_says_why():
    deliver(item("1", rate="cheap"))
    drain()

    letter = DeadLetter.objects.get()
    assert (letter.module, letter.zoho_id, letter.state) == ("item", "1", "open")
    assert (letter.error_class, letter.message) == ("MappingError", "rate: 'cheap' is not a number")
    assert (letter.event, letter.job, letter.attempts) == (InboxEvent.objects.get(), job(), 1)
    assert "MappingError" in letter.traceback
    assert (job().status, job().last_error) == ("dead_letter", "rate: 'cheap' is not a number")
    assert (states(), logged()) == (["dead"], [("dead", 0)])


def test_only_the_offending_event_dies():
    deliver(item("1", rate=1))
    deliver(item("1", rate="cheap", sku="X"))
    deliver(item("1", rate=None, purchase_rate=3))
    drain()

    assert (product().base_price, product().base_cost, product().sku) == (1, 3, None)
    assert states() == ["applied", "dead", "applied"]
    assert logged() == [("applied", 2), ("dead", 0)]
    assert DeadLetter.objects.get().event == InboxEvent.objects.get(state="dead")


def test_an_unforeseen_error_is_kept_with_its_traceback_and_tried_again(settings):
    settings.TDS_RETRY_BASE_SECONDS, settings.TDS_RETRY_CAP_SECONDS = 30, 3600
    deliver(item("1"))
    with breaking(ZeroDivisionError("no luck"), "1"):
        drain()

    failed = job()
    assert (failed.status, failed.attempts, failed.last_error) == ("retry", 1, "no luck")
    assert "ZeroDivisionError: no luck" in failed.last_traceback
    assert NOON <= failed.next_attempt_at <= NOON + seconds(30)
    assert (states(), logged()) == (["queued"], [("retry", 0)])
    assert SyncLog.objects.get().error_class == "ZeroDivisionError"

    assert drain(NOON + seconds(30)) == 1
    assert states() == ["applied"]


def test_an_unforeseen_error_touches_no_neighbour():
    for number in range(1, 6):
        deliver(item(str(number)))
    with breaking(ZeroDivisionError("no luck"), "2", "4"):
        drain()

    assert sorted(Product.objects.values_list("zoho_id", flat=True)) == ["1", "3", "5"]
    assert [jobs(zoho_id=str(number)) for number in range(1, 6)] == [
        ["completed"],
        ["retry"],
        ["completed"],
        ["retry"],
        ["completed"],
    ]


def test_a_commit_that_fails_is_traced_to_its_record(transactional_db):
    entity = BY_MODULE["item"]

    def save_badly(values, /, *, at):
        saved = entity.save(values, at=at)
        Product.objects.filter(zoho_id="2").update(category_id=999_999)
        return saved

    deliver(item("1"))
    deliver(item("2"))
    with other_entity("item", save=save_badly):
        drain()

    assert list(Product.objects.values_list("zoho_id", flat=True)) == ["1"]
    assert (jobs(zoho_id="1"), jobs(zoho_id="2")) == (["completed"], ["retry"])
    assert SyncLog.objects.get(zoho_id="2").error_class == "IntegrityError"


def test_attempts_that_are_used_up_are_a_dead_letter_that_can_be_retried(settings, certain_pause):
    settings.TDS_MAX_RETRY_ATTEMPTS = 3
    deliver(item("1"))
    time = Time()
    with breaking(ZeroDivisionError("no luck"), "1"):
        for _ in range(3):
            drain(time.now)
            time.pass_by(seconds=1)

    letter = DeadLetter.objects.get()
    assert (letter.state, letter.error_class, letter.attempts) == ("open", "ZeroDivisionError", 3)
    assert (states(), jobs()) == (["dead"], ["dead_letter"])
    assert drain(time.now) == 0

    dead_letters.retry(DeadLetter.objects.all(), at=time.now)
    assert drain(time.now) == 1
    letter.refresh_from_db()
    assert (letter.state, letter.closed_at, states()) == ("resolved", time.now, ["applied"])


def test_a_newer_delivery_takes_over_from_a_failed_attempt():
    deliver(item("1", rate=1))
    [held] = claims = queue.claim("w", limit=10, at=NOON)
    deliver(item("1", rate=2), at=NOON + seconds(1))
    with breaking(ZeroDivisionError("no luck"), "1"):
        worker.work("w", claims, worker.Clock(now=lambda: NOON + seconds(2)))

    assert jobs() == ["discarded", "pending"]
    assert SyncQueueItem.objects.get(pk=held.id).last_error == "no luck"
    drain(NOON + seconds(3))
    assert product().base_price == 2
    assert states() == ["superseded", "applied"]


def test_how_long_zoho_asks_to_wait_wins_over_the_back_off():
    deliver(item("1"))
    with breaking(TemporaryError("busy", retry_after=777), "1"):
        drain()

    assert job().next_attempt_at == NOON + seconds(777)


@given(attempt=st.integers(1, 1000), base=st.floats(0.1, 1000), cap=st.floats(0.1, 10_000), chance=st.floats(0, 1))
def test_the_back_off_stays_between_nothing_and_its_cap(attempt, base, cap, chance):
    pause = backoff_seconds(attempt, base=base, cap=cap, chance=chance)

    assert 0 <= pause <= min(cap, base * 2.0 ** min(attempt - 1, 40))


@pytest.mark.parametrize(("attempt", "most"), [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (500, 3600)])
def test_the_back_off_doubles_up_to_its_cap_with_full_jitter(attempt, most):
    assert backoff_seconds(attempt, base=30, cap=3600, chance=1) == most
    assert backoff_seconds(attempt, base=30, cap=3600, chance=0.5) == most / 2
    assert backoff_seconds(attempt, base=30, cap=3600, chance=0) == 0


def test_nobodys_fault_repeats_the_batch_and_counts_no_attempt(transactional_db):
    deliver(item("1"))
    deliver(item("2"))
    errors = [OperationalError("deadlock detected"), OperationalError("deadlock detected")]
    save = failing_save(BY_MODULE["item"], lambda value: errors.pop() if errors else None)
    with other_entity("item", save=save):
        assert drain() == 2

    assert [(one.status, one.attempts) for one in SyncQueueItem.objects.all()] == [("completed", 1)] * 2
    assert SyncLog.objects.count() == 2


def test_nobodys_fault_that_lasts_gives_the_batch_back(transactional_db):
    deliver(item("1"))
    tries = []

    def fails(value):
        tries.append(value.zoho_id)
        return OperationalError("database is locked")

    with other_entity("item", save=failing_save(BY_MODULE["item"], fails)):
        drain()

    assert len(tries) == SAME_BATCH_TRIES
    given_back = job()
    assert (given_back.status, given_back.attempts, given_back.lock_token) == ("retry", 0, None)
    assert given_back.next_attempt_at == NOON + seconds(GIVEN_BACK_SECONDS)
    assert drain(NOON + seconds(GIVEN_BACK_SECONDS)) == 1
    assert states() == ["applied"]


def test_an_event_that_breaks_the_reading_fails_alone(settings, certain_pause):
    settings.TDS_MAX_RETRY_ATTEMPTS = 2
    deliver(item("1"))
    broken = deliver(item("2"))
    InboxEvent.objects.filter(pk=broken.pk).update(query=["no", "query"])
    drain()

    assert (jobs(zoho_id="1"), jobs(zoho_id="2")) == (["completed"], ["retry"])
    assert "AttributeError" in job("2").last_traceback
    drain(NOON + seconds(1))
    assert (jobs(zoho_id="2"), states()) == (["dead_letter"], ["applied", "dead"])
    assert DeadLetter.objects.get().error_class == "AttributeError"


def test_stored_bytes_that_cannot_be_read_any_more_are_a_dead_letter():
    event = deliver(item("1"))
    InboxEvent.objects.filter(pk=event.pk).update(body=b"torn")
    deliver(item("2"))
    drain()

    assert (states(), DeadLetter.objects.get().error_class) == (["dead", "applied"], "InvalidPayload")


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
