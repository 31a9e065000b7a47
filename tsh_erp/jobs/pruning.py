"""Forget what old jobs left behind, a batch at a time, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Task

from tsh_erp.jobs.models import Heartbeat, JobRun

log = structlog.get_logger(__name__)

BATCH_SIZE = 500
# A cluster that was silent for so long has been taken away.
SILENT_CLUSTER = timedelta(days=7)


def prune_jobs(*, before: datetime) -> dict[str, int]:
    """Delete what ended before then: django-q2's results, our records of runs, and beats of clusters that are no more.

    How many rows of each table. Tasks in the queue whose function is no longer in the code go too:
    each would break the process that hands tasks out again and again.
    """
    return {
        "tasks": delete_in_batches(Task.objects.filter(stopped__lt=before)),
        "job_runs": delete_in_batches(JobRun.objects.prunable(before=before)),
        "heartbeats": delete_in_batches(Heartbeat.objects.filter(beat_at__lt=timezone.now() - SILENT_CLUSTER)),
        "unknown_tasks": _delete_unknown(),
    }


def delete_in_batches(
    rows: QuerySet[Any], *, batch_size: int = BATCH_SIZE, until: Callable[[], bool] = lambda: False
) -> int:
    """Delete `rows` in key order, each batch in a transaction of its own, and stop early when `until` says so."""
    model: type[Model] = rows.model
    deleted = 0
    while not until():
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:batch_size])
        if not keys:
            break
        model._default_manager.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted


def _delete_unknown() -> int:
    unknown = [pk for pk, function in _queued() if not _is_known(function)]
    if unknown:
        log.error("unknown_tasks_removed", tasks=len(unknown))
    OrmQ.objects.filter(pk__in=unknown).delete()
    return len(unknown)


def _queued() -> Iterator[tuple[int, str]]:
    for task in OrmQ.objects.iterator(chunk_size=BATCH_SIZE):
        yield task.pk, str(task.func() or "")


def _is_known(function: str) -> bool:
    try:
        return callable(import_string(function))
    except ImportError:
        return False
