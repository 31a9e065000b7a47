"""Take work out of the queue under a lease, renew it, and take back what its worker lost."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from zoho_sync.models import Pause, SyncQueueItem
from zoho_sync.models.queue import Status

# A record whose worker died is claimed alone from then on, so that no neighbour dies with it; this
# many deaths while alone and it is a dead letter.
LONE_DEATHS = 3

# Due rows in order; `n` is their rank. A row that has seen a death is taken alone and only when it
# is first, the others together. MATERIALIZED: a LIMIT under an UPDATE may otherwise run twice.
# Records in other hands (a processing row exists) are skipped; OFFSET keeps PostgreSQL from turning that
# look into a join, which reads all processing rows whenever it believes that there are hardly any.
_CLAIM = """
WITH due AS {materialized} (
    SELECT id, deaths, priority, next_attempt_at FROM {table} AS waiting
    WHERE status IN ('pending', 'retry') AND next_attempt_at <= %s
      AND module NOT IN (SELECT module FROM {pause})
      AND NOT EXISTS (SELECT 1 FROM {table} AS held WHERE held.status = 'processing'
                      AND held.module = waiting.module AND held.zoho_id = waiting.zoho_id LIMIT 1 OFFSET 0)
      {only}
    ORDER BY priority, next_attempt_at, id LIMIT %s {lock}
), ranked AS (
    SELECT id, deaths, row_number() OVER (ORDER BY priority, next_attempt_at, id) AS n FROM due
), picked AS (
    SELECT id FROM ranked
    WHERE CASE WHEN (SELECT deaths FROM ranked WHERE n = 1) > 0 THEN n = 1 ELSE deaths = 0 END
)
UPDATE {table} SET status = 'processing', locked_by = %s, lock_token = %s, lock_expires_at = %s,
    attempts = attempts + 1, waits_for_module = '', waits_for_id = '', claimed_at = %s, updated_at = %s
FROM picked WHERE {table}.id = picked.id
RETURNING {table}.id, {table}.module, {table}.zoho_id, {table}.attempts, {table}.deaths, {table}.needs_fetch,
    {table}.priority, {table}.waiting_since
"""

# Of the rows that are due first, those of one module that must be fetched and have seen no death.
_ALIKE = """AND module = %s AND needs_fetch AND deaths = 0 AND id IN (
    SELECT id FROM {table} WHERE status IN ('pending', 'retry') AND next_attempt_at <= %s
    ORDER BY priority, next_attempt_at, id LIMIT %s)
"""
LOOK_AHEAD = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """One record in our hands until the lease ends; `token` proves it."""

    id: int
    module: str
    zoho_id: str
    attempts: int
    deaths: int
    needs_fetch: bool
    priority: int
    token: uuid.UUID
    waiting_since: datetime | None = None


@dataclass(frozen=True)
class ExpiredLeases:
    """What `return_expired_leases` did: how many jobs wait again, and the records that killed their worker."""

    returned: int = 0
    poisoned: list[SyncQueueItem] = field(default_factory=list)


def claim(worker: str, *, limit: int, at: datetime) -> list[Claim]:
    """Take up to `limit` due records, the most urgent first; each is ours for `TDS_LOCK_TIMEOUT_SECONDS`.

    The attempt is counted now, so a worker that dies has used one.
    """
    return _claim(worker, limit=limit, at=at)


def claim_alike(worker: str, module: str, *, limit: int, at: datetime) -> list[Claim]:
    """Take more records of `module` that must be fetched, so that one call can bring them all.

    Only from among the first of what is due, which bounds the look, and none whose worker died: those are
    taken alone.
    """
    table = SyncQueueItem._meta.db_table
    stored = connection.ops.adapt_datetimefield_value(at)
    return _claim(worker, limit=limit, at=at, only=_ALIKE.format(table=table), values=(module, stored, LOOK_AHEAD))


def _claim(worker: str, *, limit: int, at: datetime, only: str = "", values: Sequence[Any] = ()) -> list[Claim]:
    """`only` is a further condition on what may be taken, with its `values`."""
    token = uuid.uuid4()
    postgres = connection.vendor == "postgresql"
    statement = _CLAIM.format(
        table=SyncQueueItem._meta.db_table,
        pause=Pause._meta.db_table,
        materialized="MATERIALIZED" if postgres else "",
        lock="FOR UPDATE SKIP LOCKED" if postgres else "",
        only=only,
    )
    until = at + timedelta(seconds=settings.TDS_LOCK_TIMEOUT_SECONDS)
    stored = connection.ops.adapt_datetimefield_value
    token_value = token if connection.features.has_native_uuid_field else token.hex
    parameters = [stored(at), *values, limit, worker, token_value, stored(until), stored(at), stored(at)]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            rows = cursor.fetchall()
    except IntegrityError:
        # Another worker took one of these records between our look and our update; the next look sees it.
        return []
    claims = [
        Claim(pk, module, zoho_id, attempts, deaths, bool(needs_fetch), priority, token, _moment(waiting_since))
        for pk, module, zoho_id, attempts, deaths, needs_fetch, priority, waiting_since in rows
    ]
    return sorted(claims, key=lambda claim: claim.id)


def _moment(value: datetime | None) -> datetime | None:
    """What the driver answers for a timestamp: SQLite's is in UTC and does not say so."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def lock_claimed(claims: Sequence[Claim]) -> list[Claim]:
    """Lock the queue rows of `claims` until the transaction ends; only those that are still ours come back."""
    tokens = {claim.token for claim in claims}
    held = set(
        SyncQueueItem.objects.select_for_update()
        .filter(pk__in=[claim.id for claim in claims], status=Status.PROCESSING, lock_token__in=tokens)
        .order_by("pk")
        .values_list("pk", "lock_token")
    )
    return [claim for claim in claims if (claim.id, claim.token) in held]


def renew(claims: Sequence[Claim], *, at: datetime) -> None:
    """Start the leases of `claims` anew, before something slow."""
    until = at + timedelta(seconds=settings.TDS_LOCK_TIMEOUT_SECONDS)
    SyncQueueItem.objects.filter(
        pk__in=[claim.id for claim in claims],
        status=Status.PROCESSING,
        lock_token__in={claim.token for claim in claims},
    ).update(lock_expires_at=until)


def return_expired_leases(*, at: datetime) -> ExpiredLeases:
    """Make the jobs of dead workers wait again, due now.

    Where a newer job already waits for the record, the old one just ends: its events are still
    queued and the newer job will read them; it inherits the deaths. Records that killed their
    worker `LONE_DEATHS` times while alone are handed to the caller, locked, to be given up.
    Called inside or outside a transaction.
    """
    if not SyncQueueItem.objects.with_expired_lease(at).exists():
        return ExpiredLeases()
    try:
        return _return_expired(at)
    except IntegrityError:
        # A delivery made a newer job for one of the records since we looked; now we see it.
        return _return_expired(at)


def _return_expired(at: datetime) -> ExpiredLeases:
    with transaction.atomic():
        lost = list(
            SyncQueueItem.objects.with_expired_lease(at).select_for_update(skip_locked=_can_skip()).order_by("pk")
        )
        newer = {
            (job.module, job.zoho_id): job
            for job in SyncQueueItem.objects.waiting()
            .of((job.module, job.zoho_id) for job in lost)
            .select_for_update()
            .order_by("pk")
        }
        returned, poisoned = 0, []
        for job in lost:
            job.deaths += 1
            job.last_error = f"the worker {job.locked_by} was lost while it held this record"
            if job.deaths > LONE_DEATHS:
                poisoned.append(job)
                continue
            follower = newer.get((job.module, job.zoho_id))
            _end_lease(job, at=at, follower=follower)
            if follower:
                SyncQueueItem.objects.filter(pk=follower.pk).update(deaths=F("deaths") + job.deaths)
            returned += 1
        for job in poisoned:
            job.save(update_fields=["deaths", "last_error", "updated_at"])
        return ExpiredLeases(returned, poisoned)


def _end_lease(job: SyncQueueItem, *, at: datetime, follower: SyncQueueItem | None) -> None:
    job.status = Status.DISCARDED if follower else Status.RETRY
    job.finished_at = at if follower else None
    job.next_attempt_at, job.lock_token, job.lock_expires_at = at, None, None
    job.save(
        update_fields=[
            "status",
            "finished_at",
            "next_attempt_at",
            "lock_token",
            "lock_expires_at",
            "deaths",
            "last_error",
            "updated_at",
        ]
    )


def _can_skip() -> bool:
    return connection.features.has_select_for_update_skip_locked
