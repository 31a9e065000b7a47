"""All numbers at one moment, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from zoho_sync import monitoring
from zoho_sync.monitoring import DAY, HOUR, MINUTE


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The state of the sync at `at`. What was done and came in is of the minute, hour or day before."""

    at: datetime
    queue: monitoring.QueueDepth
    dead_letters_open: int
    alerts: dict[str, int]
    minute: monitoring.Attempts
    hour: monitoring.Attempts
    day: monitoring.Attempts
    processing_ms: monitoring.Percentiles
    lag_seconds: monitoring.Percentiles
    webhooks: Sequence[monitoring.WebhookVolume]
    last_webhook_at: datetime | None
    zoho: monitoring.ZohoState
    workers: Sequence[monitoring.Worker]
    jobs: Sequence[monitoring.Job]
    disk: monitoring.Disk

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


def look(*, at: datetime) -> Overview:
    """Read everything. The number of queries grows with the number of periodic jobs only."""
    return Overview(
        at=at,
        queue=monitoring.queue_depth(at=at),
        dead_letters_open=monitoring.open_dead_letters(),
        alerts=monitoring.open_alerts(),
        minute=monitoring.attempts(within=MINUTE, at=at),
        hour=monitoring.attempts(within=HOUR, at=at),
        day=monitoring.attempts(within=DAY, at=at),
        processing_ms=monitoring.processing_ms(within=HOUR, at=at),
        lag_seconds=monitoring.lag_seconds(within=HOUR, at=at),
        webhooks=monitoring.webhook_volume(within=DAY, at=at),
        last_webhook_at=monitoring.last_webhook_at(),
        zoho=monitoring.zoho_state(at=at),
        workers=monitoring.workers(at=at),
        jobs=monitoring.read_jobs(at=at),
        disk=monitoring.disk(),
    )
