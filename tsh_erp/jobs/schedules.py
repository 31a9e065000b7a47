"""Periodic jobs as data: written into django-q2's schedule table by every deploy, and done by `run_job`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from tsh_erp.jobs.running import DUE_AT, RUN_JOB

FOR_EVER = -1  # 0 is how django-q2 pauses a schedule; a deploy leaves that alone


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A function to call by dotted string with text arguments: every so many minutes, or daily at a local time.

    Every 60 minutes means on the hour.
    """

    name: str
    task: str
    minutes: int = 0
    daily_at: time | None = None
    arguments: tuple[str, ...] = ()
    cluster: str | None = None


@dataclass(frozen=True)
class Written:
    created: int
    changed: int
    removed: int
    total: int


def write_schedules(wanted: Sequence[Periodic]) -> Written:
    """Make the schedule table equal to `wanted`; a schedule that only stays keeps its next run. Safe to repeat."""
    created = changed = 0
    with transaction.atomic():
        known = {schedule.name: schedule for schedule in Schedule.objects.select_for_update().order_by("pk")}
        for one in wanted:
            values = _columns(one)
            schedule = known.pop(one.name, None)
            if schedule is None:
                Schedule.objects.create(
                    name=one.name, next_run=_first_run(one, timezone.localtime()), repeats=FOR_EVER, **values
                )
                created += 1
            elif any(getattr(schedule, column) != value for column, value in values.items()):
                for column, value in values.items():
                    setattr(schedule, column, value)
                schedule.save()
                changed += 1
        # What is no longer in the code would fail at every turn: a schedule's function is named by string.
        Schedule.objects.filter(pk__in=[schedule.pk for schedule in known.values()]).delete()
    return Written(created, changed, len(known), len(wanted))


def _first_run(one: Periodic, now: datetime) -> datetime:
    if one.daily_at:
        today = now.replace(hour=one.daily_at.hour, minute=one.daily_at.minute, second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    if one.minutes == 60:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return now


def _columns(one: Periodic) -> dict[str, object]:
    return {
        "func": RUN_JOB,
        "args": ", ".join(repr(argument) for argument in (one.name, one.task, *one.arguments)),
        "intended_date_kwarg": DUE_AT,
        "schedule_type": Schedule.DAILY if one.daily_at else Schedule.MINUTES,
        "minutes": one.minutes or None,
        "cluster": one.cluster,
    }
