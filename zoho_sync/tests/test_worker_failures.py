"""What goes wrong stays with its record: dead letters, back-off, batches done again, and no neighbour harmed."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from zoho_sync import dead_letters, queue, worker
from zoho_sync.audit import audit
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import TemporaryError
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem
from zoho_sync.tests.road import (
    NOON,
    Time,
    deliver,
    drain,
    failing_save,
    item,
    jobs,
    other_entity,
    seconds,
    states,
)
from zoho_sync.worker.batch import GIVEN_BACK_SECONDS, SAME_BATCH_TRIES
from zoho_sync.worker.outcomes import backoff_seconds

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
