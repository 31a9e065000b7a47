"""Healing of dead letters, details and runs: what needs no person is done without one."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from zoho_sync import dead_letters, queue
from zoho_sync.healing import heal
from zoho_sync.models import DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.queue import Work
from zoho_sync.tests.ailing import DAY, HOUR, a_run, bury_item, findings, functions, rested
from zoho_sync.tests.road import deliver, drain, item, jobs, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


# --- dead letters ---------------------------------------------------------------------------------


def test_a_dead_letter_that_has_rested_is_tried_again(now, settings):
    settings.TDS_DLQ_RETRY_AFTER_HOURS = 24
    letter = rested(bury_item(), 24.1)

    report = heal(at=now)

    assert findings(report) == {"due_letters": (1, 1, 0)}
    assert report.as_json()["retried"] == 1
    letter.refresh_from_db()
    assert (letter.state, letter.automatic_retries, states()) == ("retried", 1, ["queued"])


def test_a_dead_letter_rests_from_its_last_failure_on(now, settings):
    settings.TDS_DLQ_RETRY_AFTER_HOURS = 24
    letter = rested(bury_item(), 23.9)

    assert findings(heal(at=now)) == {}
    letter.refresh_from_db()
    assert letter.state == "open"


def test_automatic_retries_end_and_leave_the_letter_to_people(now, settings):
    settings.TDS_DLQ_MAX_AUTO_RETRIES = 2
    letter = bury_item()
    for attempt in (1, 2):
        rested(letter, 25)
        assert findings(heal(at=timezone.now())) == {"due_letters": (1, 1, 0)}
        drain(timezone.now())
        letter.refresh_from_db()
        assert (letter.state, letter.automatic_retries) == ("open", attempt)

    rested(letter, 25)
    report = heal(at=timezone.now())

    assert (findings(report), report.is_well) == ({"due_letters": (1, 0, 1)}, False)
    assert jobs()[-1] == "dead_letter"


def test_ignored_and_discarded_letters_are_let_alone(now, admin_user):
    for zoho_id, rate in (("1", "cheap"), ("2", "dear")):
        rested(bury_item(zoho_id, rate=rate), 25)
    dead_letters.discard(DeadLetter.objects.filter(zoho_id="2"), reason="a test", by=admin_user, at=now)
    dead_letters.ignore_groups(ErrorGroup.objects.all(), reason="known", by=admin_user, at=now)

    assert findings(heal(at=now)) == {}
    assert states() == ["dead", "discarded"]


def test_a_letter_of_a_pull_cannot_be_tried_again_without_a_client(now, settings):
    settings.ZOHO_CLIENT_ID = ""
    rested(
        dead_letters.bury(module="item", zoho_id="1", events=[], error_class="MappingError", message="pulled", at=now),
        25,
    )

    assert findings(heal(at=now)) == {"due_letters": (1, 0, 1)}


def test_with_a_client_a_dead_letter_is_tried_with_a_fresh_record(zoho):
    zoho_id = next(row["item_id"] for row in zoho.control.records("item") if row["status"] == "active")
    letter = rested(bury_item(zoho_id, at=timezone.now()), 25)

    assert findings(heal(at=timezone.now())) == {"due_letters": (1, 1, 0)}
    assert SyncQueueItem.objects.waiting().get().needs_fetch
    drain(timezone.now())

    letter.refresh_from_db()
    assert Product.objects.filter(zoho_id=zoho_id).exists()
    assert letter.automatic_retries == 1


def test_a_letter_whose_record_came_by_newer_news_closes_itself(now):
    letter = bury_item(at=now)
    deliver(item("1", rate=5), at=now + timedelta(seconds=30))
    drain(now + timedelta(seconds=30))
    letter.refresh_from_db()
    assert letter.state == "open"

    later = now + timedelta(seconds=60)
    assert findings(heal(at=later)) == {"overtaken_letters": (1, 1, 0)}
    drain(later)

    letter.refresh_from_db()
    assert (letter.state, letter.automatic_retries, states()) == ("resolved", 0, ["stale", "applied"])
    assert Product.objects.get().base_price == 5


def test_a_letter_without_events_whose_record_came_since_closes_itself(now):
    letter = dead_letters.bury(
        module="item", zoho_id="1", events=[], error_class="MappingError", message="pulled", at=now
    )
    ZohoRecord.objects.create(module="item", zoho_id="1", observed_at=now)

    assert findings(heal(at=now)) == {"overtaken_letters": (1, 1, 0)}

    letter.refresh_from_db()
    assert (letter.state, letter.reason) == ("resolved", "the record was brought in")


def test_a_letter_that_is_younger_than_what_the_mirror_knows_stays_open(now):
    ZohoRecord.objects.create(module="item", zoho_id="1", observed_at=now)
    bury_item(at=now)

    assert findings(heal(at=now)) == {}


def test_a_retried_letter_that_nobody_retries_gets_its_job_back(now):
    letter = bury_item()
    dead_letters.retry(DeadLetter.objects.all(), at=now)
    SyncQueueItem.objects.waiting().update(status="completed")
    InboxEvent.objects.update(state="discarded")

    assert findings(heal(at=now)) == {"retried_letters_without_job": (1, 1, 0)}
    drain(now)

    letter.refresh_from_db()
    assert letter.state == "open", "there was nothing to try"


# --- details and runs -----------------------------------------------------------------------------


def stale_record(zoho_id: str, *, hours: float) -> None:
    now = timezone.now()
    row = ZohoRecord.objects.create(
        module="invoice", zoho_id=zoho_id, observed_at=now, modified_at=now, detail_at=now, detail_stale=True
    )
    ZohoRecord.objects.filter(pk=row.pk).update(updated_at=now - timedelta(hours=hours))


def test_details_that_stay_stale_are_handed_to_the_backfill(zoho):
    now = timezone.now()
    stale_record("1", hours=7)
    stale_record("2", hours=5)
    stale_record("3", hours=7)
    queue.enqueue([Work(module="invoice", zoho_id="3", needs_fetch=True)], at=now + HOUR)

    report = heal(at=now)

    [finding] = [one for one in report.findings if one.found]
    assert (finding.name, finding.found, finding.later, finding.left) == ("stale_details", 1, 1, 0)
    run = SyncRun.objects.get()
    assert (run.kind, run.module, run.status, run.trigger) == ("backfill", "invoice", "queued", "schedule")
    heal(at=now)
    assert SyncRun.objects.count() == 1


def test_a_run_that_died_is_given_up_and_goes_on_once(zoho):
    run = a_run(options={"batch_size": 50})

    assert findings(heal(at=timezone.now())) == {"dead_runs": (1, 1, 0), "abandoned_runs": (1, 1, 0)}
    run.refresh_from_db()
    assert (run.status, run.options["batch_size"]) == ("queued", 50)
    assert functions() == ["zoho_sync.tasks.perform_run"]

    SyncRun.objects.update(status="running", token=uuid.uuid4())
    assert findings(heal(at=timezone.now())) == {"dead_runs": (1, 1, 0)}
    run.refresh_from_db()
    assert run.status == "failed"


def test_a_run_that_was_begun_by_hand_or_made_good_since_is_not_resumed(zoho):
    a_run(trigger=SyncRun.Trigger.COMMAND)
    a_run(module="contact")
    heal(at=timezone.now() - DAY)
    assert set(SyncRun.objects.values_list("status", "module")) == {("failed", "item"), ("queued", "contact")}

    SyncRun.objects.filter(module="contact").update(
        status="failed", error="x:1 stopped working on it without a word", finished_at=timezone.now(), options={}
    )
    a_run(module="contact", status=SyncRun.Status.COMPLETED, token=None)
    assert findings(heal(at=timezone.now())) == {}


def test_of_runs_that_were_started_together_one_is_called(zoho):
    batch = uuid.uuid4()
    a_run(batch=batch)
    a_run(batch=batch, module="contact", status=SyncRun.Status.QUEUED, token=None)

    heal(at=timezone.now())

    assert set(SyncRun.objects.values_list("status", flat=True)) == {"queued"}
    assert functions() == []
