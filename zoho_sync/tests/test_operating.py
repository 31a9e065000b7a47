"""What a person does to jobs and unreadable events: hurried or given up, and nothing is lost of it."""

import pytest

from zoho_sync import dead_letters, queue
from zoho_sync.audit import audit
from zoho_sync.inbox import discard_invalid
from zoho_sync.models import DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem
from zoho_sync.tests.road import NOON, Time, deliver, drain, invoice, item, jobs, moment, receive_body, seconds, states

pytestmark = pytest.mark.django_db

EVERY_JOB = SyncQueueItem.objects.all


def broken_audits():
    return [check for check in audit() if not check.holds]


def test_retry_now_makes_a_waiting_job_due_with_all_its_attempts_before_it():
    deliver(invoice("9", customer="7"), path="invoices")
    drain()
    SyncQueueItem.objects.update(attempts=3)
    job = SyncQueueItem.objects.get()
    assert (job.status, job.waits_for_id, job.next_attempt_at > NOON) == ("retry", "7", True)

    assert queue.retry_now(EVERY_JOB(), at=NOON) == 1

    job.refresh_from_db()
    assert (job.status, job.waits_for_id, job.next_attempt_at, job.attempts) == ("retry", "", NOON, 0)


def test_retry_now_leaves_jobs_that_do_not_wait():
    deliver(item("1"))
    drain()
    deliver(item("2"))
    queue.claim("w", limit=1, at=NOON)

    assert queue.retry_now(EVERY_JOB(), at=NOON) == 0


def test_a_discarded_job_takes_its_events_with_it():
    event = deliver(invoice("9", customer="7"), path="invoices")
    drain()

    assert queue.discard(EVERY_JOB(), reason="sent by mistake", at=NOON) == 1

    event.refresh_from_db()
    job = SyncQueueItem.objects.get()
    assert (event.state, event.reason, event.settled_at) == ("discarded", "sent by mistake", NOON)
    assert (job.status, job.last_error, job.finished_at, job.waits_for_id) == ("discarded", "sent by mistake", NOON, "")
    assert broken_audits() == []


def test_what_arrives_after_the_discard_is_applied():
    deliver(item("1", last_modified_time=moment(1)))
    queue.discard(EVERY_JOB(), reason="old news", at=NOON)

    deliver(item("1", last_modified_time=moment(2)))
    drain()

    assert (states(), jobs()) == (["discarded", "applied"], ["discarded", "completed"])
    assert broken_audits() == []


def test_a_record_in_a_workers_hands_is_left_alone():
    deliver(item("1", last_modified_time=moment(1)))
    queue.claim("w", limit=1, at=NOON)
    deliver(item("1", last_modified_time=moment(2)))

    assert queue.discard(EVERY_JOB(), reason="no", at=NOON) == 0

    assert (states(), jobs()) == (["queued", "queued"], ["processing", "pending"])


def test_a_dead_letter_that_waited_for_its_retry_is_closed_with_the_job():
    time = Time()
    deliver(item("1", rate="abc"))
    drain(time.now)
    dead_letters.retry(DeadLetter.objects.all(), at=time.now)

    queue.discard(SyncQueueItem.objects.waiting(), reason="hopeless", at=time.pass_by(minutes=1))

    letter = DeadLetter.objects.get()
    assert (letter.state, letter.reason, letter.closed_at) == ("discarded", "hopeless", time.now)
    assert states() == ["discarded"]
    assert broken_audits() == []


def test_discarding_costs_the_same_for_1_and_20_jobs(django_assert_num_queries):
    for number in range(20):
        deliver(item(str(number)))

    with django_assert_num_queries(6):  # with the savepoint of the test's transaction
        assert queue.discard(EVERY_JOB().filter(zoho_id="0"), reason="x", at=NOON) == 1
    with django_assert_num_queries(6):
        assert queue.discard(EVERY_JOB(), reason="x", at=NOON) == 19


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_discarded_without_a_reason(reason):
    deliver(item("1"))
    receive_body(b"nonsense")

    with pytest.raises(ValueError, match="reason"):
        queue.discard(EVERY_JOB(), reason=reason, at=NOON)
    with pytest.raises(ValueError, match="reason"):
        discard_invalid(InboxEvent.objects.all(), reason=reason, at=NOON)

    assert states() == ["queued", "invalid"]


def test_an_unreadable_event_is_put_aside_and_keeps_why_it_was_unreadable():
    receive_body(b"nonsense")
    deliver(item("1"))
    why = InboxEvent.objects.get(state="invalid").reason

    assert discard_invalid(InboxEvent.objects.all(), reason="a test of the supplier", at=NOON + seconds(9)) == 1

    event = InboxEvent.objects.get(state="discarded")
    assert event.reason == f"{why}\na test of the supplier"
    assert bytes(event.body) == b"nonsense"
    assert states() == ["discarded", "queued"]


def test_error_groups_are_looked_at_ignored_or_resolved(django_user_model):
    user = django_user_model.objects.create(username="ali")
    deliver(item("1", rate="abc"))
    drain()
    groups = ErrorGroup.objects.all()

    assert dead_letters.acknowledge_groups(groups, by=user, at=NOON) == 1
    assert dead_letters.acknowledge_groups(groups, by=user, at=NOON) == 0
    assert (groups.get().state, groups.get().owner) == ("acknowledged", user)

    assert dead_letters.resolve_groups(groups, reason="mapper mended", by=user, at=NOON) == 1
    assert (groups.get().state, groups.get().note) == ("resolved", "mapper mended")

    deliver(item("2", rate="abc"))
    drain()
    assert (groups.get().state, groups.get().count) == ("open", 2)

    assert dead_letters.ignore_groups(groups, reason="known", by=user, at=NOON) == 1
    deliver(item("3", rate="abc"))
    drain()
    assert (groups.get().state, groups.get().count) == ("ignored", 3)
