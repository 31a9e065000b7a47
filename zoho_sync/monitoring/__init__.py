"""Every number of the sync, once: the admin, the JSON API, the commands, the alerts and /metrics read it here.

Nothing here counts a whole table for whoever looks: `keeping` says how.
"""

from tsh_erp.jobs.reading import Job, read_jobs
from zoho_sync.monitoring.backlog import CLOSED, OPEN, QueueDepth, open_alerts, open_dead_letters, queue_depth
from zoho_sync.monitoring.freshness import Freshness, ModuleState, freshness, module_states
from zoho_sync.monitoring.keeping import counting_anew
from zoho_sync.monitoring.machinery import Disk, Worker, disk, is_scheduler_running, workers, workers_alive
from zoho_sync.monitoring.run_progress import (
    MOST_ERRORS,
    RecordError,
    RunProgress,
    error_of,
    errors_of,
    progress_of,
    status_of,
)
from zoho_sync.monitoring.series import METRICS, Reading, sample, samples, series, several_series
from zoho_sync.monitoring.webhooks import WebhookVolume, count_webhooks, last_webhook_at, webhook_volume
from zoho_sync.monitoring.work import (
    DAY,
    HOUR,
    MINUTE,
    Attempts,
    Percentiles,
    attempts,
    attempts_between,
    lag_seconds,
    processing_ms,
)
from zoho_sync.monitoring.zoho import Token, TokenState, ZohoState, zoho_state

__all__ = [
    "CLOSED",
    "DAY",
    "HOUR",
    "METRICS",
    "MINUTE",
    "MOST_ERRORS",
    "OPEN",
    "Attempts",
    "Disk",
    "Freshness",
    "Job",
    "ModuleState",
    "Percentiles",
    "QueueDepth",
    "Reading",
    "RecordError",
    "RunProgress",
    "Token",
    "TokenState",
    "WebhookVolume",
    "Worker",
    "ZohoState",
    "attempts",
    "attempts_between",
    "count_webhooks",
    "counting_anew",
    "disk",
    "error_of",
    "errors_of",
    "freshness",
    "is_scheduler_running",
    "lag_seconds",
    "last_webhook_at",
    "module_states",
    "open_alerts",
    "open_dead_letters",
    "processing_ms",
    "progress_of",
    "queue_depth",
    "read_jobs",
    "sample",
    "samples",
    "series",
    "several_series",
    "status_of",
    "webhook_volume",
    "workers",
    "workers_alive",
    "zoho_state",
]
