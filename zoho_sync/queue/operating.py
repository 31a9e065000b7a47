"""What a person does to waiting jobs: hurry them, or give them up for a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from zoho_sync.models import WAITING, DeadLetter, InboxEvent, SyncQueueItem
from zoho_sync.models.queue import Status


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
