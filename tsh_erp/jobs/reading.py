"""How the periodic jobs are doing: which are late, which failed, which have not been done for too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import OuterRef, Q, Subquery
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
    is_paused: bool
    recent: Sequence[JobRun]

    @property
    def last_run(self) -> JobRun | None:
        return self.recent[0] if self.recent else None

    @property
    def has_failed(self) -> bool:
        """Whether it ended badly the last time it ended."""
        ended = next((run for run in self.recent if run.state != JobRun.State.RUNNING), None)
        return ended is not None and ended.state != JobRun.State.SUCCEEDED


def read_jobs(*, at: datetime, shown: int = SHOWN_RUNS) -> list[Job]:
    """All periodic jobs by name, each with its last `shown` runs (two at least). Two queries."""
    runs = JobRun.objects.filter(name=OuterRef("name")).order_by("-id").values("id")
    schedules = list(
        Schedule.objects.order_by("name").annotate(
            newest_run=Subquery(runs[:1]), first_shown=Subquery(runs[shown - 1 : shown])
        )
    )
    wanted = [Q(name=one.name, id__gte=one.first_shown or 0) for one in schedules if one.newest_run]
    recent: dict[str, list[JobRun]] = {}
    if wanted:
        for run in JobRun.objects.filter(reduce(or_, wanted)).order_by("-id").defer("error"):
            recent.setdefault(run.name, []).append(run)
    return [_job(one, recent.get(one.name, [])[:shown], at) for one in schedules]


def _job(schedule: Schedule, recent: Sequence[JobRun], at: datetime) -> Job:
    every = DAY if schedule.schedule_type == Schedule.DAILY else timedelta(minutes=schedule.minutes or 0)
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
        is_silent=schedule.repeats != 0 and first_known is not None and first_known < at - 2 * every - LATE,
        is_paused=schedule.repeats == 0,
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
