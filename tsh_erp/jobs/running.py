"""Do periodic jobs: each one at a time, once for each time it was due, with a record of how it went."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseError
from django.db import IntegrityError, close_old_connections, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string
from django_q.conf import Conf

from tsh_erp.jobs.heartbeat import beat
from tsh_erp.jobs.models import JobRun
from tsh_erp.jobs.processes import is_gone, this_process

log = structlog.get_logger(__name__)

RUN_JOB = "tsh_erp.jobs.running.run_job"
DUE_AT = "due_at"
# A cluster kills a task after its timeout; what has not ended well after that never will.
GRACE = timedelta(seconds=30)


def run_job(name: str, task: str, *arguments: str, due_at: str | None = None) -> str:
    """Call the function named by the dotted string `task` as the job `name`; what came of it, in a few words.

    Nothing is done while another process does the same job, nor when this time it was due (ISO 8601)
    it was done before: django-q2 may deliver a task twice. What the job raises is recorded and raised.
    """
    beat()
    give_up_dead()
    run = _begin(name, parse_datetime(due_at) if due_at else None)
    if run is None:
        log.info("job_not_started", job=name, due_at=due_at)
        return "under way or done already"
    function: Callable[..., object] = import_string(task)
    try:
        result = function(*arguments)
    except BaseException as error:
        _end(run, JobRun.State.FAILED, error="".join(traceback.format_exception(error))[-20_000:])
        raise
    _end(run, JobRun.State.SUCCEEDED, result=str(result)[:1000])
    return str(result)


def give_up_dead() -> int:
    """End the runs whose process is gone, or that have outlived the time their cluster gives a task; how many."""
    now = timezone.now()
    return (
        JobRun.objects.running().filter(pk__in=find_dead(at=now)).update(state=JobRun.State.ABANDONED, finished_at=now)
    )


def find_dead(*, at: datetime) -> list[int]:
    """The keys of those runs."""
    return [run.pk for run in JobRun.objects.running() if run.lease_ends_at <= at or is_gone(run.worker)]


def _begin(name: str, due_at: datetime | None) -> JobRun | None:
    now = timezone.now()
    lease = timedelta(seconds=Conf.TIMEOUT) if Conf.TIMEOUT else timedelta(days=1)
    try:
        with transaction.atomic():
            return JobRun.objects.create(
                name=name, due_at=due_at, started_at=now, lease_ends_at=now + lease + GRACE, worker=this_process()
            )
    except IntegrityError:
        return None


def _end(run: JobRun, state: JobRun.State, *, result: str = "", error: str = "") -> None:
    """The job is done whatever the database says now: a record that cannot be written is not worth its failure."""
    values = {"state": state, "finished_at": timezone.now(), "result": result, "error": error}
    try:
        JobRun.objects.running().filter(pk=run.pk).update(**values)
    except DatabaseError:
        log.warning("job_end_not_recorded", job=run.name, run=run.pk, exc_info=True)
        close_old_connections()
