"""Addresses of the staff's API, below /api/zoho/."""

from __future__ import annotations

from django.urls import path

from zoho_sync.api import bulk, dashboard, monitoring, operating

urlpatterns = [
    path("bulk-sync/products", bulk.StartProducts.as_view(), name="bulk-products"),
    path("bulk-sync/customers", bulk.StartCustomers.as_view(), name="bulk-customers"),
    path("bulk-sync/pricelists", bulk.StartPriceLists.as_view(), name="bulk-pricelists"),
    path("bulk-sync/sync-all", bulk.StartAll.as_view(), name="bulk-all"),
    path("bulk-sync/status", bulk.RunList.as_view(), name="bulk-runs"),
    path("bulk-sync/status/<int:run>", bulk.RunStatus.as_view(), name="bulk-run"),
    path("bulk-sync/status/<int:run>/cancel", bulk.CancelRun.as_view(), name="bulk-run-cancel"),
    path("bulk-sync/status/<int:run>/resume", bulk.ResumeRun.as_view(), name="bulk-run-resume"),
    path("bulk-sync/status/<uuid:batch>", bulk.BatchStatus.as_view(), name="bulk-batch"),
    path("bulk-sync/status/<uuid:batch>/cancel", bulk.CancelBatch.as_view(), name="bulk-batch-cancel"),
    path("bulk-sync/status/<uuid:batch>/resume", bulk.ResumeBatch.as_view(), name="bulk-batch-resume"),
    path("dashboard/health", dashboard.Health.as_view(), name="dashboard-health"),
    path("dashboard/stats", dashboard.Stats.as_view(), name="dashboard-stats"),
    path("dashboard/queue", dashboard.Queue.as_view(), name="dashboard-queue"),
    path("dashboard/dead-letter", dashboard.DeadLetters.as_view(), name="dashboard-dead-letters"),
    path("dashboard/dead-letter/<int:letter>/retry", operating.RetryDeadLetter.as_view(), name="dead-letter-retry"),
    path(
        "dashboard/dead-letter/<int:letter>/discard", operating.DiscardDeadLetter.as_view(), name="dead-letter-discard"
    ),
    path("dashboard/logs", dashboard.Logs.as_view(), name="dashboard-logs"),
    path("dashboard/metrics", dashboard.Metrics.as_view(), name="dashboard-metrics"),
    path("dashboard/inbox", dashboard.Inbox.as_view(), name="dashboard-inbox"),
    path("dashboard/alerts", dashboard.Alerts.as_view(), name="dashboard-alerts"),
    path("dashboard/alerts/<int:alert>/acknowledge", operating.AcknowledgeAlert.as_view(), name="alert-acknowledge"),
    path("admin/queue/retry", operating.RetryQueue.as_view(), name="queue-retry"),
    path("admin/queue/clear", operating.ClearQueue.as_view(), name="queue-clear"),
]
# Below /api/: addresses that scripts of the first system ask.
monitoring_patterns = [
    path("tds/monitoring/health", monitoring.Health.as_view(), name="monitoring-health"),
    path("tds/monitoring/scheduler/jobs", monitoring.SchedulerJobs.as_view(), name="scheduler-jobs"),
    path("bff/tds/auto-healing/run", monitoring.RunHealing.as_view(), name="auto-healing"),
]
