"""Healing of jobs, events and rings: what nobody gets on with is given to somebody, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Product
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs.models import JobRun
from zoho_sync import healing, queue, tasks, worker
from zoho_sync.healing import heal
from zoho_sync.models import DeadLetter, InboxEvent, SyncQueueItem
from zoho_sync.queue import Work
from zoho_sync.tests.ailing import DAY, HOUR, findings, functions
from zoho_sync.tests.road import deliver, drain, item, jobs, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


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
