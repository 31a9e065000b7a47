"""Put work into the queue: at most one waiting job per record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from zoho_sync.models import SyncQueueItem
from zoho_sync.models.queue import Status

# DO UPDATE and not DO NOTHING: the update locks the waiting row against a claim until we commit.
# With DO NOTHING a worker could claim and settle it before our event is visible, and the event
# would have no job.
_ENQUEUE = """
INSERT INTO {table} (module, zoho_id, status, priority, attempts, deaths, needs_fetch, next_attempt_at,
                     waits_for_module, waits_for_id, locked_by, last_error, last_traceback, created_at, updated_at)
VALUES {rows}
ON CONFLICT (module, zoho_id) WHERE status IN ('pending', 'retry') DO UPDATE SET
    {hurry}
    priority = {least}({table}.priority, excluded.priority),
    needs_fetch = {table}.needs_fetch OR excluded.needs_fetch,
    updated_at = excluded.updated_at
"""

_HURRY = """
    next_attempt_at = {least}({table}.next_attempt_at, excluded.next_attempt_at), attempts = 0, waiting_since = NULL,
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """A record that should be brought in. Lower `priority` is more urgent (1 … 10)."""

    module: str
    zoho_id: str
    priority: int = 5
    needs_fetch: bool = False
    due: datetime | None = None


def enqueue(works: Sequence[Work], *, at: datetime, hurry: bool = True) -> None:
    """Make sure that a waiting job exists for each record, due at `at` (or at `due` where that is given).

    A job that already waits keeps the higher urgency. With `hurry`, which news deserves, it becomes due no
    later than asked and starts its attempts anew; without, it keeps its back-off. One statement; rows in
    key order, so that two callers never deadlock.
    """
    if not works:
        return
    merged: dict[tuple[str, str], Work] = {}
    for work in works:
        known = merged.get((work.module, work.zoho_id))
        merged[work.module, work.zoho_id] = _both(known, work, at=at) if known else work
    parameters: list[Any] = []
    for _, work in sorted(merged.items()):
        parameters += [work.module, work.zoho_id, Status.PENDING, work.priority, 0, 0, work.needs_fetch]
        parameters += [_stored(work.due or at), "", "", "", "", "", _stored(at), _stored(at)]
    least = "LEAST" if connection.vendor == "postgresql" else "MIN"
    rows = ", ".join(["(" + ", ".join(["%s"] * 15) + ")"] * len(merged))
    names = {"table": SyncQueueItem._meta.db_table, "least": least}
    statement = _ENQUEUE.format(rows=rows, hurry=_HURRY.format(**names) if hurry else "", **names)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _both(one: Work, other: Work, *, at: datetime) -> Work:
    return replace(
        one,
        priority=min(one.priority, other.priority),
        needs_fetch=one.needs_fetch or other.needs_fetch,
        due=min(one.due or at, other.due or at),
    )


def _stored(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
