"""The alert rules: each from its cause to its end, with one message each way; thresholds, hours, the book."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tsh_erp.jobs.models import Heartbeat
from zoho_sync import alerts, dead_letters, notifying, rules, tasks
from zoho_sync.models import (
    Alert,
    AlertDelivery,
    AlertRule,
    DeadLetter,
    ErrorGroup,
    InboxEvent,
    SyncQueueItem,
)
from zoho_sync.rulebook import DEFINITIONS, rule_for, write_rules
from zoho_sync.schedules import SCHEDULES
from zoho_sync.tests.road import NOON, deliver, drain, item, receive_body
from zoho_sync.tests.rule_causes import (
    MEASURED,
    beat,
    bury,
    check,
    connect,
    failed_channel,
    job_run,
    lasting,
    log_entries,
    minutes,
    old_job,
    run,
    stale_module,
)

pytestmark = pytest.mark.django_db


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


@pytest.mark.usefixtures("all_is_well")
def test_where_all_is_well_no_rule_finds_anything():
    told = check(NOON)

    assert lasting() == []
    assert [one for one in told.values() if one.error or one.found] == []


@pytest.mark.usefixtures("all_is_well", "configured")
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


@pytest.mark.usefixtures("all_is_well")
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


@pytest.mark.usefixtures("all_is_well")
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


@pytest.mark.usefixtures("all_is_well")
def test_rules_leave_alone_what_others_have_opened():
    alerts.raise_alert(code="sweep_stopped", cause="item", title="Look", at=NOON)
    alerts.raise_alert(code="of another app", title="Look", at=NOON)
    check(NOON + minutes(1))

    assert lasting() == ["of another app", "sweep_stopped:item"]


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
def test_while_zoho_is_awayall_is_well_is_told_of_what_follows_from_it(hook):
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
