"""End a claim: done, tried again later, waiting for a parent, given back, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db import IntegrityError, transaction
from django.db.models import Q

from tsh_erp.common.sql import update_from_values
from zoho_sync.models import SyncQueueItem
from zoho_sync.models.queue import Status
from zoho_sync.queue.claiming import Claim


class End(Enum):
    """How a claim ends. RELEASED and WAITING hand the attempt back: it was not the record's fault."""

    COMPLETED = "completed"
    RETRY = "retry"
    WAITING = "waiting"
    RELEASED = "released"
    DEAD = "dead"
    DISCARDED = "discarded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """The end of one claim. `due` is when it is tried again; `parent` is what it waits for."""

    claim: Claim
    end: End
    due: datetime | None = None
    error: str = ""
    traceback: str = ""
    parent: tuple[str, str] = ("", "")
    needs_fetch: bool = False


_STATUS = {
    End.COMPLETED: Status.COMPLETED,
    End.RETRY: Status.RETRY,
    End.WAITING: Status.RETRY,
    End.RELEASED: Status.RETRY,
    End.DEAD: Status.DEAD_LETTER,
    End.DISCARDED: Status.DISCARDED,
}
_FIELDS = (
    "status",
    "attempts",
    "deaths",
    "next_attempt_at",
    "waits_for_module",
    "waits_for_id",
    "waiting_since",
    "lock_token",
    "lock_expires_at",
    "last_error",
    "last_traceback",
    "needs_fetch",
    "finished_at",
    "updated_at",
)


def settle(settlements: Sequence[Settlement], *, at: datetime) -> None:
    """Write the ends of claims whose rows the caller holds locked. Three statements at the most, plus one on a race.

    A record that must be tried again and for which a newer job already waits is left to that job.
    """
    completed = [one.claim.id for one in settlements if one.end is End.COMPLETED]
    again = [one for one in settlements if _STATUS[one.end] == Status.RETRY]
    ended = [one for one in settlements if one.end is not End.COMPLETED and _STATUS[one.end] != Status.RETRY]
    if completed:
        _complete(completed, at=at)
    update_from_values(SyncQueueItem, _FIELDS, [_row(one, at=at) for one in ended])
    if again:
        try:
            with transaction.atomic():
                _settle_again(again, at=at)
        except IntegrityError:
            # A delivery made a newer job for one of the records since we looked; now we see it.
            _settle_again(again, at=at)


def wake_children(parents: Sequence[tuple[str, str]], *, at: datetime) -> int:
    """Make the jobs due that wait for one of `parents` (module, Zoho id); how many."""
    if not parents:
        return 0
    waits = Q()
    for module in {module for module, _ in parents}:
        ids = sorted(zoho_id for parent, zoho_id in parents if parent == module)
        waits |= Q(waits_for_module=module, waits_for_id__in=ids)
    return (
        SyncQueueItem.objects.filter(waits, status=Status.RETRY)
        .exclude(waits_for_id="")
        .update(next_attempt_at=at, waits_for_module="", waits_for_id="", waiting_since=None, updated_at=at)
    )


def _complete(jobs: Sequence[int], *, at: datetime) -> None:
    """The end that nearly all have, and the same values for all of them."""
    SyncQueueItem.objects.filter(pk__in=jobs).update(
        status=Status.COMPLETED,
        deaths=0,
        next_attempt_at=at,
        waits_for_module="",
        waits_for_id="",
        waiting_since=None,
        lock_token=None,
        lock_expires_at=None,
        last_error="",
        last_traceback="",
        needs_fetch=False,
        finished_at=at,
        updated_at=at,
    )


def _settle_again(settlements: Sequence[Settlement], *, at: datetime) -> None:
    waiting = {
        (job.module, job.zoho_id): job
        for job in SyncQueueItem.objects.waiting().of((one.claim.module, one.claim.zoho_id) for one in settlements)
    }
    rows = []
    for one in settlements:
        follower = waiting.get((one.claim.module, one.claim.zoho_id))
        rows.append(_row(one, at=at, left_to_follower=follower is not None))
        if follower and one.needs_fetch and not follower.needs_fetch:
            SyncQueueItem.objects.filter(pk=follower.pk).update(needs_fetch=True)
    update_from_values(SyncQueueItem, _FIELDS, rows)


def _row(one: Settlement, *, at: datetime, left_to_follower: bool = False) -> tuple[object, ...]:
    status = Status.DISCARDED if left_to_follower else _STATUS[one.end]
    handed_back = one.end in (End.WAITING, End.RELEASED)
    return (
        one.claim.id,
        status,
        max(one.claim.attempts - 1, 0) if handed_back else one.claim.attempts,
        one.claim.deaths if one.end in (End.RETRY, End.RELEASED, End.DEAD) else 0,
        one.due or at,
        *(one.parent if status == Status.RETRY else ("", "")),
        (one.claim.waiting_since or at) if one.end is End.WAITING and status == Status.RETRY else None,
        None,
        None,
        one.error,
        one.traceback,
        one.needs_fetch,
        None if status == Status.RETRY else at,
        at,
    )
