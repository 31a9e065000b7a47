"""Samples: one for each minute and hour, gaps stay gaps, and what forecasts make of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from zoho_sync import monitoring, overview, schedules, tasks
from zoho_sync.models import ApiUsage, InboxEvent, MetricSample, Priority, SyncLog, SyncQueueItem, ZohoConnection
from zoho_sync.monitoring import DAY, HOUR, MINUTE
from zoho_sync.tests.road import NOON, seconds
from zoho_sync.tests.seeding import alert, attempt, event, job, letter

pytestmark = pytest.mark.django_db
MINUTES, HOURS = MetricSample.Resolution.MINUTE, MetricSample.Resolution.HOUR


def samples(resolution: str = MINUTES) -> list[MetricSample]:
    return list(MetricSample.objects.filter(resolution=resolution).order_by("at"))


def kept(resolution: str, at, **values: float) -> None:
    """A sample that was taken earlier; `queue_pending` stands for "queue.pending"."""
    named = {name.replace("_", ".", 1): value for name, value in values.items()}
    MetricSample.objects.create(resolution=resolution, at=at, taken_at=at + MINUTE, values=named)


def test_a_sample_holds_the_minute_that_has_ended():
    job(SyncQueueItem.Status.PENDING, at=NOON - seconds(90))
    for _ in range(2):
        job(SyncQueueItem.Status.RETRY, next_attempt_at=NOON + HOUR)
    job(SyncQueueItem.Status.PROCESSING)
    attempt(SyncLog.Outcome.APPLIED, at=NOON - seconds(60), duration_ms=40)
    attempt(SyncLog.Outcome.DEAD, at=NOON - seconds(1), duration_ms=60)
    attempt(SyncLog.Outcome.APPLIED, at=NOON)
    attempt(SyncLog.Outcome.APPLIED, at=NOON - seconds(61))
    event(
        InboxEvent.State.APPLIED,
        received_at=NOON - seconds(30),
        deliveries=3,
        modified_at=NOON - seconds(40),
        settled_at=NOON - seconds(20),
    )
    letter()
    alert()

    monitoring.sample(at=NOON + seconds(20))

    [sample] = samples()
    assert sample.at == NOON - MINUTE
    values = sample.values
    assert set(values) == set(monitoring.METRICS)
    assert (values["queue.pending"], values["queue.retry"], values["queue.processing"]) == (1, 2, 1)
    assert values["queue.oldest_due_seconds"] == 110
    assert (values["dead_letters.open"], values["alerts.open"], values["workers.alive"]) == (1, 1, 0)
    assert (values["webhooks.deliveries"], values["webhooks.duplicates"]) == (3, 2)
    assert (values["attempts.good"], values["attempts.failed"]) == (1, 1)
    assert (values["processing.p50_ms"], values["processing.p95_ms"]) == (40, 60)
    assert (values["lag.p50_seconds"], values["lag.p95_seconds"]) == (20, 20)
    assert values["api.calls"] is None
    assert values["database.bytes"] > 0


def test_a_minute_is_sampled_once_however_often_it_is_asked_for():
    for second in (0, 20, 59):
        monitoring.sample(at=NOON + seconds(second))

    assert [one.at for one in samples()] == [NOON - MINUTE]


def test_what_was_committed_late_is_counted_in_its_minute():
    monitoring.sample(at=NOON)
    attempt(SyncLog.Outcome.APPLIED, at=NOON - seconds(5))

    monitoring.sample(at=NOON + MINUTE)

    assert [one.values["attempts.good"] for one in samples()] == [1, 0]


def test_a_gap_stays_a_gap():
    monitoring.sample(at=NOON)
    monitoring.sample(at=NOON + 10 * MINUTE)

    readings = monitoring.series("queue.pending", since=NOON - HOUR, until=NOON + HOUR)

    assert [(one.at, one.value) for one in readings] == [(NOON - MINUTE, 0), (NOON + 9 * MINUTE, 0)]


def test_an_hour_is_made_of_its_minutes_and_of_what_the_tables_tell():
    kept(MINUTES, NOON, queue_pending=5, api_calls=3, api_used_today=100)
    kept(MINUTES, NOON + 30 * MINUTE, queue_pending=2, api_calls=4, api_used_today=104)
    attempt(SyncLog.Outcome.APPLIED, at=NOON + 10 * MINUTE)
    attempt(SyncLog.Outcome.RETRY, at=NOON + 40 * MINUTE)
    event(received_at=NOON + 20 * MINUTE, deliveries=2)

    monitoring.sample(at=NOON + HOUR + seconds(30))
    assert samples(HOURS) == []  # its last attempts may not be committed yet
    for minute in (2, 3):
        monitoring.sample(at=NOON + HOUR + minute * MINUTE)

    [hour] = samples(HOURS)
    assert hour.at == NOON
    assert (hour.values["queue.pending"], hour.values["api.calls"], hour.values["api.used_today"]) == (5, 7, 104)
    assert (hour.values["attempts.good"], hour.values["attempts.failed"]) == (1, 1)
    assert (hour.values["webhooks.deliveries"], hour.values["webhooks.duplicates"]) == (2, 1)


def test_hours_that_the_scheduler_slept_through_are_counted_from_the_tables():
    kept(HOURS, NOON, webhooks_deliveries=1)
    event(received_at=NOON + 90 * MINUTE)

    monitoring.sample(at=NOON + 3 * HOUR + 5 * MINUTE)

    assert [(one.at, one.values["webhooks.deliveries"]) for one in samples(HOURS)] == [
        (NOON, 1),
        (NOON + HOUR, 1),
        (NOON + 2 * HOUR, 0),
    ]
    assert samples(HOURS)[1].values["queue.pending"] is None


def test_no_hour_is_made_up_from_before_the_first_sample():
    monitoring.sample(at=NOON + HOUR + 5 * MINUTE)

    assert samples(HOURS) == []


def test_calls_are_counted_from_sample_to_sample_and_anew_each_day(settings):
    settings.ZOHO_ORGANIZATION_ID = "1"
    ZohoConnection.objects.create(organization_id="1")
    midnight = timezone.localtime(NOON).replace(hour=0, minute=0) + DAY
    for at, calls in (
        (midnight - 2 * MINUTE, 10),
        (midnight - MINUTE, 14),
        (midnight + MINUTE, 3),
        (midnight + 2 * MINUTE, 4),
    ):
        ApiUsage.objects.update_or_create(day=timezone.localdate(at), priority=Priority.FULL, defaults={"calls": calls})
        monitoring.sample(at=at)

    assert [one.values["api.calls"] for one in samples()] == [None, 4, 3, 1]


def test_an_unknown_metric_is_refused():
    with pytest.raises(KeyError):
        monitoring.series("queue.rockets", since=NOON, until=NOON)


def test_old_samples_can_be_pruned():
    kept(MINUTES, NOON)
    kept(HOURS, NOON - 31 * DAY)

    assert [one.at for one in MetricSample.objects.prunable(before=NOON - 30 * DAY)] == [NOON - 31 * DAY]


def test_the_schedule_takes_a_sample_each_minute():
    [periodic] = [one for one in schedules.SCHEDULES if one.name == "samples"]

    assert (periodic.task, periodic.minutes) == ("zoho_sync.tasks.sample", 1)
    assert tasks.sample() == 1


# --- what comes next -----------------------------------------------------------------------------


def look_ahead():
    return overview.look_ahead(overview.look(at=NOON))


def test_a_shrinking_queue_says_when_it_will_be_empty():
    for minute in range(10):
        kept(MINUTES, NOON - (11 - minute) * MINUTE, queue_pending=100 - 10 * minute, queue_retry=20)

    found = look_ahead().queue_empty

    assert found.pace_per_hour == -600
    assert found.at == NOON - MINUTE + 3 * MINUTE
    assert (found.basis.points, found.basis.since) == (10, NOON - 10 * MINUTE)


def test_without_samples_nothing_is_foretold():
    found = look_ahead()

    assert (found.queue_empty, found.budget_ends, found.webhooks, found.failures) == (None, None, None, None)


def test_the_days_calls_end_where_the_usual_hours_reach_the_limit(settings):
    settings.ZOHO_ORGANIZATION_ID, settings.ZOHO_REQUESTS_PER_DAY = "1", 1000
    ZohoConnection.objects.create(organization_id="1")
    ApiUsage.objects.create(day=timezone.localdate(NOON), priority=Priority.FULL, calls=700)
    today = timezone.localtime(NOON).replace(hour=0, minute=0)
    for hour in range(1, 14 * 24 + 1):
        kept(HOURS, today - hour * HOUR, api_calls=100)

    found = look_ahead().budget_ends

    assert NOON + 2.9 * HOUR < found.at < NOON + 3.1 * HOUR
    assert found.basis.points == 14 * 24


def test_an_hour_unlike_all_others_is_called_unusual():
    for hour in range(2, 21 * 24):
        kept(HOURS, NOON - hour * HOUR, webhooks_deliveries=60, attempts_failed=0)
    kept(HOURS, NOON - HOUR, webhooks_deliveries=3, attempts_failed=0)

    found = look_ahead()

    assert (found.webhooks.begins_at, found.webhooks.actual) == (NOON - HOUR, 3)
    assert found.webhooks.is_unusual
    assert not found.failures.is_unusual
    assert round(found.webhooks.expected.value) == 60


def test_an_old_hour_is_not_told_as_the_last_one():
    kept(HOURS, NOON - timedelta(hours=5), webhooks_deliveries=3)

    assert look_ahead().webhooks is None
