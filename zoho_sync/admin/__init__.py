"""The sync's pages in the staff's admin."""

from zoho_sync.admin import (
    alert_rules,
    alerts,
    connection,
    cursors,
    dead_letters,
    differences,
    drift,
    error_groups,
    inbox,
    limits,
    logs,
    metrics,
    mirror,
    queue,
    reconciliation,
    runs,
)

__all__ = [
    "alert_rules",
    "alerts",
    "connection",
    "cursors",
    "dead_letters",
    "differences",
    "drift",
    "error_groups",
    "inbox",
    "limits",
    "logs",
    "metrics",
    "mirror",
    "queue",
    "reconciliation",
    "runs",
]
