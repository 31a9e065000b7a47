"""The sync's pages in the staff's admin."""

from zoho_sync.admin import alerts, connection, dead_letters, error_groups, inbox, logs, mirror, queue, runs

__all__ = ["alerts", "connection", "dead_letters", "error_groups", "inbox", "logs", "mirror", "queue", "runs"]
