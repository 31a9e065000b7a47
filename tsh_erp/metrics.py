"""`/metrics` for Prometheus: what the web processes counted, and the state of the sync as the database has it now.

Nothing of the sync is counted in processes, so the numbers are right however many there are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from tsh_erp.problems import problem
from tsh_erp.scraping import may_scrape
from zoho_sync import monitoring, overview
from zoho_sync.models import ZohoConnection

log = structlog.get_logger(__name__)

SECOND = timedelta(seconds=1)
Labelled = Iterable[tuple[Sequence[str], float | None]]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for `METRICS_TOKEN`; in development also for this machine itself."""
    if not may_scrape(request):
        answer = problem(request, HTTPStatus.UNAUTHORIZED)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    state = CollectorRegistry(auto_describe=False)
    state.register(SyncState())
    return HttpResponse(generate_latest(_requests()) + generate_latest(state), content_type=CONTENT_TYPE_LATEST)


def _requests() -> CollectorRegistry:
    """What was counted by this process, or by all of gunicorn's (`gunicorn.conf.py`)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class SyncState(Collector):
    """Gauges read from the database at each scrape. While it does not answer, only that is told."""

    def collect(self) -> Iterator[Metric]:
        try:
            found = list(_gauges())
        except DatabaseError:
            log.warning("metrics_not_read", exc_info=True)
            found = []
        yield _gauge("tsh_database_up", "Whether the database answered.", 1 if found else 0)
        yield from found


def _gauges() -> Iterator[Metric]:
    at = timezone.now()
    seen = overview.look(at=at)
    verdict = overview.judge(seen, overview.thresholds())
    yield _labelled(
        "tsh_sync_standing",
        "1 for how the sync stands.",
        ("standing",),
        (((str(one),), float(one == verdict.standing)) for one in overview.Standing),
    )
    yield from _backlog(seen)
    yield from _work(seen)
    yield from _zoho(seen.zoho, seen)
    yield from _machinery(seen)
    yield _labelled(
        "tsh_freshness_seconds",
        "Since the last good pull began.",
        ("entity",),
        (((one.name,), one.age_seconds(at)) for one in monitoring.freshness()),
    )


def _backlog(seen: overview.Overview) -> Iterator[Metric]:
    depth = seen.queue
    yield _by("tsh_queue_jobs", "Jobs by state.", "state", depth.by_status)
    yield _gauge(
        "tsh_queue_oldest_due_seconds", "How long the oldest due job waits.", depth.oldest_due_seconds(seen.at)
    )
    yield _gauge("tsh_dead_letters_open", "Dead letters that wait for a person.", seen.dead_letters_open)
    yield _by("tsh_alerts_open", "Unresolved alerts by severity.", "severity", seen.alerts)


def _work(seen: overview.Overview) -> Iterator[Metric]:
    yield _by("tsh_attempts_last_hour", "Attempts of the last hour by outcome.", "outcome", seen.hour.by_outcome)
    yield _gauge("tsh_success_rate", "Of the attempts of the last day, 0 to 1.", seen.success_rate)
    for name, text, found, unit in (
        ("tsh_processing_seconds", "Time of an attempt in the last hour.", seen.processing_ms, 1000),
        ("tsh_lag_seconds", "From the change in Zoho to our row in the last hour.", seen.lag_seconds, 1),
    ):
        shares = (("0.5", found.p50), ("0.95", found.p95))
        yield _labelled(
            name, text, ("quantile",), (((share,), None if value is None else value / unit) for share, value in shares)
        )
    yield _labelled(
        "tsh_webhooks_last_day",
        "Deliveries of the last day by path: the first of an event, or a repeat.",
        ("path", "delivery"),
        (
            ((one.path, kind), count)
            for one in seen.webhooks
            for kind, count in (("first", one.events), ("repeat", one.duplicates))
        ),
    )
    yield _labelled(
        "tsh_webhook_events_last_day",
        "Events of the last day by path and state.",
        ("path", "state"),
        (((one.path, state), count) for one in seen.webhooks for state, count in one.by_state.items()),
    )


def _zoho(zoho: monitoring.ZohoState, seen: overview.Overview) -> Iterator[Metric]:
    usage, token = zoho.usage, zoho.token
    yield _gauge("tsh_api_calls_today", "Calls to Zoho of the local day.", usage.used if usage else None)
    yield _gauge("tsh_api_calls_limit", "Calls to Zoho that a day may have.", usage.limit if usage else None)
    yield _gauge(
        "tsh_zoho_breaker_open",
        "Whether calls to Zoho are held back because it does not answer.",
        float(usage.breaker != ZohoConnection.Breaker.CLOSED) if usage else None,
    )
    yield _gauge(
        "tsh_zoho_token_seconds",
        "How long the access token is good for.",
        (token.expires_at - seen.at) / SECOND if token.expires_at else None,
    )


def _machinery(seen: overview.Overview) -> Iterator[Metric]:
    yield _gauge("tsh_workers_alive", "Clusters of queue workers that show signs of life.", seen.workers_alive)
    yield _labelled(
        "tsh_heartbeat_age_seconds",
        "Since the last sign of life.",
        ("cluster", "host"),
        (((one.cluster, one.host), (seen.at - one.beat_at) / SECOND) for one in seen.workers),
    )
    yield _gauge("tsh_scheduler_running", "Whether periodic jobs are begun.", float(seen.is_scheduler_running))
    for name, text, states in (
        ("tsh_job_late", "Whether the time of a periodic job has passed unused.", [job.is_late for job in seen.jobs]),
        ("tsh_job_failed", "Whether a periodic job ended badly.", [job.has_failed for job in seen.jobs]),
    ):
        yield _labelled(
            name,
            text,
            ("job",),
            (((job.name,), float(state)) for job, state in zip(seen.jobs, states, strict=True)),
        )
    yield _gauge("tsh_database_bytes", "Size of the database.", seen.disk.database_bytes)
    yield _gauge("tsh_disk_free_bytes", "Free space where the web process runs.", seen.disk.free_bytes)


def _gauge(name: str, text: str, value: float | None) -> Metric:
    """What is not known has no value, never 0."""
    gauge = GaugeMetricFamily(name, text)
    if value is not None:
        gauge.add_metric((), value)
    return gauge


def _by(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    return _labelled(name, text, (label,), (((str(key),), count) for key, count in counts.items()))


def _labelled(name: str, text: str, labels: Sequence[str], values: Labelled) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for one, value in values:
        if value is not None:
            gauge.add_metric(one, value)
    return gauge
