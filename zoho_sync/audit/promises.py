"""What somebody must be about to do: no event, job, letter, run or domain event is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q

from tsh_erp.events.models import StoredEvent
from zoho_sync import queue
from zoho_sync.audit.period import SHOWN, Period
from zoho_sync.models import DeadLetter, InboxEvent, SyncQueueItem, SyncRun
from zoho_sync.models.dead_letters import UNRESOLVED

# The sweep takes lost jobs back every minute, healing every quarter of an hour.
LOST_FOR = timedelta(minutes=15)
DISPATCHED_WITHIN = timedelta(hours=1)
# Runs show a sign of life every few minutes; those of a batch wait for each other.
SILENT_FOR, WAITING_FOR = timedelta(hours=1), timedelta(days=1)


def queued_without_job(period: Period) -> Iterator[str]:
    for event in queue.without_job(InboxEvent.objects.queued()).defer("body").order_by("id")[:SHOWN]:
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is queued and no job will read it"


def dead_without_letter(period: Period) -> Iterator[str]:
    letters = DeadLetter.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), state__in=UNRESOLVED)
    dead = InboxEvent.objects.filter(~Exists(letters), state=InboxEvent.State.DEAD).defer("body")
    for event in dead.order_by("id")[:SHOWN]:
        yield f"event {event.pk} ({event.module} {event.zoho_id}) is dead without an unresolved dead letter"


def retried_without_job(period: Period) -> Iterator[str]:
    retried = queue.without_job(DeadLetter.objects.filter(state=DeadLetter.State.RETRIED))
    for letter in retried.order_by("id")[:SHOWN]:
        yield f"dead letter {letter.pk} ({letter.module} {letter.zoho_id}) is being retried and no job does it"


def lost_for_long(period: Period) -> Iterator[str]:
    for job in SyncQueueItem.objects.with_expired_lease(period.before(LOST_FOR)).order_by("id")[:SHOWN]:
        yield f"job {job.pk} ({job.module} {job.zoho_id}) was lost by {job.locked_by} and nobody took it back"


def run_without_worker(period: Period) -> Iterator[str]:
    silent = Q(status=SyncRun.Status.RUNNING, beat_at__lt=period.before(SILENT_FOR))
    waiting = Q(status=SyncRun.Status.QUEUED, updated_at__lt=period.before(WAITING_FOR))
    for run in SyncRun.objects.open().filter(silent | waiting).order_by("id")[:SHOWN]:
        yield f"run {run.pk} ({run.kind} {run.module}) is {run.status} and nobody works on it"


def event_not_dispatched(period: Period) -> Iterator[str]:
    late = StoredEvent.objects.filter(dispatched_at__isnull=True, occurred_at__lt=period.before(DISPATCHED_WITHIN))
    for event in late.order_by("id")[:SHOWN]:
        yield f"domain event {event.pk} ({event.type} of {event.aggregate}) waits for its listeners"
