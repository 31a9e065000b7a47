"""The alert rules: each from its cause to its end, with one message each way; and what may go wrong with rules."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as project
from django.utils import timezone
from django_q.models import Schedule

from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs.models import Heartbeat, JobRun
from tsh_erp.jobs.schedules import Periodic, write_schedules
from zoho_sync import alerts, dead_letters, notifying, rules, tasks
from zoho_sync.models import (
    Alert,
    AlertDelivery,
    AlertRule,
    ApiUsage,
    DeadLetter,
    ErrorGroup,
    InboxEvent,
    MetricSample,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
)
from zoho_sync.rulebook import DEFINITIONS, rule_for, write_rules
from zoho_sync.rules import measuring
from zoho_sync.schedules import SCHEDULES
from zoho_sync.tests.hook import running_hook
from zoho_sync.tests.road import NOON, deliver, drain, item, receive_body

pytestmark = pytest.mark.django_db

# Sunday, 1 March 2026, 12:00 in Baghdad: people are at work.
CLUSTERS = ("tsh_erp", "long")


def minutes(number):
    return timedelta(minutes=number)


@pytest.fixture
def hook(settings):
    with running_hook() as hook:
        settings.ALERT_WEBHOOK_URL = hook.url
        yield hook


@pytest.fixture
def configured(settings):
    """A Zoho client, which nobody calls."""
    settings.ZOHO_CLIENT_ID = settings.ZOHO_CLIENT_SECRET = settings.ZOHO_REFRESH_TOKEN = "x"
    settings.ZOHO_ORGANIZATION_ID = "1"


def beat(at, *clusters):
    for cluster in clusters or CLUSTERS:
        Heartbeat.objects.update_or_create(cluster=cluster, host="here", defaults={"pid": 1, "beat_at": at})


def check(at, *codes):
    """Look at the rules and send what there is to tell."""
    told = rules.check(at=at, codes=codes or None)
    notifying.send_due(at=at)
    return {one.code: one for one in told}


def lasting():
    return sorted(Alert.objects.unresolved().values_list("fingerprint", flat=True))


def run(at, status, *, kind="pull", module="item", error=""):
    return SyncRun.objects.create(
        kind=kind, module=module, mode="full", status=status, started_at=at, finished_at=at, error=error
    )


def job_run(name, at, state):
    return JobRun.objects.create(
        name=name, due_at=at, state=state, started_at=at, finished_at=at, lease_ends_at=at, worker="w"
    )


def log_entries(at, outcome, number):
    SyncLog.objects.bulk_create(
        SyncLog(module="item", zoho_id=str(one), outcome=outcome, started_at=at) for one in range(number)
    )


def bury(number, at, *, message="boom"):
    for one in range(number):
        dead_letters.bury(module="item", zoho_id=str(one), events=[], error_class="Error", message=message, at=at)
    DeadLetter.objects.update(created_at=at)


def connect(**columns):
    return ZohoConnection.objects.update_or_create(organization_id="1", defaults=columns)[0]


# --- causes: each makes what a rule must see, and answers with what takes it away -------------------


def old_job():
    SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=NOON - minutes(6))
    return lambda: SyncQueueItem.objects.update(status="completed")


def many_dead_letters():
    bury(10, NOON - minutes(1))
    return lambda: DeadLetter.objects.update(state="resolved")


def failing_attempts():
    log_entries(NOON - minutes(10), "applied", 18)
    log_entries(NOON - minutes(10), "dead", 2)
    return lambda: log_entries(NOON, "applied", 100)


def no_webhooks():
    deliver(item("1"), at=NOON - minutes(61))
    return lambda: deliver(item("2"), at=NOON + minutes(14))


def unreadable_webhooks():
    for number in range(20):
        receive_body(f"nonsense {number}".encode(), at=NOON - minutes(1))
    return lambda: InboxEvent.objects.update(state="discarded")


def stale_module():
    run(NOON - minutes(181), "completed")
    return lambda: run(NOON + minutes(14), "completed")


def stale_stock():
    run(NOON - minutes(31), "completed", kind="stock")
    return lambda: run(NOON + minutes(14), "completed", kind="stock")


def periodic(name="night"):
    write_schedules([Periodic(name=name, task="a.b", minutes=5)])
    Schedule.objects.update(next_run=NOON + timedelta(days=1))


def late_job():
    periodic()
    Schedule.objects.update(next_run=NOON - minutes(6))
    return lambda: Schedule.objects.update(next_run=NOON + minutes(20))


def failed_job():
    periodic()
    job_run("night", NOON - minutes(2), "succeeded")
    job_run("night", NOON - minutes(1), "failed")
    return lambda: job_run("night", NOON + minutes(11), "succeeded")


def silent_job():
    periodic()
    job_run("night", NOON - minutes(13), "succeeded")
    return lambda: job_run("night", NOON + minutes(11), "succeeded")


def stopped_cluster():
    AlertRule.objects.update_or_create(code="no_heartbeat", defaults={"threshold": 1200})
    beat(NOON, "tsh_erp")
    beat(NOON - minutes(20), "long")
    return lambda: beat(NOON + minutes(15))


def expired_token():
    connect(access_token="x", access_token_expires_at=NOON - minutes(11), last_error="HTTP 500")
    return lambda: connect(access_token_expires_at=NOON + minutes(60))


def spent_budget():
    connect()
    usage = ApiUsage.objects.create(
        day=timezone.localdate(NOON), priority=1, calls=project.ZOHO_REQUESTS_PER_DAY * 8 // 10
    )
    return lambda: ApiUsage.objects.filter(pk=usage.pk).update(calls=1)


def full_disk():
    AlertRule.objects.update_or_create(code="disk", defaults={"threshold": 1e-9})
    return lambda: AlertRule.objects.filter(code="disk").update(threshold=1)


def large_database():
    AlertRule.objects.update_or_create(code="database_size", defaults={"threshold": 1e-9})
    return lambda: AlertRule.objects.filter(code="database_size").update(threshold=None)


def given_up_events():
    event = StoredEvent.objects.create(type="a.b", aggregate="a:1", occurred_at=NOON)
    failed = FailedDelivery.objects.create(event=event, subscriber="s.listen", error="boom", failed_at=NOON)
    return failed.delete


def failed_run():
    run(NOON - minutes(120), "completed")
    run(NOON - minutes(60), "failed", error="HTTP 500")
    return lambda: run(NOON + minutes(14), "partial")


def failed_channel():
    row = AlertDelivery.objects.create(
        channel="email", kind="opened", state="failed", created_at=NOON, scheduled_at=NOON, settled_at=NOON, error="E"
    )
    return lambda: (
        AlertDelivery.objects.create(
            channel="email",
            kind="opened",
            state="sent",
            created_at=NOON,
            scheduled_at=NOON,
            settled_at=NOON + minutes(9),
        )
        and row
    )


MEASURED = {
    "job_age": (old_job, "job_age"),
    "dead_letters": (many_dead_letters, "dead_letters"),
    "success_rate": (failing_attempts, "success_rate"),
    "webhook_silence": (no_webhooks, "webhook_silence"),
    "invalid_payloads": (unreadable_webhooks, "invalid_payloads"),
    "freshness": (stale_module, "freshness:item"),
    "stock_freshness": (stale_stock, "stock_freshness"),
    "schedule_late": (late_job, "schedule_late:night"),
    "schedule_failed": (failed_job, "schedule_failed:night"),
    "schedule_silent": (silent_job, "schedule_silent:night"),
    "no_heartbeat": (stopped_cluster, "no_heartbeat:long"),
    "token_refresh": (expired_token, "token_refresh"),
    "api_budget": (spent_budget, "api_budget"),
    "disk": (full_disk, "disk"),
    "database_size": (large_database, "database_size"),
    "events_given_up": (given_up_events, "events_given_up:s.listen"),
    "run_failed": (failed_run, "run_failed:pull:item"),
    "channel_failed": (failed_channel, "channel_failed:email"),
}


def test_every_measured_rule_has_its_story_here():
    assert sorted(MEASURED) == sorted(rules.measured_codes())


@pytest.mark.lesson("L19")
@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("code", sorted(MEASURED))
def test_a_cause_is_one_alert_that_counts_and_ends_with_it(hook, code):
    make, fingerprint = MEASURED[code]
    assert check(NOON, code)[code].error == ""
    assert lasting() == (["no_heartbeat:long", "no_heartbeat:tsh_erp"] if code == "no_heartbeat" else [])
    Alert.objects.all().delete()
    hook.clear()

    take_away = make()
    Alert.objects.exclude(code=code).delete()
    for minute in (0, 5, 10):
        check(NOON + minutes(minute), code)

    alert = Alert.objects.get()
    assert (alert.fingerprint, alert.state, alert.count) == (fingerprint, "open", 3)
    assert "%(" not in alert.title + alert.detail
    assert hook.said == [("opened", code)]

    take_away()
    check(NOON + minutes(15), code)
    check(NOON + minutes(20), code)

    alert.refresh_from_db()
    assert (alert.state, alert.resolved_at, alert.resolution) == ("resolved", NOON + minutes(15), "over by itself")
    assert hook.said == [("opened", code), ("resolved", code)]


# --- what others raise ------------------------------------------------------------------------------


@pytest.fixture
def _nothing_else():
    """A company where all is well, as far as a test is not about it."""
    AlertRule.objects.create(code="disk", is_enabled=False)
    AlertRule.objects.create(code="database_size", is_enabled=False)
    AlertRule.objects.create(code="webhook_silence", is_enabled=False)
    beat(NOON)


@pytest.mark.usefixtures("_nothing_else")
def test_where_all_is_well_no_rule_finds_anything():
    told = check(NOON)

    assert lasting() == []
    assert [one for one in told.values() if one.error or one.found] == []


@pytest.mark.usefixtures("_nothing_else", "configured")
@pytest.mark.parametrize(
    ("code", "trouble", "well"),
    [
        ("zoho_login", {"refused_credentials": "x", "last_error": "invalid_code"}, {"refused_credentials": ""}),
        ("zoho_rights", {"forbidden": {"/users": {"token": "t", "at": NOON.isoformat()}}}, {"forbidden": {}}),
        ("zoho_breaker", {"breaker_state": "open", "breaker_reason": "HTTP 502"}, {"breaker_state": "closed"}),
    ],
)
def test_trouble_with_zoho_is_one_alert_that_ends_with_it(hook, code, trouble, well):
    connect(**trouble)
    for minute in (0, 1, 2):
        check(NOON + minutes(minute))
    assert (lasting(), Alert.objects.get().count) == ([code], 3)

    connect(**well)
    check(NOON + minutes(2))

    assert lasting() == []
    assert hook.said == [("opened", code), ("resolved", code)]


@pytest.mark.usefixtures("_nothing_else")
@pytest.mark.parametrize("way", ["discard", "ignore"])
def test_the_alert_of_a_dead_letter_ends_with_it(hook, admin_user, way):
    deliver(item("1", rate="abc"))
    drain()
    check(NOON)
    [fingerprint] = lasting()
    assert fingerprint.startswith("dead_letter:")
    check(NOON + minutes(1))
    assert lasting() == [fingerprint]

    if way == "discard":
        dead_letters.discard(DeadLetter.objects.all(), reason="test", by=admin_user, at=NOON)
    else:
        dead_letters.ignore_groups(ErrorGroup.objects.all(), reason="known", by=admin_user, at=NOON)
    check(NOON + minutes(2))

    assert lasting() == []
    assert hook.said == [("opened", "dead_letter"), ("resolved", "dead_letter")]


def test_errors_that_people_ignore_raise_no_alert(admin_user):
    bury(1, NOON)
    dead_letters.ignore_groups(ErrorGroup.objects.all(), reason="known", by=admin_user, at=NOON)
    Alert.objects.all().delete()

    bury(30, NOON)
    check(NOON, "dead_letters")

    assert lasting() == []


@pytest.mark.usefixtures("_nothing_else")
def test_the_alert_of_unreadable_webhooks_ends_when_they_were_looked_at_or_stopped(hook):
    receive_body(b"nonsense", path="products")
    receive_body(b"rubbish", path="customers")
    check(NOON + minutes(1))
    assert lasting() == ["invalid_payload:customers", "invalid_payload:products"]

    InboxEvent.objects.filter(path="products").update(state="discarded")
    check(NOON + minutes(2))
    assert lasting() == ["invalid_payload:customers"]

    beat(NOON + timedelta(days=1))
    check(NOON + timedelta(days=1))
    assert lasting() == []
    assert [kind for kind, _ in hook.said] == ["opened", "opened", "resolved", "resolved"]


@pytest.mark.usefixtures("_nothing_else")
def test_rules_leave_alone_what_others_have_opened():
    alerts.raise_alert(code="sweep_stopped", cause="item", title="Look", at=NOON)
    alerts.raise_alert(code="of another app", title="Look", at=NOON)
    check(NOON + minutes(1))

    assert lasting() == ["of another app", "sweep_stopped:item"]


# --- silence ------------------------------------------------------------------------------------------


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


# --- thresholds, severities, hours --------------------------------------------------------------------


def test_what_becomes_critical_says_so(hook):
    job = SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=NOON - minutes(6))
    check(NOON, "job_age")
    assert Alert.objects.get().severity == "warning"

    check(NOON + minutes(9), "job_age")
    assert Alert.objects.get().severity == "critical"
    SyncQueueItem.objects.filter(pk=job.pk).update(next_attempt_at=NOON)
    check(NOON + minutes(10), "job_age")

    assert (Alert.objects.get().severity, Alert.objects.get().count) == ("warning", 3)
    assert len(hook.received) == 1


def test_staff_change_thresholds():
    SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=NOON - minutes(6))
    AlertRule.objects.create(code="job_age", threshold=3600, critical_threshold=7200)
    check(NOON, "job_age")

    assert lasting() == []


def test_a_threshold_beyond_the_critical_one_that_was_delivered_does_without_that():
    AlertRule.objects.create(code="job_age", threshold=3600)
    SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=NOON - minutes(61))
    check(NOON, "job_age")

    assert [(one.code, one.severity) for one in Alert.objects.all()] == [("job_age", "warning")]


def test_a_rule_that_is_switched_off_ends_its_alerts():
    old_job()
    check(NOON, "job_age")
    AlertRule.objects.filter(code="job_age").update(is_enabled=False)
    beat(NOON)
    check(NOON + minutes(1))

    alert = Alert.objects.get(code="job_age")
    assert (alert.state, alert.resolution) == ("resolved", "the rule was switched off")


@pytest.mark.usefixtures("configured")
def test_while_zoho_is_away_nothing_else_is_told_of_what_follows_from_it(hook):
    stale_module()
    connect(breaker_state="open", breaker_reason="HTTP 502")
    alerts.watch_connection(at=NOON)
    check(NOON, "freshness")
    assert lasting() == ["zoho_breaker"]

    connect(breaker_state="closed")
    alerts.watch_connection(at=NOON)
    check(NOON, "freshness")
    assert lasting() == ["freshness:item"]


def test_a_few_failures_say_nothing_of_the_rate():
    log_entries(NOON - minutes(1), "dead", 10)
    check(NOON, "success_rate")

    assert lasting() == []


def test_the_newest_end_of_a_run_counts():
    run(NOON - minutes(30), "failed", error="first")
    run(NOON - minutes(20), "failed", error="second")
    run(NOON - minutes(10), "cancelled")
    run(NOON - minutes(30), "failed", kind="stock")
    run(NOON - minutes(10), "completed", kind="stock")
    check(NOON, "run_failed")

    alert = Alert.objects.get()
    assert (alert.fingerprint, alert.title) == (
        "run_failed:pull:item",
        "Products: the sync run failed; in a row: 2",
    )
    assert alert.detail == "The last one said: second"


def test_a_channel_is_not_told_that_it_does_not_work(hook, settings):
    settings.EMAIL_IS_CONFIGURED, settings.ALERT_EMAILS = True, ["ops@example.com"]
    failed_channel()
    AlertDelivery.objects.update(channel="webhook")
    check(NOON, "channel_failed")

    told = AlertDelivery.objects.filter(alert__code="channel_failed")
    assert list(told.values_list("channel", flat=True)) == ["email"]


def test_every_cluster_must_beat_and_one_machine_is_enough():
    beat(NOON - timedelta(days=2), "tsh_erp", "long")
    Heartbeat.objects.create(cluster="tsh_erp", host="elsewhere", pid=1, beat_at=NOON)
    check(NOON, "no_heartbeat")

    assert lasting() == ["no_heartbeat:long"]


# --- bad input ----------------------------------------------------------------------------------------


@pytest.fixture
def broken_measure():
    """The rule `job_age` cannot be measured."""
    before = measuring._measures["job_age"]

    def fail(rule, at):
        raise ZeroDivisionError("division by zero")

    measuring._measures["job_age"] = fail
    yield lambda: measuring._measures.update(job_age=before)
    measuring._measures["job_age"] = before


@pytest.mark.usefixtures("_nothing_else")
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


# --- the book -------------------------------------------------------------------------------------------


def test_every_code_has_its_row_and_staffs_decisions_stay():
    assert write_rules() == len(DEFINITIONS)
    AlertRule.objects.filter(code="disk").update(threshold=0.5)

    assert write_rules() == 0
    assert AlertRule.objects.get(code="disk").threshold == 0.5


def test_what_is_delivered_makes_sense_and_says_what_to_do():
    for one in DEFINITIONS:
        rule_for(one.code).check()
        assert one.name, one.code
        assert one.runbook, one.code
        assert not one.is_measured or (one.title and one.detail), one.code


def test_the_heartbeat_is_given_as_long_as_its_supervisor_gives_it(settings):
    settings.TDS_HEARTBEAT_SECONDS = 5
    assert rule_for("no_heartbeat").threshold == 120
    settings.TDS_HEARTBEAT_SECONDS = 600
    assert rule_for("no_heartbeat").threshold == 600


def test_the_periodic_job_looks_at_the_rules_and_tells(hook):
    SyncQueueItem.objects.create(module="item", zoho_id="1", next_attempt_at=timezone.now() - minutes(20))

    said = tasks.check_alerts()

    assert "broken: none" in said
    assert ("opened", "job_age") in hook.said
    assert tasks.send_alert_messages() == "0 sent, 0 not"


def test_each_cluster_looks_every_minute_whether_the_other_lives(hook):
    """The one for queue jobs has stopped, the one for long jobs does its periodic job."""
    beat(timezone.now() - minutes(4), "tsh_erp")
    beat(timezone.now(), "long")

    assert tasks.watch_clusters() == "1 sent, 0 not"

    assert hook.said == [("opened", "no_heartbeat")]
    assert {one.cluster for one in SCHEDULES if one.task.endswith("watch_clusters")} == {None, "long"}


def test_a_cluster_that_was_never_there_is_waited_for_first():
    job_run("sweep", NOON, "succeeded")
    beat(NOON, "tsh_erp")
    check(NOON + minutes(1), "no_heartbeat")
    assert lasting() == []

    beat(NOON + minutes(4), "tsh_erp")
    check(NOON + minutes(4), "no_heartbeat")
    assert lasting() == ["no_heartbeat:long"]


def test_a_channel_that_takes_nothing_is_reported_before_it_is_given_up(hook, settings):
    settings.EMAIL_IS_CONFIGURED, settings.ALERT_EMAILS = True, ["ops@example.com"]
    hook.answers.extend([500] * 100)
    alerts.raise_alert(code="test", title="Trouble", at=NOON)
    for after in (0, 30, 90):
        notifying.send_due(at=NOON + timedelta(seconds=after))
    check(NOON + minutes(5), "channel_failed")

    alert = Alert.objects.get(code="channel_failed")
    assert (alert.cause, alert.title) == ("webhook", "Alert messages that could not be sent (web address): 1")
    assert list(alert.deliveries.values_list("channel", "state")) == [("email", "sent")]
