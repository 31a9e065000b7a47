"""The queue: one waiting and one processing job per record, leases with tokens, and how a claim ends."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from zoho_sync import queue
from zoho_sync.models import SyncQueueItem
from zoho_sync.queue import End, Settlement, Work
from zoho_sync.queue.claiming import LONE_DEATHS
from zoho_sync.tests.road import NOON, jobs, seconds

pytestmark = pytest.mark.django_db
LEASE = 300


@pytest.fixture(autouse=True)
def _lease(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = LEASE


def put(*zoho_ids, module="item", at=NOON, **how):
    queue.enqueue([Work(module=module, zoho_id=zoho_id, **how) for zoho_id in zoho_ids], at=at)


def take(worker="a", *, limit=10, at=NOON):
    return queue.claim(worker, limit=limit, at=at)


def end(claims, how, *, at=NOON, **more):
    with transaction.atomic():
        ours = queue.lock_claimed(claims)
        queue.settle([Settlement(claim=claim, end=how, **more) for claim in ours], at=at)
    return len(ours)


def lose(at):
    """Let every lease that has run out by `at` go back, as the beginning of a drain does."""
    return queue.return_expired_leases(at=at)


def row(zoho_id="1", **which):
    return SyncQueueItem.objects.filter(zoho_id=zoho_id, **which).latest("id")


# --- enqueue -------------------------------------------------------------------------------------


def test_a_record_has_one_waiting_job_however_often_it_is_put_in():
    put("1", "2", "1")
    put("1", at=NOON + seconds(5))

    assert jobs() == ["pending"]
    assert jobs(zoho_id="2") == ["pending"]


def test_records_of_two_modules_with_one_id_are_two_records():
    put("1")
    put("1", module="contact")

    assert (jobs("item"), jobs("contact")) == (["pending"], ["pending"])


def test_a_job_put_in_again_is_due_at_once_with_fresh_attempts_and_the_higher_urgency():
    put("1", priority=4)
    end(take(), End.RETRY, due=NOON + seconds(500), error="no luck")
    put("1", priority=7, at=NOON + seconds(1))

    waiting = row()
    assert (waiting.status, waiting.next_attempt_at, waiting.attempts, waiting.priority) == (
        "retry",
        NOON + seconds(1),
        0,
        4,
    )
    put("1", priority=2, at=NOON + seconds(60), needs_fetch=True)
    waiting = row()
    assert (waiting.priority, waiting.next_attempt_at, waiting.needs_fetch) == (2, NOON + seconds(1), True)


def test_of_two_works_for_one_record_nothing_is_forgotten():
    queue.enqueue(
        [
            Work(module="item", zoho_id="1", priority=2, needs_fetch=True),
            Work(module="item", zoho_id="1", priority=6, due=NOON + seconds(60)),
        ],
        at=NOON,
    )

    waiting = row()
    assert (waiting.priority, waiting.needs_fetch, waiting.next_attempt_at) == (2, True, NOON)


def test_work_that_is_put_in_while_its_record_is_processed_waits_for_its_turn():
    put("1")
    held = take()
    put("1")

    assert jobs() == ["processing", "pending"]
    assert take("b") == []
    end(held, End.COMPLETED)
    assert [claim.zoho_id for claim in take("b")] == ["1"]
    assert jobs() == ["completed", "processing"]


def test_the_database_itself_allows_no_second_waiting_or_processing_job():
    put("1")
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncQueueItem.objects.create(module="item", zoho_id="1", status="retry", next_attempt_at=NOON)
    take()
    with pytest.raises(IntegrityError), transaction.atomic():
        SyncQueueItem.objects.create(module="item", zoho_id="1", status="processing", next_attempt_at=NOON)


def test_nothing_to_put_in_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        queue.enqueue([], at=NOON)


# --- claim ---------------------------------------------------------------------------------------


def test_a_claim_is_a_lease_with_a_token_and_counts_an_attempt():
    put("1", needs_fetch=True, priority=3)

    [claim] = take("worker-1")

    held = row()
    assert (held.status, held.locked_by, held.attempts) == ("processing", "worker-1", 1)
    assert (held.lock_token, held.lock_expires_at) == (claim.token, NOON + seconds(LEASE))
    assert (claim.id, claim.module, claim.zoho_id, claim.attempts) == (held.pk, "item", "1", 1)
    assert (claim.deaths, claim.needs_fetch, claim.priority) == (0, True, 3)


def test_the_most_urgent_first_then_who_waited_longest():
    put("late", priority=5, at=NOON + seconds(2))
    put("early", priority=5, at=NOON + seconds(1))
    put("urgent", priority=1, at=NOON + seconds(3))

    order = [claim.zoho_id for _ in range(3) for claim in take(limit=1, at=NOON + seconds(9))]

    assert order == ["urgent", "early", "late"]


def test_what_is_not_due_is_left():
    put("1", due=NOON + seconds(10))

    assert take(at=NOON + seconds(9.9)) == []
    assert len(take(at=NOON + seconds(10))) == 1


def test_no_more_than_the_limit():
    put(*map(str, range(25)))

    assert [len(take(limit=10)) for _ in range(4)] == [10, 10, 5, 0]


def test_what_no_one_can_take_does_not_hide_what_one_can():
    put("1", "2", priority=1)
    take()
    put("1", "2", priority=1)
    put("3", priority=9)

    assert [claim.zoho_id for claim in take("b", limit=1)] == ["3"]


def test_a_claim_is_one_statement_however_many_it_takes():
    counts = []
    for size in (1, 50):
        put(*(f"{size}-{number}" for number in range(size)))
        with CaptureQueriesContext(connection) as queries:
            assert len(take(limit=size)) == size
        counts.append(len([query for query in queries if "SAVEPOINT" not in query["sql"]]))

    assert counts == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_many_workers_never_take_the_same_record():
    put(*map(str, range(120)))
    together, taken = threading.Barrier(4), []

    def work(name):
        try:
            together.wait(10)
            for _ in range(40):
                taken.extend(queue.claim(name, limit=3, at=NOON))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"worker-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(claim.zoho_id for claim in taken) == sorted(map(str, range(120)))
    assert set(SyncQueueItem.objects.values_list("status", "attempts")) == {("processing", 1)}


# --- leases --------------------------------------------------------------------------------------


def test_a_lease_that_ran_out_goes_back_and_the_next_token_is_another():
    put("1")
    [first] = take()

    assert lose(NOON + seconds(LEASE - 1)).returned == 0
    assert lose(NOON + seconds(LEASE)).returned == 1
    assert jobs() == ["retry"]
    assert "the worker a was lost" in row().last_error
    [second] = take("b", at=NOON + seconds(LEASE))
    assert (second.id, second.attempts, second.deaths) == (first.id, 2, 1)
    assert second.token != first.token


def test_a_worker_that_lost_its_lease_settles_nothing():
    put("1")
    first = take()
    lose(NOON + seconds(LEASE))
    second = take("b", at=NOON + seconds(LEASE))

    assert end(first, End.COMPLETED) == 0
    assert jobs() == ["processing"]
    assert end(second, End.COMPLETED) == 1
    assert end(second, End.COMPLETED) == 0


def test_only_what_was_lost_is_dropped_from_a_batch():
    put("1", "2")
    both = take()
    SyncQueueItem.objects.filter(zoho_id="1").update(lock_token=uuid.uuid4())

    assert [claim.zoho_id for claim in queue.lock_claimed(both)] == ["2"]


def test_a_renewed_lease_runs_anew_and_a_lost_one_cannot_be_renewed():
    put("1")
    held = take()
    queue.renew(held, at=NOON + seconds(100))
    assert lose(NOON + seconds(LEASE)).returned == 0
    assert lose(NOON + seconds(LEASE + 100)).returned == 1

    queue.renew(held, at=NOON + seconds(500))
    assert row().lock_expires_at is None


def test_where_a_newer_job_waits_the_lost_one_just_ends_and_hands_on_its_deaths():
    put("1")
    take()
    put("1")

    assert lose(NOON + seconds(LEASE)).returned == 1
    assert jobs() == ["discarded", "pending"]
    assert row().deaths == 1


def test_a_newer_job_of_another_module_with_the_same_id_is_not_meant():
    put("1")
    take()
    put("1", module="contact")

    lose(NOON + seconds(LEASE))

    assert (jobs("item"), jobs("contact")) == (["retry"], ["pending"])
    assert row(module="contact").deaths == 0


def test_what_was_lost_once_is_taken_alone():
    put("1", priority=1)
    take()
    now = NOON + seconds(LEASE)
    lose(now)
    put("2", "3", priority=5)

    assert [claim.zoho_id for claim in take(at=now)] == ["1"]
    assert [claim.zoho_id for claim in take(at=now)] == ["2", "3"]


def test_those_who_stand_behind_are_taken_without_it():
    put("1", priority=9)
    take()
    now = NOON + seconds(LEASE)
    lose(now)
    put("2", "3", priority=5)

    assert [claim.zoho_id for claim in take(at=now)] == ["2", "3"]
    assert [claim.zoho_id for claim in take(at=now)] == ["1"]


def test_three_deaths_alone_are_too_many():
    put("1", "2")
    now, poisoned = NOON, []
    for _ in range(1 + LONE_DEATHS):
        taken = take(at=now)
        assert taken
        end([claim for claim in taken if claim.zoho_id == "2"], End.COMPLETED)
        now += seconds(LEASE)
        poisoned.append([job.zoho_id for job in lose(now).poisoned])

    assert poisoned == [[], [], [], ["1"]]
    assert row().deaths == 1 + LONE_DEATHS


def test_an_honest_end_forgets_the_deaths():
    put("1")
    take()
    now = NOON + seconds(LEASE)
    lose(now)
    end(take(at=now), End.COMPLETED, at=now)
    put("1", at=now)

    assert take(at=now)[0].deaths == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets nobody in between")
def test_a_delivery_in_the_same_moment_does_not_disturb_the_return_of_leases():
    put("1", "2")
    take()
    waits, may_commit = threading.Event(), threading.Event()

    def post():
        with transaction.atomic():
            put("1")
            waits.set()
            may_commit.wait(10)
        connection.close()

    delivery = threading.Thread(target=post)
    delivery.start()
    waits.wait(10)
    threading.Timer(0.5, may_commit.set).start()

    assert lose(NOON + seconds(LEASE)).returned == 2
    delivery.join(10)
    assert jobs() == ["discarded", "pending"]
    assert jobs(zoho_id="2") == ["retry"]


# --- settle --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "status", "attempts"),
    [
        (End.RETRY, "retry", 1),
        (End.WAITING, "retry", 0),
        (End.RELEASED, "retry", 0),
        (End.DEAD, "dead_letter", 1),
        (End.DISCARDED, "discarded", 1),
    ],
)
def test_every_end_of_a_claim_that_did_not_succeed(how, status, attempts):
    put("1")
    due = NOON + seconds(60)

    end(take(), how, due=due, error="why", traceback="where", parent=("contact", "7"), at=NOON + seconds(2))

    settled = row()
    waits = status == "retry"
    assert (settled.status, settled.attempts, settled.next_attempt_at) == (status, attempts, due)
    assert (settled.last_error, settled.last_traceback) == ("why", "where")
    assert (settled.lock_token, settled.lock_expires_at) == (None, None)
    assert settled.finished_at == (None if waits else NOON + seconds(2))
    assert (settled.waits_for_module, settled.waits_for_id) == (("contact", "7") if waits else ("", ""))


def test_a_completed_claim_keeps_its_attempts_and_nothing_of_what_went_before():
    put("1")
    end(take(), End.RETRY, due=NOON, error="why", traceback="where")
    claim = take()

    end(claim, End.COMPLETED, at=NOON + seconds(2))

    settled = row()
    assert (settled.status, settled.attempts, settled.deaths) == ("completed", 2, 0)
    assert (settled.last_error, settled.last_traceback, settled.needs_fetch) == ("", "", False)
    assert (settled.lock_token, settled.lock_expires_at) == (None, None)
    assert (settled.next_attempt_at, settled.finished_at) == (NOON + seconds(2), NOON + seconds(2))


@pytest.mark.parametrize("how", [End.RETRY, End.WAITING, End.RELEASED])
def test_what_must_be_tried_again_is_left_to_a_newer_job(how):
    put("1")
    held = take()
    put("1")

    end(held, how, due=NOON + seconds(500), needs_fetch=True)

    assert jobs() == ["discarded", "pending"]
    assert (row().next_attempt_at, row().needs_fetch) == (NOON, True)


def test_a_batch_is_settled_in_a_constant_number_of_statements():
    counts = []
    for size in (2, 10, 50):
        put(*(f"{size}-{number}" for number in range(size)))
        claims = take(limit=size)
        ends = [
            Settlement(claim=claim, end=End.RETRY if number % 2 else End.COMPLETED)
            for number, claim in enumerate(claims)
        ]
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            queue.settle(ends, at=NOON)
        counts.append(len(queries))

    assert counts[0] == counts[1] == counts[2]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets nobody in between")
def test_a_delivery_in_the_same_moment_does_not_disturb_a_settlement():
    put("1", "2")
    held = take()
    waits, may_commit = threading.Event(), threading.Event()

    def post():
        with transaction.atomic():
            put("2")
            waits.set()
            may_commit.wait(10)
        connection.close()

    delivery = threading.Thread(target=post)
    delivery.start()
    waits.wait(10)
    threading.Timer(0.5, may_commit.set).start()

    assert end(held, End.RETRY, due=NOON) == 2
    delivery.join(10)
    assert jobs() == ["retry"]
    assert jobs(zoho_id="2") == ["discarded", "pending"]


# --- waiting for a parent ------------------------------------------------------------------------


def test_a_parent_makes_its_children_due_and_nobody_else():
    for zoho_id, parent in (("1", ("contact", "7")), ("2", ("contact", "8")), ("3", ("invoice", "7"))):
        put(zoho_id, module="invoice")
        end(take(), End.WAITING, due=NOON + seconds(900), parent=parent)
    put("4", module="invoice")
    end(take(), End.RETRY, due=NOON + seconds(900))

    assert queue.wake_children([("contact", "7")], at=NOON + seconds(5)) == 1
    assert [claim.zoho_id for claim in take(at=NOON + seconds(5))] == ["1"]
    assert queue.wake_children([("contact", "7")], at=NOON + seconds(5)) == 0


def test_many_parents_are_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        queue.wake_children([("contact", str(number)) for number in range(50)] + [("invoice", "1")], at=NOON)
    with django_assert_num_queries(0):
        queue.wake_children([], at=NOON)
