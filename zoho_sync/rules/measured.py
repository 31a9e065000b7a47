"""What each rule measures. The numbers are those of `monitoring`, where it has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext_noop

from tsh_erp.events.models import FailedDelivery
from tsh_erp.jobs.heartbeat import last_beat
from tsh_erp.jobs.models import JobRun
from zoho_sync import monitoring
from zoho_sync.client import is_configured
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import AlertDelivery, DeadLetter, ErrorGroup, InboxEvent, SyncRun
from zoho_sync.monitoring import TokenState
from zoho_sync.rulebook import CHANNEL_FAILED, HEARTBEAT, Rule
from zoho_sync.rules.measuring import Reading, measures, named
from zoho_sync.wording import figure, translated

Readings = Iterable[Reading]

# A share of so few attempts says nothing.
LEAST_ATTEMPTS = 20
# A channel that has not taken a message so often is out of order.
SEVERAL_ATTEMPTS = 3
GIGABYTE = 1_000_000_000
MINUTE = timedelta(minutes=1)


@measures("job_age")
def job_age(rule: Rule, at: datetime) -> Readings:
    depth = monitoring.queue_depth(at=at)
    return [Reading(value=depth.oldest_due_seconds(at), more={"jobs": figure(depth.waiting, "count")})]


@measures("dead_letters")
def dead_letters(rule: Rule, at: datetime) -> Readings:
    letters = DeadLetter.objects.open().exclude(group__state=ErrorGroup.State.IGNORED)
    return [Reading(value=letters.filter(created_at__gt=at - rule.window).count())]


@measures("success_rate")
def success_rate(rule: Rule, at: datetime) -> Readings:
    done = monitoring.attempts(within=rule.window, at=at)
    tried = done.good + done.failed
    if tried < LEAST_ATTEMPTS or done.success_rate is None:
        return []
    return [Reading(value=done.success_rate, more={"attempts": figure(tried, "count")})]


@measures("invalid_payloads")
def invalid_payloads(rule: Rule, at: datetime) -> Readings:
    unread = InboxEvent.objects.filter(state=InboxEvent.State.INVALID, received_at__gt=at - rule.window)
    return [Reading(value=unread.count())]


@measures("freshness")
def freshness(rule: Rule, at: datetime) -> Readings:
    """Of each kind of record that was ever pulled, while there is a client to pull with."""
    if not is_configured():
        return []
    ages = {one.module: one.age_seconds(at) for one in monitoring.freshness()}
    return [
        Reading(value=age / 60, cause=module, subject=named(BY_MODULE[module].label))
        for module, age in ages.items()
        if age is not None
    ]


@measures("stock_freshness")
def stock_freshness(rule: Rule, at: datetime) -> Readings:
    done = SyncRun.objects.filter(
        kind=SyncRun.Kind.STOCK, status__in=[SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL]
    )
    begun = done.order_by("-id").values_list("started_at", flat=True).first()
    return [Reading(value=max((at - begun) / MINUTE, 0.0))] if begun and is_configured() else []


@measures("schedule_late")
def late_jobs(rule: Rule, at: datetime) -> Readings:
    return [
        Reading(value=(at - job.next_run) / MINUTE, cause=job.name, subject=job.name)
        for job in monitoring.read_jobs(at=at)
        if job.is_late and job.next_run
    ]


@measures("schedule_failed")
def failed_jobs(rule: Rule, at: datetime) -> Readings:
    return [
        Reading(value=_failures_in_a_row(job.recent), cause=job.name, subject=job.name)
        for job in monitoring.read_jobs(at=at)
    ]


@measures("schedule_silent")
def silent_jobs(rule: Rule, at: datetime) -> Readings:
    return [
        Reading(value=float(job.is_silent), cause=job.name, subject=job.name) for job in monitoring.read_jobs(at=at)
    ]


def _failures_in_a_row(runs: Iterable[JobRun]) -> int:
    count = 0
    for run in runs:
        if run.state == JobRun.State.SUCCEEDED:
            break
        count += run.state != JobRun.State.RUNNING
    return count


@measures(HEARTBEAT)
def no_heartbeat(rule: Rule, at: datetime) -> Readings:
    """Of each cluster that should be there, wherever it runs. A beat in the future counts as one in the past:

    the clock was put back, and the cluster has not beaten since. What has never beaten is waited for from the
    first job on that anybody has done.
    """
    known: Mapping[str, Any] = settings.Q_CLUSTER
    begun = JobRun.objects.order_by("started_at").values_list("started_at", flat=True).first()
    readings = []
    for cluster in (known["name"], *known["ALT_CLUSTERS"]):
        last = last_beat(cluster) or begun
        silent = abs((at - last).total_seconds()) if last else float(rule.threshold or 1)
        readings.append(Reading(value=silent, cause=cluster, subject=cluster))
    return readings


@measures("token_refresh")
def token_refresh(rule: Rule, at: datetime) -> Readings:
    token = monitoring.zoho_state(at=at).token
    if token.state != TokenState.EXPIRED or token.expires_at is None:
        return []
    return [Reading(value=(at - token.expires_at) / MINUTE, more={"error": token.error or "–"})]


@measures("api_budget")
def api_budget(rule: Rule, at: datetime) -> Readings:
    state = monitoring.zoho_state(at=at)
    if state.usage is None or state.budget_used is None:
        return []
    calls = {"used": figure(state.usage.used, "count"), "calls": figure(state.usage.limit, "count")}
    return [Reading(value=state.budget_used, more=calls)]


@measures("disk")
def disk(rule: Rule, at: datetime) -> Readings:
    space = monitoring.disk()
    return [Reading(value=space.used_share, more={"free": figure(space.free_bytes / GIGABYTE, "gigabytes")})]


@measures("database_size")
def database_size(rule: Rule, at: datetime) -> Readings:
    return [Reading(value=monitoring.disk().database_bytes / GIGABYTE)]


@measures("events_given_up")
def events_given_up(rule: Rule, at: datetime) -> Readings:
    given_up = FailedDelivery.objects.given_up().values_list("subscriber").annotate(Count("id")).order_by()
    return [Reading(value=count, cause=subscriber, subject=subscriber) for subscriber, count in given_up]


@measures("run_failed")
def run_failed(rule: Rule, at: datetime) -> Readings:
    """Of each kind of run on each module: how often it failed, without an end that was better, up to the last time."""
    ended = SyncRun.objects.filter(started_at__gt=at - rule.window).exclude(
        status__in=[SyncRun.Status.QUEUED, SyncRun.Status.RUNNING, SyncRun.Status.CANCELLED]
    )
    in_a_row: dict[tuple[str, str], int] = {}
    newest: dict[tuple[str, str], int] = {}
    is_over: set[tuple[str, str]] = set()
    for pk, kind, module, status in ended.order_by("-id").values_list("pk", "kind", "module", "status"):
        scope = (kind, module)
        if status != SyncRun.Status.FAILED:
            is_over.add(scope)
        elif scope not in is_over:
            in_a_row[scope] = in_a_row.get(scope, 0) + 1
            newest.setdefault(scope, pk)
    errors = dict(SyncRun.objects.filter(pk__in=newest.values()).values_list("pk", "error"))
    return [
        Reading(
            value=count,
            cause=":".join(scope),
            subject=_subject(*scope),
            more={"error": errors.get(newest[scope], "")[:300] or "–"},
        )
        for scope, count in in_a_row.items()
    ]


def _subject(kind: str, module: str) -> Any:
    if kind == SyncRun.Kind.PULL and module in BY_MODULE:
        return named(BY_MODULE[module].label)
    return named(SyncRun.Kind(kind).label)


@measures(CHANNEL_FAILED)
def channel_failed(rule: Rule, at: datetime) -> Readings:
    """Of each channel: the messages that it did not take, though tried several times, since the last one it took."""
    messages = AlertDelivery.objects.exclude(kind=AlertDelivery.Kind.TEST)
    refused = Q(state=AlertDelivery.State.FAILED) | Q(state=AlertDelivery.State.PENDING, attempts__gte=SEVERAL_ATTEMPTS)
    readings = []
    for channel in AlertDelivery.Channel:
        mine = messages.filter(channel=channel)
        taken = mine.filter(state=AlertDelivery.State.SENT).order_by("-settled_at").first()
        failed = mine.filter(refused, scheduled_at__gt=at - rule.window)
        if taken is not None and taken.settled_at is not None:
            failed = failed.filter(scheduled_at__gt=taken.settled_at)
        last = failed.order_by("-id").first()
        if last is not None:
            readings.append(
                Reading(
                    value=failed.count(),
                    cause=channel.value,
                    subject=translated(CHANNELS[channel]),
                    more={"error": last.error},
                )
            )
    return readings


CHANNELS = {
    AlertDelivery.Channel.EMAIL: gettext_noop("e-mail"),
    AlertDelivery.Channel.WEBHOOK: gettext_noop("web address"),
}
