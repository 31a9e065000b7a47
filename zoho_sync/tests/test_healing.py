"""Healing puts right what was left lying, each thing once, and says what it found, did and left to people."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Product
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs.models import JobRun
from zoho_sync import dead_letters, healing, queue, tasks, worker
from zoho_sync.healing import heal
from zoho_sync.healing.reporting import Ailment, Mended
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.queue import Work
from zoho_sync.tests.road import deliver, drain, item, jobs, states

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def now():
    return timezone.now()


def findings(report: healing.Report) -> dict[str, tuple[int, int, int]]:
    """What was found at all: found, done and left to people, by name."""
    assert [one.error for one in report.findings if one.error] == []
    return {one.name: (one.found, one.done, one.left) for one in report.findings if one.found}


def bury_item(zoho_id: str = "1", *, rate: str = "cheap", **how: Any) -> DeadLetter:
    """A delivery whose price is no number: a dead letter."""
    deliver(item(zoho_id, rate=rate), **how)
    drain(timezone.now())
    return DeadLetter.objects.unresolved().get(zoho_id=zoho_id)


def rested(letter: DeadLetter, hours: float) -> DeadLetter:
    """As if it had been written so long ago."""
    DeadLetter.objects.filter(pk=letter.pk).update(updated_at=timezone.now() - timedelta(hours=hours))
    letter.refresh_from_db()
    return letter


def functions() -> list[str]:
    return [one.func() for one in OrmQ.objects.order_by("id")]


def test_a_healthy_house_is_left_alone(now):
    deliver(item("1"), at=now)
    drain(now)
    before = functions()

    report = heal(at=now)

    assert (findings(report), report.is_well, functions()) == ({}, True, before)


# --- jobs -----------------------------------------------------------------------------------------


def test_jobs_of_dead_workers_wait_again(now, settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 60
    deliver(item("1"), at=now)
    queue.claim("dead", limit=1, at=now)

    assert findings(heal(at=now + timedelta(seconds=60))) == {"expired_leases": (1, 1, 0)}
    assert (jobs(), SyncQueueItem.objects.get().deaths) == (["retry"], 1)


def test_a_record_that_killed_its_workers_is_given_up(now, settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 60
    deliver(item("1"), at=now)
    queue.claim("dead", limit=1, at=now)
    SyncQueueItem.objects.update(deaths=3)

    assert findings(heal(at=now + timedelta(seconds=60))) == {"expired_leases": (1, 1, 0)}
    assert (jobs(), DeadLetter.objects.get().error_class) == (["dead_letter"], "WorkerDied")


def test_a_job_that_is_held_for_too_long_is_taken_back_though_its_lease_is_renewed(now, settings):
    settings.TDS_STUCK_AFTER_MINUTES = 60
    deliver(item("1"), at=now)
    [claim] = queue.claim("stubborn", limit=1, at=now)
    queue.renew([claim], at=now + HOUR)

    assert findings(heal(at=now + HOUR - timedelta(seconds=1))) == {}
    assert findings(heal(at=now + HOUR)) == {"stuck_jobs": (1, 1, 0)}
    assert jobs() == ["retry"]


def test_the_worker_that_held_a_stuck_job_can_write_nothing_more(now):
    deliver(item("1", rate=5), at=now)
    claims = queue.claim("stubborn", limit=1, at=now)
    queue.renew(claims, at=now + 2 * HOUR)
    heal(at=now + 2 * HOUR)

    worker.work("stubborn", claims, worker.Clock(now=lambda: now + 2 * HOUR, sleep=lambda _: None))
    assert (Product.objects.exists(), states(), jobs()) == (False, ["queued"], ["retry"])

    drain(now + 2 * HOUR)
    assert (Product.objects.get().base_price, states(), jobs()) == (5, ["applied"], ["completed"])


def test_an_event_without_a_job_gets_one(now):
    deliver(item("1"), at=now)
    deliver(item("1", name="Again"), at=now)
    deliver(item("2"), at=now)
    SyncQueueItem.objects.filter(zoho_id="1").update(status="completed")
    OrmQ.objects.all().delete()

    assert findings(heal(at=now)) == {"orphaned_events": (1, 1, 0)}
    assert (jobs(), functions()) == (["completed", "pending"], [tasks.DRAIN])

    drain(now)
    assert states() == ["superseded", "applied", "applied"]


def test_many_orphans_are_queued_in_batches(now, monkeypatch):
    for module in (healing.jobs, healing.letters):
        monkeypatch.setattr(module, "BATCH_SIZE", 3)
    for number in range(7):
        deliver(item(str(number)), at=now)
    SyncQueueItem.objects.all().delete()

    assert findings(heal(at=now)) == {"orphaned_events": (7, 7, 0)}
    assert SyncQueueItem.objects.waiting().count() == 7


def test_an_event_of_a_module_that_is_no_longer_in_the_code_is_nobodys_work(now):
    event = deliver(item("1"), at=now)
    SyncQueueItem.objects.all().delete()
    InboxEvent.objects.filter(pk=event.pk).update(module="abandoned")

    assert findings(heal(at=now)) == {}


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


def a_run(**columns: Any) -> SyncRun:
    now = timezone.now()
    return SyncRun.objects.create(
        **{
            "module": "item",
            "mode": SyncRun.Mode.FULL,
            "trigger": SyncRun.Trigger.SCHEDULE,
            "status": SyncRun.Status.RUNNING,
            "started_at": now - HOUR,
            "beat_at": now - HOUR,
            "worker": "elsewhere:1",
            "token": uuid.uuid4(),
            **columns,
        }
    )


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


# --- rings, events, periodic jobs -----------------------------------------------------------------


def test_a_lost_ring_is_made_good_once(now):
    queue.enqueue([Work(module="item", zoho_id="1")], at=now)

    later = now + timedelta(minutes=3)
    assert findings(heal(at=later)) == {"lost_rings": (1, 1, 0)}
    assert findings(heal(at=later)) == {}
    assert functions() == [tasks.DRAIN]


def test_domain_events_that_nobody_dispatched_are_delivered(now):
    StoredEvent.objects.create(type="tests.thing", aggregate="thing:1", occurred_at=now - HOUR)
    given_up = StoredEvent.objects.create(
        type="tests.thing", aggregate="thing:2", occurred_at=now - HOUR, dispatched_at=now
    )
    FailedDelivery.objects.create(event=given_up, subscriber="tests.x", error="it", failed_at=now)

    report = heal(at=now)

    assert findings(report) == {"domain_events": (2, 1, 1)}
    assert not report.is_well
    assert not StoredEvent.objects.filter(dispatched_at__isnull=True).exists()


def test_a_periodic_job_whose_process_is_gone_is_ended(now):
    JobRun.objects.create(name="night", started_at=now - DAY, lease_ends_at=now - HOUR, worker="elsewhere:1")

    assert findings(heal(at=now)) == {"dead_job_runs": (1, 1, 0)}
    assert JobRun.objects.get().state == "abandoned"


# --- the pass as a whole --------------------------------------------------------------------------


@pytest.fixture
def shambles(now, settings):
    """Something of everything that healing can put right without Zoho."""
    settings.TDS_LOCK_TIMEOUT_SECONDS = 60
    rested(bury_item("1", rate="cheap"), 25)
    bury_item("2", rate="dear")
    deliver(item("2", rate=5), at=now)
    drain(now)
    deliver(item("3"), at=now)
    SyncQueueItem.objects.filter(zoho_id="3").delete()
    queue.enqueue([Work(module="item", zoho_id="4")], at=now - HOUR)
    queue.claim("dead", limit=1, at=now - HOUR)
    StoredEvent.objects.create(type="tests.thing", aggregate="thing:1", occurred_at=now - HOUR)
    a_run(trigger=SyncRun.Trigger.COMMAND)
    JobRun.objects.create(name="night", started_at=now - DAY, lease_ends_at=now - HOUR, worker="elsewhere:1")
    OrmQ.objects.all().delete()


ALL = {
    "expired_leases": (1, 1, 0),
    "orphaned_events": (1, 1, 0),
    "overtaken_letters": (1, 1, 0),
    "due_letters": (1, 1, 0),
    "dead_runs": (1, 1, 0),
    "domain_events": (1, 1, 0),
    "dead_job_runs": (1, 1, 0),
}


def contents() -> list[Any]:
    models = (SyncQueueItem, InboxEvent, DeadLetter, SyncRun, StoredEvent, JobRun, OrmQ, Alert)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.usefixtures("shambles")
def test_a_second_pass_changes_nothing_more(now):
    assert findings(heal(at=now)) == ALL
    before = contents()

    assert findings(heal(at=now)) == {}
    assert contents() == before


@pytest.mark.usefixtures("shambles")
def test_a_dry_run_finds_the_same_and_changes_nothing(now):
    before = contents()

    report = heal(at=now, dry_run=True)

    found = {one.name: one.found for one in report.findings if one.found}
    assert found == {name: count for name, (count, _, _) in ALL.items()}
    assert contents() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shambles")
def test_one_ailment_that_cannot_be_looked_after_keeps_no_other_from_its_turn(now, monkeypatch):
    def fail(at: Any) -> Mended:
        raise RuntimeError("out of order")

    broken = tuple(
        Ailment(one.name, one.find, fail) if one.name == "orphaned_events" else one
        for one in healing.performing.AILMENTS
    )
    with monkeypatch.context() as patch:
        patch.setattr(healing.performing, "AILMENTS", broken)
        for _ in range(3):
            report = heal(at=now)

    assert [(one.name, one.error) for one in report.findings if one.error] == [
        ("orphaned_events", "RuntimeError: out of order")
    ]
    assert (report.is_well, report.as_json()["raised"]) == (False, 1)
    assert SyncQueueItem.objects.waiting().filter(zoho_id__in=["1", "2", "4"]).count() == 3
    alert = Alert.objects.get(code="healing_failed")
    assert (alert.state, alert.count) == ("open", 3)

    heal(at=now)
    alert.refresh_from_db()
    assert alert.state == "resolved"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("shambles")
def test_two_passes_at_once_do_everything_once(now):
    ready, reports = threading.Barrier(2), []

    def one_of_two() -> None:
        try:
            ready.wait(10)
            reports.append(heal(at=now))
        finally:
            connection.close()

    threads = [threading.Thread(target=one_of_two) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [one.error for report in reports for one in report.findings if one.error] == []
    assert DeadLetter.objects.get(zoho_id="1").automatic_retries == 1
    assert sorted(SyncQueueItem.objects.waiting().values_list("zoho_id", flat=True)) == ["1", "2", "3", "4"]
    assert SyncQueueItem.objects.get(zoho_id="4").deaths == 1


def test_a_pass_over_much_asks_no_more_than_over_little(now):
    counts = []
    for size in (2, 40):
        for number in range(size):
            deliver(item(f"{size}-{number}"), at=now)
        SyncQueueItem.objects.all().delete()
        OrmQ.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            assert findings(heal(at=now)) == {"orphaned_events": (size, size, 0)}
        counts.append(len(queries))
        drain(now)

    assert counts[0] == counts[1]


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("shambles")
def test_the_command_shows_what_was_found_and_done(capsys):
    call_command("zoho_heal", "--dry-run")
    dry = capsys.readouterr().out
    assert "would" in dry
    assert "orphaned events" in dry

    call_command("zoho_heal")
    table = capsys.readouterr().out
    assert "orphaned events" in table

    call_command("zoho_heal", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["recovered"], told["retried"], told["raised"], told["left"]) == (0, 0, 0, 0)
    assert {one["name"] for one in told["findings"]} == {one.name for one in healing.performing.AILMENTS}


def test_the_command_ends_with_one_when_something_is_left(settings, capsys):
    settings.TDS_DLQ_MAX_AUTO_RETRIES = 0
    rested(bury_item(), 25)

    with pytest.raises(SystemExit) as ended:
        call_command("zoho_heal")

    assert ended.value.code == 1
    assert "1" in capsys.readouterr().out


def test_the_schedule_says_what_it_did(now):
    deliver(item("1"), at=now)
    SyncQueueItem.objects.all().delete()

    assert tasks.heal() == "orphaned_events 1/1"
    assert tasks.heal() == "all is well"
