"""A pass of healing: every ailment in its turn, nothing twice, and a report of what was found, done and left."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from tsh_erp.events.delivering import DISPATCH
from tsh_erp.events.models import StoredEvent
from tsh_erp.jobs import heartbeat
from tsh_erp.jobs.models import Heartbeat, JobRun
from zoho_sync import healing, queue, tasks
from zoho_sync.healing import heal
from zoho_sync.healing.reporting import Ailment, Mended
from zoho_sync.models import Alert, DeadLetter, InboxEvent, SyncQueueItem, SyncRun
from zoho_sync.queue import Work
from zoho_sync.tests.ailing import DAY, HOUR, a_run, bury_item, findings, functions, rested
from zoho_sync.tests.road import deliver, drain, item

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


def test_a_healthy_house_is_left_alone(now):
    deliver(item("1"), at=now)
    drain(now)
    before = functions()

    report = heal(at=now)

    assert (findings(report), report.is_well, functions()) == ({}, True, before)


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


# --- signs of life --------------------------------------------------------------------------------


def test_a_drain_and_a_sweep_show_that_their_cluster_lives(monkeypatch, settings):
    settings.TDS_QUEUE_POLL_INTERVAL_MS = 0
    for work in (tasks.drain, tasks.sweep):
        Heartbeat.objects.all().delete()
        monkeypatch.setattr(heartbeat, "_last", (0, 0.0))

        work()

        assert Heartbeat.objects.get().pid == os.getpid()


def test_a_drain_rings_for_domain_events_that_nobody_was_told_of(now, settings):
    settings.TDS_QUEUE_POLL_INTERVAL_MS = 0
    StoredEvent.objects.create(type="tests.thing", aggregate="thing:1", occurred_at=now)

    tasks.drain()

    assert functions() == [DISPATCH]


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
