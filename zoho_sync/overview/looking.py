"""All numbers at one moment, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tsh_erp.common.together import Asked
from zoho_sync import monitoring
from zoho_sync.monitoring import DAY, HOUR, INSTANT, MINUTE

# Enough to say how a job is doing; all that are kept are told where jobs are the subject.
FEW_RUNS = 8


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The state of the sync at `at`. What was done and came in is of the minute, hour or day before."""

    at: datetime
    queue: monitoring.QueueDepth
    dead_letters_open: int
    alerts: dict[str, int]
    day: monitoring.Attempts
    processing_ms: monitoring.Percentiles
    lag_seconds: monitoring.Percentiles
    webhooks: Sequence[monitoring.WebhookVolume]
    zoho: monitoring.ZohoState
    workers: Sequence[monitoring.Worker]
    jobs: Sequence[monitoring.Job]
    disk: monitoring.Disk

    # Not everybody who looks asks for these.
    @cached_property
    def minute(self) -> monitoring.Attempts:
        return monitoring.attempts(within=MINUTE, at=self.at)

    @cached_property
    def hour(self) -> monitoring.Attempts:
        return monitoring.attempts(within=HOUR, at=self.at)

    @cached_property
    def last_webhook_at(self) -> datetime | None:
        return monitoring.last_webhook_at()

    @property
    def success_rate(self) -> float | None:
        """Of the day; None when nothing was tried."""
        return self.day.success_rate

    @property
    def workers_alive(self) -> int:
        return monitoring.workers_alive(self.workers)

    @property
    def is_scheduler_running(self) -> bool:
        return monitoring.is_scheduler_running(self.jobs, at=self.at)


def look(*, at: datetime, besides: Sequence[Asked[Any]] = ()) -> Overview:
    """Read everything, and have what else is asked answered in the same statement.

    The number of queries grows with nothing.
    """
    queue, letters, alerts = (
        monitoring.ask_queue_depth(at=at),
        monitoring.ask_open_dead_letters(),
        monitoring.ask_open_alerts(),
    )
    day = monitoring.ask_attempts(within=DAY, at=at)
    processing = monitoring.ask_processing(since=at - HOUR, until=at + INSTANT)
    lag = monitoring.ask_lag(since=at - HOUR, until=at + INSTANT)
    webhooks = monitoring.ask_webhook_volume(within=DAY, at=at)
    zoho, workers = monitoring.ask_zoho_state(at=at), monitoring.ask_workers(at=at)
    monitoring.ask(queue, letters, alerts, day, processing, lag, webhooks, zoho, workers, *besides)
    return Overview(
        at=at,
        queue=queue.value,
        dead_letters_open=letters.value,
        alerts=alerts.value,
        day=day.value,
        processing_ms=processing.value,
        lag_seconds=lag.value,
        webhooks=webhooks.value,
        zoho=zoho.value,
        workers=workers.value,
        jobs=monitoring.read_jobs(at=at, shown=FEW_RUNS),
        disk=monitoring.disk(),
    )
