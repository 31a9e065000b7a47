"""Jobs that nobody gets on with, and events that have none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from tsh_erp.common.together import Asked, count_of
from zoho_sync import queue, worker
from zoho_sync.bringing import persist
from zoho_sync.entities import BY_MODULE
from zoho_sync.healing.reporting import Mended
from zoho_sync.inbox import hold_records
from zoho_sync.models import InboxEvent, SyncQueueItem
from zoho_sync.models.queue import SyncQueueQuerySet
from zoho_sync.queue import Work

BATCH_SIZE = 200
MOST_BATCHES = 25
MOST_COUNTED = 10_000  # a pass does half of that; nobody waits for an exact larger number


def in_batches(step: Callable[[], int]) -> int:
    """Do `step`, which says how much it did, in a transaction each until nothing is left or a pass has done enough."""
    done = 0
    for _ in range(MOST_BATCHES):
        count = persist(step, module="healing")
        done += count
        if count < BATCH_SIZE:
            break
    return done


# --- leases ---------------------------------------------------------------------------------------


def count_expired(at: datetime) -> int:
    """Jobs whose worker has let its lease run out."""
    return SyncQueueItem.objects.with_expired_lease(at).count()


def recover_expired(at: datetime) -> Mended:
    """They wait again; what killed its workers too often becomes a dead letter."""
    before = count_expired(at)
    worker.recover(at=at)
    return Mended(before - count_expired(at))


def count_stuck(at: datetime) -> int:
    """Jobs that somebody has held for far too long although the lease is kept alive."""
    return _stuck(at).count()


def ask_stuck(at: datetime) -> Asked[int]:
    """The same, to be asked together with other things."""
    return count_of(_stuck(at))


def take_back_stuck(at: datetime) -> Mended:
    """End their leases as if their workers were dead: the token protects the record from one that is not.

    Those whose worker is writing this very moment are locked, and left.
    """
    with transaction.atomic():
        held = list(_stuck(at).select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
        SyncQueueItem.objects.filter(pk__in=held).update(lock_expires_at=at, updated_at=at)
    worker.recover(at=at)
    return Mended(len(held) - SyncQueueItem.objects.with_expired_lease(at).filter(pk__in=held).count())


def _stuck(at: datetime) -> SyncQueueQuerySet:
    long_ago = at - timedelta(minutes=settings.TDS_STUCK_AFTER_MINUTES)
    return SyncQueueItem.objects.processing().filter(claimed_at__lte=long_ago, lock_expires_at__gt=at)


# --- orphans --------------------------------------------------------------------------------------


def count_orphaned_events(at: datetime) -> int:
    """Records with a queued event that no job will read."""
    return _orphans()[:MOST_COUNTED].count()


def queue_orphaned_events(at: datetime) -> Mended:
    """Each record gets a job, as if its event had just come."""
    return Mended(in_batches(partial(_queue_orphans, at)))


def _queue_orphans(at: datetime) -> int:
    """Under the locks of receiving, so that a delivery at the same moment sees our job or we see its."""
    hold_records(set(_orphans()[:BATCH_SIZE]))
    left = list(_orphans()[:BATCH_SIZE])
    works = [Work(module=module, zoho_id=zoho_id, priority=BY_MODULE[module].priority) for module, zoho_id in left]
    queue.enqueue(works, at=at)
    return len(works)


def _orphans() -> QuerySet[InboxEvent, tuple[str, str]]:
    """The records (module, Zoho id), in key order. A module that is no longer in the code has nobody to do its work."""
    events = queue.without_job(InboxEvent.objects.queued().filter(module__in=BY_MODULE))
    return events.order_by("module", "zoho_id").values_list("module", "zoho_id").distinct()
