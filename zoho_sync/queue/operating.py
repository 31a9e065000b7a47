"""What a person does to jobs: hurry them, put them off, take them from a worker, or give them up for a reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from zoho_sync.models import WAITING, DeadLetter, InboxEvent, SyncQueueItem
from zoho_sync.models.queue import Status
from zoho_sync.queue.claiming import return_expired_leases


def can_be_discarded() -> Q:
    """Waiting jobs whose record no worker holds: the worker may be applying the very events."""
    held = SyncQueueItem.objects.processing().filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"))
    return Q(~Exists(held), status__in=WAITING)


def retry_now(jobs: QuerySet[SyncQueueItem], *, at: datetime) -> int:
    """Make waiting jobs due now, with all their attempts before them, waiting for no parent; how many."""
    return jobs.filter(status__in=WAITING).update(
        next_attempt_at=at, attempts=0, waits_for_module="", waits_for_id="", waiting_since=None, updated_at=at
    )


def discard(jobs: QuerySet[SyncQueueItem], *, reason: str, at: datetime) -> int:
    """Give up waiting jobs and the queued events of their records; how many jobs. Nothing is deleted.

    A dead letter that was waiting for its retry is closed with them. Jobs whose record a worker holds are left
    alone. ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed to discard a job")
    with transaction.atomic():
        # Locked before the events are looked at: what arrives from now on waits for us and makes a job of its own.
        chosen = list(jobs.filter(can_be_discarded()).select_for_update(of=("self",)).order_by("pk"))
        for module in sorted({job.module for job in chosen}):
            ids = sorted(job.zoho_id for job in chosen if job.module == module)
            InboxEvent.objects.queued().of_records(module, ids).order_by().update(
                state=InboxEvent.State.DISCARDED, reason=reason, settled_at=at
            )
            DeadLetter.objects.filter(module=module, zoho_id__in=ids, state=DeadLetter.State.RETRIED).update(
                state=DeadLetter.State.DISCARDED, reason=reason, closed_at=at, updated_at=at
            )
        SyncQueueItem.objects.filter(pk__in=[job.pk for job in chosen]).update(
            status=Status.DISCARDED,
            last_error=reason,
            waits_for_module="",
            waits_for_id="",
            finished_at=at,
            updated_at=at,
        )
    return len(chosen)


def prioritise(jobs: QuerySet[SyncQueueItem], *, priority: int, at: datetime) -> int:
    """Give waiting jobs this priority, 1 (first) to 10; how many."""
    return jobs.filter(status__in=WAITING).update(priority=priority, updated_at=at)


def postpone(jobs: QuerySet[SyncQueueItem], *, hours: int, at: datetime) -> int:
    """Have waiting jobs tried no sooner than in so many hours; how many. Later ones keep their time."""
    until = at + timedelta(hours=hours)
    waiting = jobs.filter(status__in=WAITING)
    waiting.filter(next_attempt_at__lt=until).update(next_attempt_at=until, updated_at=at)
    return waiting.count()


def release_leases(jobs: QuerySet[SyncQueueItem], *, at: datetime) -> int:
    """Take jobs back from their workers, which are hanging or gone; how many. They wait again, due now.

    As if the leases had ended, so a record that makes workers hang is worked on alone from then on.
    """
    held = list(jobs.filter(status=Status.PROCESSING).values_list("pk", flat=True))
    SyncQueueItem.objects.filter(pk__in=held, status=Status.PROCESSING).update(lock_expires_at=at, updated_at=at)
    return_expired_leases(at=at)
    return len(held)
