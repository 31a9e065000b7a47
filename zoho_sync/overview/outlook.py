"""What comes next, from the kept samples: when the queue is empty, when the day's calls are used up, unusual hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from zoho_sync import forecasts, monitoring
from zoho_sync.forecasts import Expected, Moment, Point, Seasons
from zoho_sync.models import MetricSample
from zoho_sync.models.queue import WAITING
from zoho_sync.monitoring import DAY, HOUR, MINUTE
from zoho_sync.overview.looking import Overview

PACE = timedelta(minutes=30)  # the time from which the queue's pace is taken
HABITS = timedelta(weeks=5)
# So far from what an hour usually brings is not chance any more: once in two thousand hours.
UNUSUAL = 3.5


@dataclass(frozen=True, kw_only=True)
class Hour:
    """What the last complete hour brought, beside what it usually brings (None: too little is known)."""

    begins_at: datetime
    actual: float
    expected: Expected | None

    @property
    def is_unusual(self) -> bool:
        return self.expected is not None and abs(self.expected.unusualness(self.actual)) >= UNUSUAL


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """Forecasts; None where too little was measured to say anything. Each says what it stands on."""

    queue_empty: Moment | None
    budget_ends: Moment | None
    webhooks: Hour | None
    failures: Hour | None


def look_ahead(overview: Overview) -> Outlook:
    """What the samples say of the hours to come. Two queries."""
    at = overview.at
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    minutes = monitoring.samples(since=at - PACE, until=at)
    names = ("api.calls", "webhooks.deliveries", "attempts.failed")
    calls, deliveries, failures = monitoring.several_series(
        names, since=at - HABITS, until=at, resolution=MetricSample.Resolution.HOUR
    )
    usage = overview.zoho.usage
    return Outlook(
        queue_empty=forecasts.queue_empties(_depths(minutes)),
        budget_ends=forecasts.budget_ends(
            used=usage.used,
            limit=usage.limit,
            at=at,
            day_ends=today + DAY,
            history=[point for point in _points(calls) if point.at < today],
        )
        if usage
        else None,
        webhooks=_last_hour(_points(deliveries), at),
        failures=_last_hour(_points(failures), at),
    )


def _depths(minutes: Iterable[MetricSample]) -> list[Point]:
    """How many jobs waited at the end of each minute."""
    names = [f"queue.{status}" for status in WAITING]
    return [
        Point(one.at + MINUTE, sum(one.values[name] for name in names))
        for one in minutes
        if all(one.values.get(name) is not None for name in names)
    ]


def _points(readings: Iterable[monitoring.Reading]) -> list[Point]:
    return [Point(one.at, one.value) for one in readings]


def _last_hour(points: Sequence[Point], at: datetime) -> Hour | None:
    """The newest hour, if it ended within the hour before `at`, beside what the same hour of other days says of it."""
    if not points or points[-1].at < at - 2 * HOUR - 10 * MINUTE:
        return None
    last = points[-1]
    alike = [point for point in points[:-1] if not (last.at - point.at) % DAY]
    return Hour(begins_at=last.at, actual=last.value, expected=Seasons(alike).expect(last.at))
