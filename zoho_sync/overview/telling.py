"""The numbers as JSON, for the API and `zoho_status --json` alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from zoho_sync import monitoring
from zoho_sync.forecasts import Moment
from zoho_sync.models.queue import Status
from zoho_sync.overview.judging import Verdict
from zoho_sync.overview.looking import Overview
from zoho_sync.overview.outlook import Hour, Outlook
from zoho_sync.rulebook import Rule

PRECISION = 4


def tell_queue(depth: monitoring.QueueDepth) -> dict[str, int]:
    """Jobs by state as the contract names them: `failed` are those that wait to retry; `total` is the sum."""
    return {
        "pending": depth.by_status[Status.PENDING],
        "processing": depth.by_status[Status.PROCESSING],
        "completed": depth.by_status[Status.COMPLETED],
        "failed": depth.by_status[Status.RETRY],
        "dead_letter": depth.by_status[Status.DEAD_LETTER],
        "discarded": depth.by_status[Status.DISCARDED],
        "total": depth.total,
    }


def tell_thresholds(rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The limits of the alerts, by code: from where on it is a warning, and critical; null where there is none."""
    return {
        code: {
            "warning": rule.threshold,
            "critical": rule.critical,
            "unit": rule.definition.unit,
            "direction": str(rule.definition.comparison),
            "enabled": rule.is_enabled,
        }
        for code, rule in rules.items()
    }


def tell_health(overview: Overview, verdict: Verdict) -> dict[str, Any]:
    """How things stand, and why."""
    at, usage, token = overview.at, overview.zoho.usage, overview.zoho.token
    return {
        "status": str(verdict.standing),
        "timestamp": at,
        "reasons": [
            {"code": one.code, "status": str(one.standing), "detail": str(one.text)} for one in verdict.reasons
        ],
        "queue": tell_queue(overview.queue) | {"oldest_due_seconds": _round(overview.queue.oldest_due_seconds(at))},
        "dead_letters_open": overview.dead_letters_open,
        "active_alerts": sum(overview.alerts.values()),
        "alerts": overview.alerts,
        "workers": [_worker(one, at) for one in overview.workers],
        "workers_alive": overview.workers_alive,
        "scheduler_running": overview.is_scheduler_running,
        "last_webhook_at": overview.last_webhook_at,
        "zoho": {
            "token": str(token.state),
            "token_expires_at": token.expires_at,
            "breaker": str(usage.breaker) if usage else None,
            "budget_used": _round(overview.zoho.budget_used),
            "blocked_until": usage.blocked_until if usage else None,
        },
        "disk": _disk(overview.disk),
    }


def tell(overview: Overview, outlook: Outlook, fresh: Sequence[monitoring.Freshness]) -> dict[str, Any]:
    """Every number."""
    at, depth = overview.at, overview.queue
    return {
        "timestamp": at,
        "queue": tell_queue(depth),
        "queue_ages": {
            "oldest_due_at": depth.oldest_due_at,
            "oldest_due_seconds": _round(depth.oldest_due_seconds(at)),
            "oldest_pending_at": depth.oldest[Status.PENDING],
            "oldest_failed_at": depth.oldest[Status.RETRY],
            "oldest_processing_at": depth.oldest[Status.PROCESSING],
            "open_counted_at": depth.open_counted_at,
            "closed_counted_at": depth.closed_counted_at,
        },
        "dead_letters_open": overview.dead_letters_open,
        "alerts": overview.alerts,
        "throughput": {
            "last_minute": _attempts(overview.minute),
            "last_hour": _attempts(overview.hour),
            "last_day": _attempts(overview.day),
        },
        "success_rate": _round(overview.success_rate),
        "processing_ms": _percentiles(overview.processing_ms),
        "lag_seconds": _percentiles(overview.lag_seconds),
        "webhooks": tell_webhooks(overview.webhooks),
        "last_webhook_at": overview.last_webhook_at,
        "freshness": [_freshness(one, at) for one in fresh],
        "api_budget": _usage(overview.zoho),
        "token": {
            "state": str(overview.zoho.token.state),
            "expires_at": overview.zoho.token.expires_at,
            "refreshed_at": overview.zoho.token.refreshed_at,
            "error": overview.zoho.token.error,
        },
        "workers": [_worker(one, at) for one in overview.workers],
        "schedules": _schedules(overview),
        "disk": _disk(overview.disk),
        "forecasts": tell_outlook(outlook),
    }


def tell_webhooks(volumes: Sequence[monitoring.WebhookVolume]) -> dict[str, Any]:
    """What came in, in all and by path. Of `deliveries`, `duplicates` were repeats of an event."""
    return {
        "deliveries": sum(one.deliveries for one in volumes),
        "events": sum(one.events for one in volumes),
        "duplicates": sum(one.duplicates for one in volumes),
        "paths": [
            {
                "path": one.path,
                "deliveries": one.deliveries,
                "duplicates": one.duplicates,
                "events": one.by_state,
                "last_received_at": one.last_received_at,
            }
            for one in volumes
        ],
    }


def tell_jobs(jobs: Sequence[monitoring.Job], *, at: datetime) -> dict[str, Any]:
    """The periodic jobs, as the contract names them."""
    return {
        "jobs": [
            {
                "id": job.id,
                "name": job.name,
                "next_run": job.next_run,
                "trigger": job.trigger,
                "last_run": job.last_run.started_at if job.last_run else None,
                "last_status": job.last_run.state if job.last_run else None,
                "is_late": job.is_late,
                "is_silent": job.is_silent,
                "has_failed": job.has_failed,
            }
            for job in jobs
        ],
        "count": len(jobs),
        "scheduler_running": monitoring.is_scheduler_running(jobs, at=at),
    }


def tell_outlook(outlook: Outlook) -> dict[str, Any]:
    """Forecasts, each with its basis; null where too little is known."""
    return {
        "queue_empty": _moment(outlook.queue_empty, "jobs_per_hour"),
        "api_budget_ends": _moment(outlook.budget_ends, "calls_per_hour"),
        "webhooks_last_hour": _hour(outlook.webhooks),
        "failures_last_hour": _hour(outlook.failures),
    }


def _moment(moment: Moment | None, pace: str) -> dict[str, Any] | None:
    if moment is None:
        return None
    return {"at": moment.at, pace: _round(moment.pace_per_hour), "basis": _basis(moment)}


def _hour(hour: Hour | None) -> dict[str, Any] | None:
    if hour is None:
        return None
    expected = hour.expected
    told = {"begins_at": hour.begins_at, "actual": hour.actual, "is_unusual": hour.is_unusual, "expected": None}
    if expected:
        told["expected"] = {
            "value": _round(expected.value),
            "low": _round(expected.low),
            "high": _round(expected.high),
            "basis": _basis(expected),
        }
    return told


def _basis(forecast: Any) -> dict[str, Any]:
    return {"measurements": forecast.basis.points, "since": forecast.basis.since}


def _attempts(done: monitoring.Attempts) -> dict[str, Any]:
    return {
        "since": done.since,
        "succeeded": done.good,
        "failed": done.failed,
        "per_second": _round(done.per_second),
        "success_rate": _round(done.success_rate),
        "outcomes": done.by_outcome,
    }


def _percentiles(found: monitoring.Percentiles) -> dict[str, Any]:
    return {"p50": _round(found.p50), "p95": _round(found.p95), "of": found.of}


def _freshness(one: monitoring.Freshness, at: datetime) -> dict[str, Any]:
    run = one.last_run
    return {
        "entity": one.name,
        "module": one.module,
        "brought_at": one.brought_at,
        "age_seconds": _round(one.age_seconds(at)),
        "newest_change_at": one.newest_change_at,
        "last_run": {"id": run.pk, "kind": run.kind, "status": run.status, "started_at": run.started_at}
        if run
        else None,
    }


def _usage(zoho: monitoring.ZohoState) -> dict[str, Any] | None:
    usage = zoho.usage
    if usage is None:
        return None
    return {
        "used": usage.used,
        "limit": usage.limit,
        "share": _round(zoho.budget_used),
        "zoho_limit": usage.zoho_limit,
        "zoho_remaining": usage.zoho_remaining,
        "zoho_resets_at": usage.zoho_resets_at,
        "by_priority": [
            {
                "priority": one.priority.name.lower(),
                "calls": one.calls,
                "failed": one.failed,
                "limited": one.limited,
                "refused": one.refused,
                "stops_at": one.stops_at,
            }
            for one in usage.by_priority
        ],
        "concurrent": usage.slots_used,
        "most_concurrent": usage.slots,
        "blocked_until": usage.blocked_until,
        "blocked_reason": usage.blocked_reason,
        "breaker": {
            "state": str(usage.breaker),
            "since": usage.breaker_since,
            "until": usage.breaker_until,
            "reason": usage.breaker_reason,
        },
    }


def _schedules(overview: Overview) -> dict[str, Any]:
    jobs = overview.jobs
    return {
        "count": len(jobs),
        "scheduler_running": overview.is_scheduler_running,
        "late": [job.name for job in jobs if job.is_late],
        "silent": [job.name for job in jobs if job.is_silent],
        "failed": [job.name for job in jobs if job.has_failed],
    }


def _worker(one: monitoring.Worker, at: datetime) -> dict[str, Any]:
    return {
        "cluster": one.cluster,
        "host": one.host,
        "pid": one.pid,
        "alive": one.is_alive,
        "beat_at": one.beat_at,
        "age_seconds": _round((at - one.beat_at) / timedelta(seconds=1)),
    }


def _disk(disk: monitoring.Disk) -> dict[str, Any]:
    return {
        "database_bytes": disk.database_bytes,
        "free_bytes": disk.free_bytes,
        "used_share": _round(disk.used_share),
    }


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, PRECISION)
