"""What comes next, from what was counted: robust statistics that a few wild hours do not upset. Pure.

Counts by hour vary with their square root, so spreads are taken on that scale (Anscombe's transform).
Every forecast says what it stands on, and is None where it would stand on nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.utils import timezone

# The week decides as soon as it has been seen this often; until then the hour of the day helps out.
WEEKS_THAT_DECIDE = 2
LEAST_DAYS = 3
# Half of a normal distribution lies within 0.6745 standard deviations: scale of the median deviation.
MAD_TO_SIGMA = 1.4826
LEAST_SPREAD = 1.0  # what chance alone does to a count, on the root scale
NORMAL_90 = 1.6449
LEAST_POINTS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """A number that was measured at, or counted in the hour from, `at`."""

    at: datetime
    value: float


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a forecast stands on: so many measurements since then."""

    points: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an hour should bring: nine in ten such hours lie from `low` to `high`. `spread` is on the root scale."""

    value: float
    low: float
    high: float
    spread: float
    basis: Basis

    def unusualness(self, actual: float) -> float:
        """How many standard deviations `actual` is off, negative when too little."""
        return (_root(actual) - _root(self.value)) / self.spread


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When something will be reached at this pace; None: not at this pace."""

    at: datetime | None
    pace_per_hour: float
    basis: Basis


class Seasons:
    """The habits of a count by hour: what each hour of each weekday usually brings, in local time."""

    def __init__(self, history: Iterable[Point]) -> None:
        self._by_hour: dict[int, list[float]] = defaultdict(list)
        self._by_week: dict[tuple[int, int], list[float]] = defaultdict(list)
        known = list(history)
        for point in known:
            local = timezone.localtime(point.at)
            self._by_hour[local.hour].append(_root(point.value))
            self._by_week[local.weekday(), local.hour].append(_root(point.value))
        self._basis = Basis(points=len(known), since=min(point.at for point in known)) if known else None
        self._spreads: dict[int, float] = {}

    def expect(self, at: datetime) -> Expected | None:
        """What the hour that `at` lies in should bring; None before `LEAST_DAYS` such hours are known."""
        local = timezone.localtime(at)
        same_hour = self._by_hour.get(local.hour, [])
        if self._basis is None or len(same_hour) < LEAST_DAYS:
            return None
        center, spread = self._center(local.weekday(), local.hour), self._spread(local.hour)
        return Expected(
            value=_unroot(center),
            low=_unroot(center - NORMAL_90 * spread),
            high=_unroot(center + NORMAL_90 * spread),
            spread=spread,
            basis=self._basis,
        )

    def _center(self, weekday: int, hour: int) -> float:
        """The median of this hour of the week, leaning on that of the hour of the day while weeks are few."""
        weekly = self._by_week.get((weekday, hour), [])
        daily = median(self._by_hour[hour])
        if not weekly:
            return daily
        return (len(weekly) * median(weekly) + WEEKS_THAT_DECIDE * daily) / (len(weekly) + WEEKS_THAT_DECIDE)

    def _spread(self, hour: int) -> float:
        """How far this hour usually is from what is expected of it, and from what so few weeks can say of that."""
        if hour not in self._spreads:
            off: list[float] = []
            for (weekday, other), values in self._by_week.items():
                if other == hour:
                    center = self._center(weekday, hour)
                    off += [abs(value - center) for value in values]
            weeks = max(len(off) / 7, 1.0)
            self._spreads[hour] = max(MAD_TO_SIGMA * median(off), LEAST_SPREAD) * math.sqrt(1 + 1 / weeks)
        return self._spreads[hour]


def queue_empties(depths: Sequence[Point]) -> Moment | None:
    """When the queue is empty if it goes on as in `depths`, by the median of all slopes (Theil and Sen).

    None when too little was measured; a moment without time when it does not shrink.
    """
    if len(depths) < LEAST_POINTS:
        return None
    pace = _slope(depths)
    last = depths[-1]
    left = timedelta(hours=last.value / -pace) if pace < 0 else None
    reached = last.at if not last.value else last.at + left if left is not None and left < timedelta(days=30) else None
    return Moment(at=reached, pace_per_hour=pace, basis=Basis(points=len(depths), since=depths[0].at))


def budget_ends(
    *, used: float, limit: float, at: datetime, day_ends: datetime, history: Sequence[Point]
) -> Moment | None:
    """When the day's API calls are used up, if its remaining hours bring what they usually do.

    `history` are calls by hour of earlier days. Without enough of it today's own pace is taken, from
    `history`'s hours of today.
    """
    seasons = Seasons(history)
    left, moment = limit - used, at
    while moment < day_ends:
        hour_ends = min(_next_hour(moment), day_ends)
        expected = seasons.expect(moment)
        if expected is None:
            return None
        share = (hour_ends - moment) / timedelta(hours=1)
        calls = expected.value * share
        if calls >= left:
            reached = moment + (hour_ends - moment) * (max(left, 0) / calls if calls else 0)
            return Moment(at=reached, pace_per_hour=expected.value, basis=expected.basis)
        left -= calls
        moment = hour_ends
    basis = Basis(points=len(history), since=min((point.at for point in history), default=at))
    hours = (day_ends - at) / timedelta(hours=1)
    return Moment(at=None, pace_per_hour=(limit - used - left) / hours if hours > 0 else 0.0, basis=basis)


def back_test(series: Sequence[Point], *, first_days: int) -> Mapping[str, float]:
    """Forecast every hour after `first_days` from the hours before its day, beside the same hour a day earlier.

    `mae` and `naive_mae` are mean absolute errors, `coverage` the share of hours within low and high.
    """
    by_time = {point.at: point.value for point in series}
    start = series[0].at + timedelta(days=first_days)
    errors: list[float] = []
    naive: list[float] = []
    inside = 0
    seasons, day = Seasons([]), None
    for point in series:
        if point.at < start:
            continue
        if day != (today := timezone.localtime(point.at).date()):
            seasons, day = Seasons(one for one in series if one.at < point.at), today
        expected = seasons.expect(point.at)
        yesterday = by_time.get(point.at - timedelta(days=1))
        if expected is None or yesterday is None:
            continue
        errors.append(abs(expected.value - point.value))
        naive.append(abs(yesterday - point.value))
        inside += math.floor(expected.low) <= point.value <= math.ceil(expected.high)
    count = len(errors)
    return {
        "hours": count,
        "mae": sum(errors) / count if count else math.nan,
        "naive_mae": sum(naive) / count if count else math.nan,
        "coverage": inside / count if count else math.nan,
    }


def _slope(points: Sequence[Point]) -> float:
    """The median of the slopes between all pairs, in units per hour."""
    slopes = [
        (later.value - earlier.value) / hours
        for position, earlier in enumerate(points)
        for later in points[position + 1 :]
        if (hours := (later.at - earlier.at) / timedelta(hours=1)) > 0
    ]
    return median(slopes) if slopes else 0.0


def _next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _root(count: float) -> float:
    return 2 * math.sqrt(max(count, 0.0) + 3 / 8)


def _unroot(value: float) -> float:
    return max((max(value, 0.0) / 2) ** 2 - 3 / 8, 0.0)
