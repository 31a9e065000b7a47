"""What may go wrong with the rules themselves: contained, reported, and nothing else stops."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from zoho_sync import alerts
from zoho_sync.models import (
    Alert,
    AlertRule,
    SyncQueueItem,
)
from zoho_sync.rules import measuring
from zoho_sync.tests.road import NOON
from zoho_sync.tests.rule_causes import (
    MEASURED,
    beat,
    check,
    given_up_events,
    lasting,
    minutes,
    old_job,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken_measure():
    """The rule `job_age` cannot be measured."""
    before = measuring._measures["job_age"]

    def fail(rule, at):
        raise ZeroDivisionError("division by zero")

    measuring._measures["job_age"] = fail
    yield lambda: measuring._measures.update(job_age=before)
    measuring._measures["job_age"] = before


@pytest.mark.usefixtures("all_is_well")
def test_a_rule_that_cannot_be_measured_is_reported_and_stops_no_other(hook, broken_measure):
    spoilt = SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=NOON - minutes(6))
    given_up_events()
    for minute in (0, 1, 2):
        told = check(NOON + minutes(minute))

    assert lasting() == ["events_given_up:s.listen", "rule_broken:job_age"]
    alert = Alert.objects.get(code="rule_broken")
    assert (alert.count, alert.title) == (3, "The alert rule “Oldest waiting job” cannot be looked at")
    assert "ZeroDivisionError: division by zero" in alert.detail
    assert told["job_age"].error == "ZeroDivisionError: division by zero"

    broken_measure()
    spoilt.delete()
    check(NOON + minutes(2))

    assert lasting() == ["events_given_up:s.listen"]
    assert [one for one in hook.said if one[1] == "rule_broken"] == [
        ("opened", "rule_broken"),
        ("resolved", "rule_broken"),
    ]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"threshold": -5}, "threshold -5: not a positive number"),
        ({"threshold": 0}, "threshold 0: not a positive number"),
        ({"threshold": math.inf}, "threshold inf: not a positive number"),
        ({"threshold": 500, "critical_threshold": 5}, "critical from 5: would be met before 500"),
        ({"active_days": [9]}, "days of the week are numbers"),
        ({"active_days": 5}, "TypeError"),
        ({"severity": "awful"}, "severity awful: unknown"),
    ],
)
def test_nonsense_that_was_entered_for_a_rule_is_reported(columns, problem):
    AlertRule.objects.create(code="job_age", **columns)
    old_job()
    check(NOON, "job_age")

    assert lasting() == ["rule_broken:job_age"]
    assert problem in Alert.objects.get().detail


def test_an_alert_that_is_open_stays_while_its_rule_is_broken(broken_measure):
    alerts.raise_alert(code="job_age", title="Old", at=NOON)
    check(NOON + minutes(1), "job_age")

    assert lasting() == ["job_age", "rule_broken:job_age"]


@pytest.mark.parametrize("code", sorted(set(MEASURED) - {"no_heartbeat"}))
@pytest.mark.usefixtures("configured")
def test_the_clock_put_back_an_hour_breaks_nothing(hook, code):
    make, fingerprint = MEASURED[code]
    take_away = make()
    Alert.objects.exclude(code=code).delete()
    check(NOON, code)
    assert lasting() == [fingerprint]

    earlier = check(NOON - timedelta(hours=1), code)
    assert earlier[code].error == ""
    check(NOON + minutes(10), code)

    assert lasting() == [fingerprint]
    assert Alert.objects.count() == 1
    take_away()
    check(NOON + minutes(15), code)
    assert lasting() == []


def test_a_cluster_that_beats_no_more_since_the_clock_was_put_back_is_found():
    beat(NOON)
    check(NOON - timedelta(hours=1), "no_heartbeat")

    assert lasting() == ["no_heartbeat:long", "no_heartbeat:tsh_erp"]
