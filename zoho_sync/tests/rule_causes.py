"""Causes of alerts, for tests of the rules: each makes what a rule must see; what it returns takes it away."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings as project
from django.utils import timezone
from django_q.models import Schedule

from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs.models import Heartbeat, JobRun
from tsh_erp.jobs.schedules import Periodic, write_schedules
from zoho_sync import dead_letters, notifying, rules
from zoho_sync.models import (
    Alert,
    AlertDelivery,
    AlertRule,
    ApiUsage,
    DeadLetter,
    InboxEvent,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
)
from zoho_sync.tests.road import NOON, deliver, item, receive_body

# Sunday, 1 March 2026, 12:00 in Baghdad (NOON): people are at work.
CLUSTERS = ("tsh_erp", "long")


def minutes(number):
    return timedelta(minutes=number)


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
