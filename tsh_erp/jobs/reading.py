"""How the periodic jobs are doing: which are late, which failed, which have not been done for too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.models import Schedule

from tsh_erp.jobs.models import JobRun

# The scheduler looks every half minute; what is overdue by more than this nobody is going to start.
LATE = timedelta(minutes=2)
DAY = timedelta(days=1)
SHOWN_RUNS = 20


@dataclass(frozen=True, kw_only=True)
class Job:
    """A periodic job. `recent` are its last runs, the newest first.

    `is_late`: its time has passed and nobody has started it. `is_silent`: it has not been done well
    for twice its period, though it should have been.
    """

    id: int
    name: str
    every: timedelta
    trigger: str
    next_run: datetime | None
    cluster: str
    is_late: bool
    is_silent: bool
    recent: Sequence[JobRun]

    @property
    def last_run(self) -> JobRun | None:
        return self.recent[0] if self.recent else None

    @property
    def has_failed(self) -> bool:
        """Whether it ended badly the last time it ended."""
        ended = next((run for run in self.recent if run.state != JobRun.State.RUNNING), None)
        return ended is not None and ended.state != JobRun.State.SUCCEEDED


def read_jobs(*, at: datetime) -> list[Job]:
    """All periodic jobs by name. One query for the schedules and one for each of them."""
    return [_job(schedule, at) for schedule in Schedule.objects.order_by("name")]


def _job(schedule: Schedule, at: datetime) -> Job:
    every = DAY if schedule.schedule_type == Schedule.DAILY else timedelta(minutes=schedule.minutes or 0)
    runs = JobRun.objects.filter(name=schedule.name).order_by("-id")
    recent = list(runs.defer("error")[:SHOWN_RUNS])
    done = next((run for run in recent if run.state == JobRun.State.SUCCEEDED), None)
    first_known = done.started_at if done else (recent[-1].started_at if recent else None)
    return Job(
        id=schedule.pk,
        name=schedule.name,
        every=every,
        trigger=_trigger(schedule),
        next_run=schedule.next_run,
        cluster=schedule.cluster or "",
        is_late=schedule.repeats != 0 and schedule.next_run is not None and schedule.next_run < at - LATE,
        is_silent=first_known is not None and first_known < at - 2 * every - LATE,
        recent=recent,
    )


def _trigger(schedule: Schedule) -> str:
    """When it runs, in words."""
    if schedule.schedule_type == Schedule.DAILY:
        return _("daily")
    minutes = int(schedule.minutes or 0)
    if minutes == 60:
        return _("hourly")
    return ngettext("every minute", "every %(count)d minutes", minutes) % {"count": minutes}
