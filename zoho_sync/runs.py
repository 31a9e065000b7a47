"""Runs: long work that is seen, refused a second time, cancelled between two steps, and taken up where it stopped.

Whoever works on a run holds its token: every report is a conditional update, so that a process
that was given up for dead writes nothing more.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from zoho_sync.errors import SyncError
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import SyncRunQuerySet

log = structlog.get_logger(__name__)

# A worker reports at least this often, or is taken for dead.
SILENCE = timedelta(minutes=2)
REPORTED = (
    "pages",
    "expected",
    "seen",
    "created",
    "updated",
    "unchanged",
    "stale",
    "skipped",
    "retired",
    "failed",
    "calls",
    "checkpoint",
    "error",
)
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


def take(run_id: int, *, resume: bool = False) -> SyncRun:
    """Make the run ours and running. With `resume` also one that failed, was cancelled or lost its worker.

    SyncRun.DoesNotExist; NotResumable says what it is; AlreadyRunning when a newer run of the same scope is open.
    """
    give_up_dead(SyncRun.objects.filter(pk=run_id))
    wanted = (SyncRun.Status.QUEUED, *RESUMABLE) if resume else (SyncRun.Status.QUEUED,)
    now, token = timezone.now(), uuid.uuid4()
    try:
        with transaction.atomic():
            taken = SyncRun.objects.filter(pk=run_id, status__in=wanted).update(
                status=SyncRun.Status.RUNNING,
                worker=_me(),
                token=token,
                beat_at=now,
                finished_at=None,
                cancel_requested_at=None,
                error="",
                updated_at=now,
            )
    except IntegrityError:
        run = SyncRun.objects.get(pk=run_id)
        raise AlreadyRunning(SyncRun.objects.open().of(run.kind, run.module).get()) from None
    run = SyncRun.objects.get(pk=run_id)
    if not taken:
        raise NotResumable(f"run {run_id} is {run.status} and cannot be taken up")
    return run


def report(run: SyncRun) -> None:
    """Store how far the run has come, as a sign of life.

    Raises RunTaken when the run is no longer ours, Cancelled when a person wants it to stop.
    """
    now = timezone.now()
    told = {name: getattr(run, name) for name in REPORTED}
    if not SyncRun.objects.filter(pk=run.pk, token=run.token).update(**told, beat_at=now, updated_at=now):
        raise RunTaken(f"run {run.pk} was taken over by another process")
    run.beat_at = now
    if SyncRun.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists():
        raise Cancelled(f"run {run.pk} was cancelled")


def finish(run: SyncRun, status: SyncRun.Status) -> None:
    """End the run with its last counts. RunTaken when it is no longer ours."""
    now = timezone.now()
    told = {name: getattr(run, name) for name in REPORTED}
    ended = SyncRun.objects.filter(pk=run.pk, token=run.token).update(
        **told, status=status, finished_at=now, token=None, updated_at=now
    )
    if not ended:
        raise RunTaken(f"run {run.pk} was taken over by another process")
    run.status, run.finished_at, run.token = status, now, None


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
    except SyncError as error:
        log.warning("run_failed", run=run.pk, kind=run.kind, module=run.module, error=str(error))
        _end(run, SyncRun.Status.FAILED, str(error))
    except (KeyboardInterrupt, SystemExit):
        _end(run, SyncRun.Status.CANCELLED, "stopped by hand")
        raise
    except Exception as error:
        _end(run, SyncRun.Status.FAILED, f"{type(error).__name__}: {error}")
        raise
    else:
        finish(run, SyncRun.Status.PARTIAL if run.failed else SyncRun.Status.COMPLETED)


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


def give_up_dead(runs: SyncRunQuerySet) -> int:
    """Fail those of `runs` (a SyncRun queryset) whose worker is dead, so that they can be resumed; how many."""
    dead = 0
    for run in runs.running():
        if _is_dead(run):
            now = timezone.now()
            dead += SyncRun.objects.filter(pk=run.pk, token=run.token, status=SyncRun.Status.RUNNING).update(
                status=SyncRun.Status.FAILED,
                token=None,
                finished_at=now,
                updated_at=now,
                error=f"{run.worker} stopped working on it without a word",
            )
    return dead


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[-100:]


def _is_dead(run: SyncRun) -> bool:
    """Its process is gone from this machine, or nothing was heard of it for `SILENCE`."""
    host, _, pid = run.worker.rpartition(":")
    if host == socket.gethostname() and pid.isdigit() and not _lives(int(pid)):
        return True
    return run.beat_at is None or timezone.now() - run.beat_at > SILENCE


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
