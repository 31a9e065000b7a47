"""Bulk actions: begun, worked on by one process at a time, cancelled between two batches, taken up again when it died.

What an action does is known to the admin's pages; the worker finds it there. Whoever works on one holds its token, and
every batch is written together with how far it has come: a batch is done once, whenever its worker dies.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction

from tsh_erp.jobs import long
from tsh_erp.jobs.processes import this_process
from zoho_sync.errors import SyncError
from zoho_sync.models import BulkAction
from zoho_sync.models.bulk_actions import OPEN, WAITING, State

log = structlog.get_logger(__name__)

PERFORM = "zoho_sync.admin.bulk_performing.perform"
# Far longer than a batch takes; who is silent for so long is dead.
SILENCE = timedelta(minutes=3)
# One that waits for longer, though nobody is busy with long jobs, was forgotten.
FORGOTTEN_AFTER = timedelta(seconds=45)
# By who works on it; `cancel_requested_at` is others'.
WRITTEN = (
    *("state", "token", "done", "left_out", "reached", "watched", "watched_since", "failed_again"),
    *("error", "finished_at", "beat_at", "updated_at"),
)
ENDED_EARLY = (State.CANCELLED, State.STOPPED, State.FAILED)


class Taken(SyncError):
    """Another process works on the bulk action now, or nobody may any more."""


def start(
    *,
    table: str,
    action: str,
    query: str,
    answer: str,
    upto: int,
    expected: int,
    is_estimate: bool,
    user: User,
) -> BulkAction:
    """A bulk action that waits for a worker for long jobs; stored together with the order to do it."""
    with transaction.atomic():
        begun = BulkAction.objects.create(
            table=table,
            action=action,
            query=query,
            answer=answer,
            upto=upto,
            expected=expected,
            is_estimate=is_estimate,
            user=user,
        )
        long.enqueue(PERFORM, begun.pk)
    return begun


def take(pk: int, *, at: datetime) -> BulkAction:
    """Make it ours. Taken when somebody who lives works on it, or when it has ended."""
    free = BulkAction.objects.filter(pk=pk, state__in=WAITING) | BulkAction.objects.filter(
        pk=pk, state=State.RUNNING, beat_at__lte=at - SILENCE
    )
    token = uuid.uuid4()
    if not free.update(state=State.RUNNING, token=token, worker=this_process(), beat_at=at, updated_at=at):
        raise Taken(f"bulk action {pk} has ended, or somebody works on it")
    return BulkAction.objects.select_related("user").get(pk=pk)


@contextmanager
def step(mine: BulkAction, *, at: datetime) -> Iterator[BulkAction]:
    """A transaction in which the bulk action is locked and still ours; what is changed of it is stored at its end."""
    with transaction.atomic():
        held = BulkAction.objects.select_for_update().filter(pk=mine.pk, token=mine.token, state=State.RUNNING).first()
        if held is None:
            raise Taken(f"bulk action {mine.pk} is not ours any more")
        yield held
        held.beat_at = held.updated_at = at
        held.save(update_fields=WRITTEN)


def end(held: BulkAction, state: State, *, at: datetime, error: str = "") -> None:
    """Inside a step: it is over, or waits (QUEUED, WATCHING) for its next turn."""
    held.state, held.token = state, None
    held.error = error or held.error
    held.finished_at = None if state in OPEN else at


def call_again(held: BulkAction) -> None:
    """Inside a step that has ended a turn: it goes on as soon as a worker for long jobs is free."""
    long.enqueue(PERFORM, held.pk)


def request_cancel(pk: int, *, at: datetime) -> bool:
    """Have it stop after its present batch; one that nobody works on ends at once. False when it had ended."""
    mine = BulkAction.objects.filter(pk=pk)
    if mine.filter(state__in=WAITING).update(
        state=State.CANCELLED, cancel_requested_at=at, finished_at=at, token=None, updated_at=at
    ):
        return True
    return bool(mine.filter(state=State.RUNNING).update(cancel_requested_at=at, updated_at=at))


def resume(pk: int, *, at: datetime) -> bool:
    """Let one that ended early go on with the rows it has not reached, without watching the first again."""
    with transaction.atomic():
        ended = BulkAction.objects.filter(pk=pk, state__in=ENDED_EARLY)
        resumed = ended.update(
            state=State.QUEUED,
            cancel_requested_at=None,
            finished_at=None,
            watched=[],
            watched_since=at,
            error="",
            updated_at=at,
        )
        if resumed:
            long.enqueue(PERFORM, pk)
    return bool(resumed)


def call_for_forgotten(*, at: datetime) -> int:
    """Call again for those that are open though nobody works on them: the worker or its task died; how many."""
    left = BulkAction.objects.to_call_for(waiting_before=at - FORGOTTEN_AFTER, silent_before=at - SILENCE)
    called = 0
    for one in left if long.is_idle() else ():
        with transaction.atomic():
            if BulkAction.objects.filter(pk=one.pk, updated_at=one.updated_at).update(updated_at=at):
                long.enqueue(PERFORM, one.pk)
                called += 1
                log.info("bulk_action_called_again", bulk_action=one.pk, state=one.state)
    return called
