"""Silence: no webhook in hours in which there should have been some."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from zoho_sync import monitoring
from zoho_sync.forecasts import Point, Seasons
from zoho_sync.models import Alert, MetricSample
from zoho_sync.rulebook import SILENCE, Rule
from zoho_sync.rules.measuring import Reading, measures

LEARNED_FROM = timedelta(days=28)
# Where so many were to be expected, chance leaves none in one of twenty times.
UNUSUAL_FROM = 3.0
HOUR = timedelta(hours=1)


@measures(SILENCE)
def webhook_silence(rule: Rule, at: datetime) -> Iterable[Reading] | None:
    """Minutes since the last webhook, of the hours in which the rule is looked at.

    Where the hours' habits are known, so long a silence must also be unusual for them. One that was
    reported lasts until the next webhook, over night too.
    """
    last = monitoring.last_webhook_at()
    if last is None:
        return None
    reported = Alert.objects.unresolved().filter(code=SILENCE).first()
    if reported is not None and last <= reported.first_seen_at:
        return [_reading(last, at, _expected(last, at))]
    begin = max(last, rule.active_since(at) or last)
    reading = _reading(begin, at, None)
    if rule.limit_met(reading.value) is None:
        return [reading]
    expected = _expected(begin, at)
    if expected is not None and expected < UNUSUAL_FROM:
        return []
    return [_reading(begin, at, expected)]


def _reading(begin: datetime, at: datetime, expected: float | None) -> Reading:
    minutes = max((at - begin) / timedelta(minutes=1), 0.0)
    return Reading(value=minutes, more={"expected": "–" if expected is None else f"{expected:.0f}"})


def _expected(begin: datetime, until: datetime) -> float | None:
    """How many webhooks that time usually brings; None where one of its hours is not known well enough."""
    hours = monitoring.series(
        "webhooks.deliveries", since=until - LEARNED_FROM, until=begin, resolution=MetricSample.Resolution.HOUR
    )
    seasons = Seasons(Point(at=one.at, value=one.value) for one in hours)
    total, moment = 0.0, begin
    # A longer silence is expected to end anyway: two days say enough.
    end = min(until, begin + timedelta(days=2))
    while moment < end:
        hour_ends = min(timezone.localtime(moment).replace(minute=0, second=0, microsecond=0) + HOUR, end)
        expected = seasons.expect(moment)
        if expected is None:
            return None
        total += expected.value * ((hour_ends - moment) / HOUR)
        moment = hour_ends
    return total
