"""Periodic jobs as data: written into django-q2's schedule table by every deploy, and done by `run_job`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from tsh_erp.jobs.running import DUE_AT, RUN_JOB

log = structlog.get_logger(__name__)

# Clocks of machines differ by less.
SLACK = timedelta(minutes=1)
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


def run_now(schedules: Iterable[Schedule]) -> int:
    """Have these jobs done as soon as a worker is free, beside their schedule; how many. A paused one is done too."""
    count = 0
    for one in schedules:
        arguments = ast.literal_eval(f"({one.args},)") if one.args else ()
        async_task(one.func, *arguments, save=False, cluster=one.cluster)
        count += 1
    return count


def pause(schedules: QuerySet[Schedule]) -> int:
    """Start these no more until they are resumed; how many. A deploy leaves that alone."""
    return schedules.exclude(repeats=0).update(repeats=0)


def resume(schedules: QuerySet[Schedule], *, at: datetime) -> int:
    """Start these again at their time: what would have been done meanwhile is not made good; how many."""
    count = 0
    for one in schedules.filter(repeats=0):
        next_run = one.next_run or at
        if one.schedule_type == Schedule.DAILY:
            while next_run <= at:
                next_run += timedelta(days=1)
        elif next_run <= at:
            next_run = _next_run(one.minutes or 0, timezone.localtime(at))
        paused = Schedule.objects.filter(pk=one.pk, repeats=0)
        count += paused.update(repeats=FOR_EVER, next_run=next_run)
    return count


def bring_back(*, at: datetime) -> int:
    """Have schedules run again that wait for longer than their period: the clock was put back; how many.

    Otherwise nothing would be done until it has caught up. Those of a day are right by the new clock too.
    """
    waiting = Schedule.objects.filter(schedule_type=Schedule.MINUTES, next_run__gt=at + SLACK).exclude(repeats=0)
    brought = 0
    for one in waiting:
        minutes = one.minutes or 0
        if one.next_run > at + timedelta(minutes=minutes) + SLACK:
            # Not where it has changed meanwhile: then somebody else has seen to it.
            same = Schedule.objects.filter(pk=one.pk, next_run=one.next_run)
            brought += same.update(next_run=_next_run(minutes, timezone.localtime(at)))
    if brought:
        log.warning("schedules_brought_back", schedules=brought)
    return brought


def _first_run(one: Periodic, now: datetime) -> datetime:
    if one.daily_at:
        today = now.replace(hour=one.daily_at.hour, minute=one.daily_at.minute, second=0, microsecond=0)
        return today if today > now else today + timedelta(days=1)
    return _next_run(one.minutes, now)


def _next_run(minutes: int, now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) if minutes == 60 else now


def _columns(one: Periodic) -> dict[str, object]:
    return {
        "func": RUN_JOB,
        "args": ", ".join(repr(argument) for argument in (one.name, one.task, *one.arguments)),
        "intended_date_kwarg": DUE_AT,
        "schedule_type": Schedule.DAILY if one.daily_at else Schedule.MINUTES,
        "minutes": one.minutes or None,
        "cluster": one.cluster,
    }
