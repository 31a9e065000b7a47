"""Silence of webhooks: told in business hours, where it is unusual, and until the next one comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from zoho_sync.models import (
    Alert,
    MetricSample,
)
from zoho_sync.tests.road import NOON, deliver, item
from zoho_sync.tests.rule_causes import (
    check,
    lasting,
    minutes,
)

pytestmark = pytest.mark.django_db


def usual_hours(count, *, until=NOON, days=28):
    """What each hour of the last weeks brought by webhook: `count(local time)`."""
    hour = until.replace(minute=0) - timedelta(days=days)
    rows = []
    while hour < until:
        values = {"webhooks.deliveries": count(timezone.localtime(hour))}
        rows.append(MetricSample(resolution="hour", at=hour, values=values, taken_at=hour))
        hour += timedelta(hours=1)
    MetricSample.objects.bulk_create(rows)


@pytest.mark.lesson("L30")
def test_an_hour_without_a_webhook_in_business_time_raises_an_alert(hook):
    deliver(item("1"), at=NOON - minutes(60))
    check(NOON, "webhook_silence")

    alert = Alert.objects.get()
    assert (alert.title, alert.severity) == ("No webhook for 1 h 0 min", "critical")
    assert hook.said == [("opened", "webhook_silence")]


@pytest.mark.lesson("L30")
def test_silence_lasts_until_the_next_webhook_over_night_too(hook):
    deliver(item("1"), at=NOON - minutes(60))
    check(NOON, "webhook_silence")
    for hours in (8, 14, 20, 24, 72):
        check(NOON + timedelta(hours=hours), "webhook_silence")
    assert (lasting(), len(hook.received)) == (["webhook_silence"], 1)

    deliver(item("2"), at=NOON + timedelta(hours=80))  # 20:00, nobody is at work
    check(NOON + timedelta(hours=80, minutes=5), "webhook_silence")

    assert lasting() == []
    assert [kind for kind, _ in hook.said] == ["opened", "resolved"]


@pytest.mark.parametrize(
    ("at", "what"),
    [
        (datetime(2026, 3, 1, 3, 0, tzinfo=UTC), "before work begins: 6:00"),
        (datetime(2026, 3, 1, 6, 30, tzinfo=UTC), "the first half hour of the day: 9:30"),
        (datetime(2026, 3, 1, 15, 0, tzinfo=UTC), "after work: 18:00"),
        (datetime(2026, 3, 6, 9, 0, tzinfo=UTC), "Friday"),
    ],
)
def test_outside_business_hours_silence_is_silence(at, what):
    deliver(item("1"), at=datetime(2026, 2, 28, 14, 0, tzinfo=UTC))
    check(at, "webhook_silence")

    assert lasting() == [], what


def test_where_little_is_expected_an_hour_of_silence_is_not_unusual():
    usual_hours(lambda local: 1 if 9 <= local.hour < 18 else 0)
    deliver(item("1"), at=NOON - minutes(61))
    check(NOON, "webhook_silence")
    assert lasting() == []

    check(NOON + minutes(240), "webhook_silence")
    assert lasting() == ["webhook_silence"]


def test_where_much_is_expected_it_is():
    usual_hours(lambda local: 6 if 9 <= local.hour < 18 else 0)
    deliver(item("1"), at=NOON - minutes(61))
    check(NOON, "webhook_silence")

    assert "Expected in that time: 6" in Alert.objects.get().detail


def test_a_company_that_never_had_a_webhook_is_not_silent():
    check(NOON, "webhook_silence")

    assert lasting() == []
