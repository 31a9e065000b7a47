"""Runs: long work that is seen, refused a second time, cancelled between two steps, and taken up where it stopped.

Whoever works on a run holds its token: every report is a conditional update, so that a process
that was given up for dead writes nothing more.
"""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, reset_queries, transaction
from django.utils import timezone

from catalog.services.freshness import confirm
from tsh_erp.jobs.processes import is_gone, this_process
from zoho_sync.errors import SyncError
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import SyncRunQuerySet

log = structlog.get_logger(__name__)

# In long steps one is shown before a call, no more often than this.
BEAT_SECONDS = 20.0
# A worker shows a sign of life at least this often, or is taken for dead: on another machine, and
# here, where its process can be seen, in case that one hangs. A page may have to wait for limits and retries.
SILENCE, HANGING = timedelta(minutes=5), timedelta(minutes=30)
MOST_ERRORS = 50  # are kept with a run
WITHOUT_A_WORD = "stopped working on it without a word"
COUNTS = ("pages", "seen", "created", "updated", "unchanged", "stale", "skipped", "retired", "failed", "calls")
REPORTED = (*COUNTS, "expected", "checkpoint", "error")
# Runs over all items after which phones may say that stock is as Zoho had it when they began: their kind and mode.
STATING_STOCK = (
    (SyncRun.Kind.STOCK, SyncRun.Mode.FULL),
    (SyncRun.Kind.STOCK, SyncRun.Mode.INCREMENTAL),
    (SyncRun.Kind.PULL, SyncRun.Mode.FULL),
)
CONFIRMING = (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL)
RESUMABLE = (SyncRun.Status.FAILED, SyncRun.Status.CANCELLED, SyncRun.Status.PARTIAL)


class AlreadyRunning(SyncError):
    """Another run of the same kind and module is open; `run` is that one."""

    def __init__(self, run: SyncRun) -> None:
        super().__init__(f"{run.kind} of {run.module} is already under way: run {run.pk}, {run.status}")
        self.run = run


class NotResumable(SyncError):
    """The run is finished, or somebody is working on it."""


class Cancelled(SyncError):
    """A person asked the run to stop."""


class TimeIsUp(SyncError):
    """The run has had its turn: it waits to be taken up again, and others have theirs."""


class RunTaken(SyncError):
    """Another process works on the run now; nothing may be written about it any more."""


def open_run(
    kind: SyncRun.Kind,
    module: str,
    *,
    mode: SyncRun.Mode,
    trigger: SyncRun.Trigger,
    since: datetime | None = None,
    options: Mapping[str, Any] | None = None,
    batch: uuid.UUID | None = None,
    user: User | None = None,
) -> SyncRun:
    """A new run that waits for `take`. AlreadyRunning when one is open whose worker lives."""
    give_up_dead(SyncRun.objects.of(kind, module))
    try:
        with transaction.atomic():
            return SyncRun.objects.create(
                kind=kind,
                module=module,
                mode=mode,
                trigger=trigger,
                status=SyncRun.Status.QUEUED,
                since=since,
                options=dict(options or {}),
                batch=batch,
                user=user,
                started_at=timezone.now(),
            )
    except IntegrityError:
        other = SyncRun.objects.open().of(kind, module).first()
        if other is None:  # it ended this very moment
            return open_run(
                kind, module, mode=mode, trigger=trigger, since=since, options=options, batch=batch, user=user
            )
        raise AlreadyRunning(other) from None


def refuse_open(kind: SyncRun.Kind, modules: Sequence[str]) -> None:
    """AlreadyRunning when a run of this kind is open on one of these modules; for those who begin several at a time."""
    runs = SyncRun.objects.filter(kind=kind, module__in=modules)
    give_up_dead(runs)
    if other := runs.open().order_by("id").first():
        raise AlreadyRunning(other)


def take(run_id: int, *, resume: bool = False) -> SyncRun:
    """Make the run ours and running. With `resume` also one that failed, was cancelled or lost its worker.

    SyncRun.DoesNotExist; NotResumable says what it is; AlreadyRunning when a newer run of the same scope is open.
    """
    return _open_again(
        run_id,
        (SyncRun.Status.QUEUED, *RESUMABLE) if resume else (SyncRun.Status.QUEUED,),
        otherwise="cannot be taken up",
        status=SyncRun.Status.RUNNING,
        worker=this_process(),
        token=uuid.uuid4(),
        beat_at=timezone.now(),
        error="",
    )


def reopen(run_id: int) -> SyncRun:
    """Let a run that ended early wait for `take` again, to go on from its checkpoint.

    SyncRun.DoesNotExist; NotResumable says what it is; AlreadyRunning when another run of its scope is open.
    """
    return _open_again(run_id, RESUMABLE, otherwise="cannot be resumed", status=SyncRun.Status.QUEUED)


def _open_again(run_id: int, wanted: Collection[str], *, otherwise: str, **columns: Any) -> SyncRun:
    """The run with these columns, if it is in one of the `wanted` states and no other of its scope is open."""
    give_up_dead(SyncRun.objects.filter(pk=run_id))
    try:
        with transaction.atomic():
            opened = SyncRun.objects.filter(pk=run_id, status__in=wanted).update(
                **columns, finished_at=None, cancel_requested_at=None, updated_at=timezone.now()
            )
    except IntegrityError:
        run = SyncRun.objects.get(pk=run_id)
        raise AlreadyRunning(SyncRun.objects.open().of(run.kind, run.module).get()) from None
    run = SyncRun.objects.get(pk=run_id)
    if not opened:
        raise NotResumable(f"run {run_id} is {run.status} and {otherwise}")
    return run


def note_failure(run: SyncRun, zoho_id: str, why: str) -> None:
    """Count a record that failed; the first `MOST_ERRORS` are named in the checkpoint's "errors"."""
    run.failed += 1
    run.error = run.error or f"{zoho_id}: {why}"
    errors = run.checkpoint.get("errors", [])
    if len(errors) < MOST_ERRORS:
        run.checkpoint = {**run.checkpoint, "errors": [*errors, {"zoho_id": zoho_id, "error": why}]}


def report(run: SyncRun) -> None:
    """Store how far the run has come, as a sign of life.

    Raises RunTaken when the run is no longer ours, Cancelled when a person wants it to stop, TimeIsUp when
    its turn ends.
    """
    if settings.DEBUG:
        reset_queries()  # else every statement of a long run is kept
    now = timezone.now()
    told = {name: getattr(run, name) for name in REPORTED}
    if not SyncRun.objects.filter(pk=run.pk, token=run.token).update(**told, beat_at=now, updated_at=now):
        raise RunTaken(f"run {run.pk} was taken over by another process")
    run.beat_at = now
    if run.turn is not None:
        run.turn.show_life()
    if SyncRun.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists():
        raise Cancelled(f"run {run.pk} was cancelled")
    if run.turn is not None and time.monotonic() >= run.turn.ends_at:
        raise TimeIsUp(f"run {run.pk} goes on in another turn")


def beat(run: SyncRun) -> None:
    """Show a sign of life between two reports, in the middle of a long step. Raises what `report` raises."""
    now = timezone.now()
    if not SyncRun.objects.filter(pk=run.pk, token=run.token).update(beat_at=now, updated_at=now):
        raise RunTaken(f"run {run.pk} was taken over by another process")
    run.beat_at = now
    if run.turn is not None:
        run.turn.show_life()
    if SyncRun.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists():
        raise Cancelled(f"run {run.pk} was cancelled")


def keep_alive(run: SyncRun) -> None:
    """Show a sign of life unless one was shown lately. For before each call of a step; raises what `beat` raises."""
    if run.beat_at is None or timezone.now() - run.beat_at >= timedelta(seconds=BEAT_SECONDS):
        beat(run)


def finish(run: SyncRun, status: SyncRun.Status) -> None:
    """End the run with its last counts, or with QUEUED only its turn. RunTaken when it is no longer ours."""
    now = timezone.now()
    finished_at = None if status == SyncRun.Status.QUEUED else now
    told = {name: getattr(run, name) for name in REPORTED}
    ended = SyncRun.objects.filter(pk=run.pk, token=run.token).update(
        **told, status=status, finished_at=finished_at, token=None, updated_at=now
    )
    if not ended:
        raise RunTaken(f"run {run.pk} was taken over by another process")
    run.status, run.finished_at, run.token = status, finished_at, None
    if status in CONFIRMING and run.module == "item" and (run.kind, run.mode) in STATING_STOCK:
        confirm(at=run.started_at)


@contextmanager
def at_work(run: SyncRun) -> Iterator[None]:
    """Work on a taken run, and end it as the work ended.

    Errors of Zoho's and a person's wish to stop end the run and go no further; whatever else
    happens ends it too and is raised. A run that is no longer ours is left alone.
    """
    try:
        yield
    except RunTaken:
        log.warning("run_taken_over", run=run.pk, kind=run.kind, module=run.module)
        raise
    except Cancelled:
        finish(run, SyncRun.Status.CANCELLED)
    except TimeIsUp:
        _put_back(run)
    except SyncError as error:
        log.warning("run_failed", run=run.pk, kind=run.kind, module=run.module, error=str(error))
        run.failure = error
        _end(run, SyncRun.Status.FAILED, str(error))
    except (KeyboardInterrupt, SystemExit):
        _end(run, SyncRun.Status.CANCELLED, "stopped by hand")
        raise
    except Exception as error:
        _end(run, SyncRun.Status.FAILED, f"{type(error).__name__}: {error}")
        raise
    else:
        # An error that did not end the work: of a record, or of what was left undone for a reason.
        finish(run, SyncRun.Status.PARTIAL if run.failed or run.error else SyncRun.Status.COMPLETED)


def _put_back(run: SyncRun) -> None:
    """The run waits, and somebody is told to go on with it, or neither."""
    with transaction.atomic():
        finish(run, SyncRun.Status.QUEUED)
        if SyncRun.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists():  # since the last report
            request_cancel(run.pk)
            run.refresh_from_db(fields=["status", "finished_at"])
        elif run.turn is not None:
            run.turn.queue_again(run)


def _end(run: SyncRun, status: SyncRun.Status, error: str) -> None:
    """What ended the run outweighs the first failure of a record."""
    run.error = error
    finish(run, status)


def request_cancel(run_id: int) -> bool:
    """Ask a run to stop after its present step; one that has not begun ends at once. Whether it was open."""
    now = timezone.now()
    waiting = SyncRun.objects.filter(pk=run_id, status=SyncRun.Status.QUEUED)
    if waiting.update(status=SyncRun.Status.CANCELLED, finished_at=now, cancel_requested_at=now, updated_at=now):
        return True
    return bool(SyncRun.objects.running().filter(pk=run_id).update(cancel_requested_at=now, updated_at=now))


def find_dead(runs: SyncRunQuerySet) -> list[SyncRun]:
    """Those of `runs` that are said to be running and whose worker is dead."""
    return [run for run in runs.running() if _is_dead(run)]


def give_up_dead(runs: SyncRunQuerySet) -> int:
    """Fail those of `runs` (a SyncRun queryset) whose worker is dead, so that they can be resumed; how many."""
    dead = 0
    for run in find_dead(runs):
        now = timezone.now()
        dead += SyncRun.objects.filter(pk=run.pk, token=run.token, status=SyncRun.Status.RUNNING).update(
            status=SyncRun.Status.FAILED,
            token=None,
            finished_at=now,
            updated_at=now,
            error=f"{run.worker} {WITHOUT_A_WORD}",
        )
    return dead


def _is_dead(run: SyncRun) -> bool:
    """Its process is gone from this machine, or nothing was heard of it for too long."""
    if is_gone(run.worker):
        return True
    is_here = run.worker.rpartition(":")[0] == socket.gethostname()
    return run.beat_at is None or timezone.now() - run.beat_at > (HANGING if is_here else SILENCE)
