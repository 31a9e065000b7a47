"""Cases for a person: opened once per record, grouped by cause, retried or discarded, never deleted."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from zoho_sync import dead_letters, queue, worker
from zoho_sync.dead_letters import fingerprint
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent, SyncLog, SyncQueueItem
from zoho_sync.tests.road import NOON, deliver, drain, item, jobs, moment, seconds, states

pytestmark = pytest.mark.django_db


def bury_item(zoho_id="1", *, rate="cheap", at=NOON):
    """A delivery whose price is no number: a dead letter."""
    event = deliver(item(zoho_id, rate=rate), at=at)
    drain(at)
    return DeadLetter.objects.unresolved().get(zoho_id=zoho_id), event


def test_a_record_has_one_unresolved_letter_that_is_kept_up_to_date():
    letter, _ = bury_item()
    again, event = bury_item(rate="dear", at=NOON + seconds(60))

    assert again == letter
    assert (again.message, again.event, again.attempts) == ("rate: 'dear' is not a number", event, 2)
    assert states() == ["dead", "dead"]


def test_letters_with_one_cause_are_one_group_and_one_alert():
    bury_item("1", rate="cheap")
    bury_item("2", rate="dear")
    deliver(item("3", name=None))
    drain()

    sizes = dict(ErrorGroup.objects.values_list("sample", "count"))
    assert sizes == {"rate: 'cheap' is not a number": 2, "name: None is missing": 1}
    assert {alert.code for alert in Alert.objects.all()} == {"dead_letter"}
    assert sorted(Alert.objects.values_list("count", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("rate: 'a' is not a number", "rate: 'b' is not a number", True),
        ("waits for contact 17", "waits for contact 9000", True),
        ("lines[3].rate: 1 is bad", "lines[12].rate: 2 is bad", True),
        ("rate: 'a' is not a number", "name: 'a' is not a number", False),
    ],
)
def test_what_varies_between_records_makes_no_other_cause(one, other, same):
    assert (fingerprint("item", "E", one) == fingerprint("item", "E", other)) is same
    assert fingerprint("item", "E", one) != fingerprint("contact", "E", one)
    assert fingerprint("item", "E", one) != fingerprint("item", "F", one)


def test_a_retry_that_fails_again_opens_the_same_letter():
    letter, _ = bury_item()
    assert dead_letters.retry(DeadLetter.objects.all(), at=NOON + seconds(60)) == 1
    letter.refresh_from_db()
    assert (letter.state, states(), jobs()) == ("retried", ["queued"], ["dead_letter", "pending"])

    drain(NOON + seconds(60))
    letter.refresh_from_db()
    assert (letter.state, letter.attempts, states()) == ("open", 2, ["dead"])
    assert DeadLetter.objects.count() == 1


def test_a_retry_that_works_resolves_the_letter():
    letter, _ = bury_item()
    deliver(item("1", rate=5), at=NOON + seconds(30))
    dead_letters.retry(DeadLetter.objects.all(), at=NOON + seconds(60))
    drain(NOON + seconds(60))

    letter.refresh_from_db()
    assert (letter.state, letter.closed_at) == ("resolved", NOON + seconds(60))
    assert states() == ["superseded", "applied"]
    assert Product.objects.get().base_price == 5


def test_good_news_alone_leaves_the_letter_open():
    letter, _ = bury_item()
    deliver(item("1", rate=5), at=NOON + seconds(30))
    drain(NOON + seconds(30))

    letter.refresh_from_db()
    assert (letter.state, states()) == ("open", ["dead", "applied"])


def test_a_retry_of_old_news_does_not_undo_newer_ones():
    deliver(item("1", rate=1, purchase_rate="cheap", last_modified_time=moment(1)))
    drain()
    deliver(item("1", rate=2, last_modified_time=moment(2)), at=NOON + seconds(5))
    drain(NOON + seconds(5))
    dead_letters.retry(DeadLetter.objects.all(), at=NOON + seconds(9))
    drain(NOON + seconds(9))

    assert Product.objects.get().base_price == 2
    assert (states(), DeadLetter.objects.get().state) == (["stale", "applied"], "resolved")


def test_discarding_needs_a_reason_and_closes_the_events_with_the_letter(admin_user):
    letter, event = bury_item()

    with pytest.raises(ValueError, match="reason"):
        dead_letters.discard(DeadLetter.objects.all(), reason=" ", by=admin_user, at=NOON)
    assert dead_letters.discard(DeadLetter.objects.all(), reason="a test", by=admin_user, at=NOON + seconds(9)) == 1

    letter.refresh_from_db()
    event.refresh_from_db()
    assert (letter.state, letter.reason, letter.closed_by, letter.closed_at) == (
        "discarded",
        "a test",
        admin_user,
        NOON + seconds(9),
    )
    assert (event.state, event.reason, bytes(event.body)[:7]) == ("discarded", "a test", b'{"item"')


def test_a_letter_without_anything_to_try_stays_open():
    letter = dead_letters.bury(
        module="item", zoho_id="1", events=[], error_class="MappingError", message="pulled", payload={"a": 1}, at=NOON
    )
    dead_letters.retry(DeadLetter.objects.all(), at=NOON)
    drain()

    letter.refresh_from_db()
    assert (letter.state, letter.message, jobs()) == ("open", "pulled", ["completed"])


def test_only_open_letters_are_retried_or_discarded(admin_user):
    bury_item()
    dead_letters.discard(DeadLetter.objects.all(), reason="a test", by=admin_user, at=NOON)

    assert dead_letters.retry(DeadLetter.objects.all(), at=NOON) == 0
    assert dead_letters.discard(DeadLetter.objects.all(), reason="again", by=admin_user, at=NOON) == 0
    assert states() == ["discarded"]


def test_a_new_death_opens_a_resolved_group_but_not_an_ignored_one(admin_user):
    bury_item("1")
    dead_letters.resolve_groups(ErrorGroup.objects.all(), reason="fixed", by=admin_user, at=NOON)
    bury_item("2")
    assert ErrorGroup.objects.get().state == "open"

    dead_letters.ignore_groups(ErrorGroup.objects.all(), reason="never mind", by=admin_user, at=NOON)
    bury_item("3")
    group = ErrorGroup.objects.get()
    assert (group.state, group.count) == ("ignored", 3)


def test_many_letters_are_retried_in_a_constant_number_of_queries():
    counts = []
    for size in (2, 20):
        for number in range(size):
            deliver(item(f"{size}-{number}", rate="cheap"))
        drain()
        with CaptureQueriesContext(connection) as queries:
            assert dead_letters.retry(DeadLetter.objects.filter(zoho_id__startswith=f"{size}-"), at=NOON) == size
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- what kills its worker -----------------------------------------------------------------------


def poison(settings, zoho_id="1"):
    """A record whose workers died once too often, its last lease run out; when that was."""
    settings.TDS_LOCK_TIMEOUT_SECONDS = 300
    deliver(item(zoho_id))
    queue.claim("w", limit=10, at=NOON)
    SyncQueueItem.objects.update(deaths=3)
    return NOON + seconds(300)


def test_a_poisoned_record_is_given_up_with_its_events(settings):
    at = poison(settings)

    assert worker.recover(at=at) == 0

    letter = DeadLetter.objects.get()
    assert (letter.error_class, letter.message) == ("WorkerDied", "4 workers died while they held this record")
    assert (states(), jobs()) == (["dead"], ["dead_letter"])
    entry = SyncLog.objects.get()
    assert (entry.outcome, entry.error_class, entry.worker) == ("dead", "WorkerDied", "w")
    assert worker.recover(at=at) == 0
    assert DeadLetter.objects.get().attempts == letter.attempts


def test_news_that_came_while_a_record_killed_its_worker_is_not_given_up_with_it(settings):
    at = poison(settings)
    deliver(item("1", rate=5), at=NOON + seconds(9))

    worker.recover(at=at)
    assert (states(), jobs()) == (["dead", "queued"], ["dead_letter", "pending"])


def test_news_that_joined_the_job_in_the_moment_of_its_claim_keeps_a_job(settings):
    at = poison(settings)
    InboxEvent.objects.update(received_at=NOON + seconds(0.001))

    worker.recover(at=at)
    assert (states(), jobs()) == (["queued"], ["dead_letter", "pending"])


def test_a_person_may_let_a_poisoned_record_try_again(settings):
    at = poison(settings)
    worker.recover(at=at)
    dead_letters.retry(DeadLetter.objects.all(), at=at)

    assert drain(at) == 1
    assert (states(), DeadLetter.objects.get().state) == (["applied"], "resolved")


@pytest.mark.django_db(transaction=True)
def test_two_who_find_a_poisoned_record_bury_it_once(settings):
    at = poison(settings)
    expired = [queue.return_expired_leases(at=at).poisoned for _ in range(2)]
    together = threading.Barrier(2)

    def bury(found):
        try:
            together.wait(10)
            dead_letters.bury_poisoned(found[0], at=at)
        finally:
            connection.close()

    threads = [threading.Thread(target=bury, args=(found,)) for found in expired]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert (SyncLog.objects.count(), ErrorGroup.objects.get().count) == (1, 1)
    assert InboxEvent.objects.get().state == "dead"
