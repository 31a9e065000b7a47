"""All numbers of the page, read at one moment and kept for a few seconds for all who look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Case, When
from django.utils import timezone

from tsh_erp.common.together import Asked, rows_of
from tsh_erp.events.deploys import Deploy, ask_deploys
from zoho_sync import monitoring, overview, queue
from zoho_sync.healing.jobs import ask_stuck
from zoho_sync.models import Alert, MetricSample, ReconciliationResult, SyncRun
from zoho_sync.monitoring import DAY, HOUR, Reading
from zoho_sync.monitoring.backlog import UNRESOLVED
from zoho_sync.overview import Overview, Verdict

KEPT_SECONDS = 20
KEY = "zoho_sync:control_room"
DAYS = 30
LISTED = 5
MOST_RESULTS = 60  # of the last reconciliations: some of every subject
SHOWN_METRICS = (
    "webhooks.deliveries",
    "webhooks.duplicates",
    "attempts.good",
    "attempts.failed",
    "queue.pending",
    "queue.retry",
    "queue.oldest_due_seconds",
    "api.calls",
)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The numbers at `at`: `hours` are metrics by hour of `DAYS` days, `drift` is the last result by subject.

    `beyond` names what meets the limit of its alert: "api_budget", "disk", "success_rate", and each subject's drift.
    """

    at: datetime
    overview: Overview
    verdict: Verdict
    beyond: frozenset[str]
    states: Sequence[monitoring.ModuleState]
    failures: Mapping[str, int]
    drift: Mapping[str, ReconciliationResult]
    hours: Mapping[str, Sequence[Reading]]
    errors: Sequence[monitoring.OpenErrors]
    alerts: Sequence[Alert]
    failed_runs: Sequence[SyncRun]
    stuck: int
    deploys: Sequence[Deploy]
    paused: frozenset[str]

    def total(self, metric: str, *, since: datetime, until: datetime) -> float | None:
        """The sum of a metric over the hours that begin in this time; None when none was measured."""
        found = [reading.value for reading in self.hours[metric] if since <= reading.at < until]
        return sum(found) if found else None


def read_numbers() -> Numbers:
    """The numbers, at most `KEPT_SECONDS` old."""
    found: Numbers | None = cache.get(KEY)
    if found is None:
        found = _read(timezone.now())
        cache.set(KEY, found, KEPT_SECONDS)
    return found


def _read(at: datetime) -> Numbers:
    """What is of few rows is asked in one statement."""
    since = local_midnight(at) - (DAYS - 1) * DAY
    by_hour = monitoring.several_series(SHOWN_METRICS, since=since, until=at, resolution=MetricSample.Resolution.HOUR)
    thresholds, results, records = overview.ask_thresholds(), _ask_newest_results(), monitoring.ask_records()
    failures = monitoring.ask_failures_by_module(within=DAY, at=at)
    errors, alerts, runs = monitoring.ask_open_errors(at_most=LISTED), _ask_worst_alerts(), _ask_failed_runs(at)
    stuck, brought_out = ask_stuck(at), ask_deploys(since=since)
    besides = (thresholds, results, records, failures, errors, alerts, runs, stuck, brought_out)
    seen = overview.look(at=at, besides=besides)
    rules, drift = thresholds.value, results.value
    measured = {"api_budget": seen.zoho.budget_used, "disk": seen.disk.used_share, "success_rate": seen.success_rate}
    known = {code: rules[code].limit_met(value) for code, value in measured.items() if value is not None}
    known |= {subject: rules["drift"].limit_met(one.drift) for subject, one in drift.items()}
    return Numbers(
        at=at,
        overview=seen,
        verdict=overview.judge(seen, rules),
        beyond=frozenset(name for name, limit in known.items() if limit is not None),
        states=monitoring.states_of(records.value),
        failures=failures.value,
        drift=drift,
        hours=dict(zip(SHOWN_METRICS, by_hour, strict=True)),
        errors=errors.value,
        alerts=alerts.value,
        failed_runs=runs.value,
        stuck=stuck.value,
        deploys=brought_out.value,
        paused=frozenset(queue.paused_modules()),
    )


def _ask_worst_alerts() -> Asked[list[Alert]]:
    """The unresolved ones, critical before others, the newest first."""
    is_critical = Case(When(severity=Alert.Severity.CRITICAL, then=0), default=1)
    return rows_of(Alert.objects.filter(state__in=UNRESOLVED).order_by(is_critical, "-last_seen_at", "-id")[:LISTED])


def _ask_failed_runs(at: datetime) -> Asked[list[SyncRun]]:
    failed = SyncRun.objects.filter(status=SyncRun.Status.FAILED, started_at__gte=at - 7 * DAY)
    return rows_of(failed.defer("checkpoint", "options").order_by("-id")[:LISTED])


def _ask_newest_results() -> Asked[dict[str, ReconciliationResult]]:
    """The last complete result of each subject."""
    newest = ReconciliationResult.objects.filter(is_complete=True).defer("totals", "note").order_by("-id")
    return rows_of(newest[:MOST_RESULTS]).then(_first_of_each)


def _first_of_each(results: Sequence[ReconciliationResult]) -> dict[str, ReconciliationResult]:
    found: dict[str, ReconciliationResult] = {}
    for result in results:
        found.setdefault(result.subject, result)
    return found


def local_midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


def hours_back(at: datetime, count: int) -> list[datetime]:
    """The beginnings of the last `count` hours that have ended, the oldest first."""
    end = at.replace(minute=0, second=0, microsecond=0)
    return [end - step * HOUR for step in range(count, 0, -1)]


def days_back(at: datetime, count: int) -> list[datetime]:
    """The beginnings of the last `count` local days, today included, the oldest first."""
    today = local_midnight(at)
    return [today - timedelta(days=step) for step in range(count - 1, -1, -1)]
