"""Forget what is older than it need be: a window of rows at a time, never what is open or still named by something.

Each window is one statement in a transaction of its own, found by primary key: nobody waits for it,
however large the table is and whatever its other indexes are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, transaction
from django.db.models import Exists, OuterRef, ProtectedError, Q, QuerySet

from catalog.services.history import prune_history
from tsh_erp.auditing.retention import prune_audit
from tsh_erp.events.deploys import DEPLOYED
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs.pruning import delete_in_batches, prune_jobs
from tsh_erp.signin.retention import prune_sign_ins
from zoho_sync.models import (
    Alert,
    ApiUsage,
    DeadLetter,
    InboxEvent,
    MetricSample,
    SyncCursor,
    SyncLog,
    SyncQueueItem,
    SyncRun,
)
from zoho_sync.models.dead_letters import UNRESOLVED
from zoho_sync.models.queue import Status

log = structlog.get_logger(__name__)

WINDOW = 1_000
MOST_SECONDS = 15 * 60.0
# An event goes before the one that overtook it, a record before the delivery it came in.
MOST_ROUNDS = 3

# When prices changed and goods came back: nobody asks after more than a year.
BUSINESS_HISTORY = timedelta(days=365)

State = InboxEvent.State
# What is over: QUEUED, INVALID and DEAD wait for a worker or for a person.
SETTLED = (State.APPLIED, State.UNCHANGED, State.STALE, State.SUPERSEDED, State.DISCARDED)
ENDED = (Status.COMPLETED, Status.DEAD_LETTER, Status.DISCARDED)
CLOSED = (DeadLetter.State.RESOLVED, DeadLetter.State.DISCARDED)


@dataclass(frozen=True)
class Table:
    """Rows that may go, and the column that says how old a row is; older rows have, but for a moment, lower keys."""

    name: str
    rows: QuerySet[Any]
    age: str


def prune(
    *,
    at: datetime,
    track: Callable[[], None] = lambda: None,
    most_seconds: float = MOST_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Delete what the settings let go (`TDS_…_RETENTION_DAYS`); how many rows of each table.

    Ends after `most_seconds`: the next night goes on. `track` is called before each step. A table that cannot
    be pruned is logged and keeps no other from its turn. Never called inside a transaction.
    """
    ends_at = clock() + most_seconds

    def is_over() -> bool:
        track()
        return clock() >= ends_at

    pruned: dict[str, int] = {}
    for name, step in _steps(at, is_over):
        if is_over():
            log.warning("retention_out_of_time", stopped_before=name)
            break
        try:
            pruned |= {one: count + pruned.get(one, 0) for one, count in step().items()}
        except (DatabaseError, ProtectedError):
            log.exception("retention_failed", table=name)
            close_old_connections()
    return pruned


def _steps(at: datetime, is_over: Callable[[], bool]) -> Iterator[tuple[str, Callable[[], dict[str, int]]]]:
    """Children before parents: what is still named by a row that stays, stays."""
    inbox, history, metrics = (
        at - timedelta(days=days)
        for days in (
            settings.TDS_INBOX_RETENTION_DAYS,
            settings.TDS_LOG_RETENTION_DAYS,
            settings.TDS_METRIC_RETENTION_DAYS,
        )
    )
    windows = (
        Table("dead_letters", _dead_letters(history), "created_at"),
        Table("inbox", _events(inbox), "received_at"),
        Table("log", _log(history), "started_at"),
        Table("queue", _jobs(history), "created_at"),
        Table("domain_events", _domain_events(history), "occurred_at"),
        Table("metrics", MetricSample.objects.prunable(before=metrics), "at"),
    )
    for table in windows:
        before = {"inbox": inbox, "metrics": metrics}.get(table.name, history)
        yield table.name, partial(_prune_table, table, before, is_over)
    few: dict[str, QuerySet[Any]] = {
        "alerts": Alert.objects.filter(state=Alert.State.RESOLVED, resolved_at__lt=history),
        "runs": _runs(history),
        "api_usage": ApiUsage.objects.filter(day__lt=history.date()),
    }
    for name, rows in few.items():
        yield name, partial(_prune_few, name, rows, is_over)
    yield "jobs", partial(prune_jobs, before=metrics)
    yield "price_and_stock_history", partial(_prune_history, at - BUSINESS_HISTORY, is_over)
    yield "audit", partial(_prune_audit, at - timedelta(days=settings.AUDIT_RETENTION_DAYS), is_over)
    yield "sign_ins", partial(_prune_sign_ins, at)


def _prune_table(table: Table, before: datetime, is_over: Callable[[], bool]) -> dict[str, int]:
    pruned = 0
    for _ in range(MOST_ROUNDS):
        gone = _walk(table, before, is_over)
        pruned += gone
        if not gone or table.name != "inbox":
            break
    return {table.name: pruned}


def _walk(table: Table, before: datetime, is_over: Callable[[], bool]) -> int:
    """Window by window from the oldest key to the first row that is young; how many rows are gone."""
    everything = table.rows.model._default_manager.order_by("pk").values_list("pk", table.age)
    last, pruned = 0, 0
    while not is_over():
        window = list(everything.filter(pk__gt=last)[:WINDOW])
        if not window or window[0][1] >= before:
            break
        first, last = window[0][0], window[-1][0]
        with transaction.atomic():
            pruned += table.rows.filter(pk__gte=first, pk__lte=last)._raw_delete(using=table.rows.db)
    return pruned


def _prune_few(name: str, rows: QuerySet[Any], is_over: Callable[[], bool]) -> dict[str, int]:
    """Rows that others may hang on, which Django looks after."""
    return {name: delete_in_batches(rows, until=is_over)}


def _prune_history(before: datetime, is_over: Callable[[], bool]) -> dict[str, int]:
    pruned = 0
    while not is_over() and (gone := prune_history(before=before, at_most=WINDOW)):
        pruned += gone
    return {"price_and_stock_history": pruned}


def _prune_audit(before: datetime, is_over: Callable[[], bool]) -> dict[str, int]:
    pruned = 0
    while not is_over() and (gone := prune_audit(before=before, at_most=WINDOW)):
        pruned += gone
    return {"audit": pruned}


def _prune_sign_ins(at: datetime) -> dict[str, int]:
    return {"sign_ins": prune_sign_ins(at=at)}


def _events(before: datetime) -> QuerySet[InboxEvent]:
    """Settled events of records without an unresolved dead letter, that no other row names."""
    return InboxEvent.objects.filter(
        Q(state__in=SETTLED, settled_at__lt=before) | Q(state=State.SPLIT),
        ~Exists(_unresolved()),
        ~Exists(DeadLetter.objects.filter(event=OuterRef("pk"))),
        ~Exists(InboxEvent.objects.filter(successor=OuterRef("pk"))),
        ~Exists(InboxEvent.objects.filter(parent=OuterRef("pk"))),
        received_at__lt=before,
    )


def _unresolved() -> QuerySet[DeadLetter]:
    """The dead letter for which a row's record waits: whoever looks at it wants to see all that happened."""
    return DeadLetter.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), state__in=UNRESOLVED)


def _log(before: datetime) -> QuerySet[SyncLog]:
    named = InboxEvent.objects.filter(log=OuterRef("pk"))
    return SyncLog.objects.filter(~Exists(named), ~Exists(_unresolved()), started_at__lt=before)


def _jobs(before: datetime) -> QuerySet[SyncQueueItem]:
    return SyncQueueItem.objects.filter(
        ~Exists(SyncLog.objects.filter(job=OuterRef("pk"))),
        ~Exists(DeadLetter.objects.filter(job=OuterRef("pk"))),
        status__in=ENDED,
        finished_at__lt=before,
    )


def _dead_letters(before: datetime) -> QuerySet[DeadLetter]:
    return DeadLetter.objects.filter(state__in=CLOSED, closed_at__lt=before)


def _domain_events(before: datetime) -> QuerySet[StoredEvent]:
    """What somebody could not take is kept until he does or a person lets it go; deploys are kept for ever."""
    failed = FailedDelivery.objects.filter(event=OuterRef("pk"))
    told = StoredEvent.objects.exclude(type=DEPLOYED)
    return told.filter(~Exists(failed), dispatched_at__lt=before, occurred_at__lt=before)


def _runs(before: datetime) -> QuerySet[SyncRun]:
    """Without the last of each kind and module, which tells how things stand, and those that set a cursor."""
    later = SyncRun.objects.filter(kind=OuterRef("kind"), module=OuterRef("module"), pk__gt=OuterRef("pk"))
    return SyncRun.objects.filter(
        Exists(later),
        ~Exists(SyncCursor.objects.filter(run=OuterRef("pk"))),
        finished_at__lt=before,
    )
