"""`manage.py zoho_status`: the state of the sync in one screen."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Column, Table

from zoho_sync import monitoring
from zoho_sync.models import ZohoRecord


class Command(BaseCommand):
    help = "Show the queue, the webhooks of the last 24 hours, dead letters, alerts and what the mirror holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        status = _read(now)
        if options["json"]:
            self.stdout.write(json.dumps(status, default=str))
            return
        console = Console()
        with console.capture() as capture:
            for table in _tables(status):
                console.print(table)
        self.stdout.write(capture.get())


def _read(now: datetime) -> dict[str, Any]:
    depth = monitoring.queue_depth(at=now)
    volumes = monitoring.webhook_volume(since=now - timedelta(hours=24))
    return {
        "at": now,
        "queue": depth.by_status | {"oldest_due_at": depth.oldest_due_at},
        "dead_letters_open": monitoring.open_dead_letters(),
        "alerts": monitoring.open_alerts(),
        "last_webhook_at": monitoring.last_webhook_at(),
        "webhooks": [
            {"path": one.path, "deliveries": one.deliveries, "events": one.by_state, "last": one.last_received_at}
            for one in volumes
        ],
        "modules": [
            {
                "module": one.module,
                "records": one.by_state,
                "last_modified_at": one.last_modified_at,
                "last_run": str(one.last_run.status) if one.last_run else None,
                "last_run_at": one.last_run.started_at if one.last_run else None,
            }
            for one in monitoring.module_states()
        ],
    }


def _tables(status: dict[str, Any]) -> list[Table]:
    queue = Table("queue", "jobs", title="Queue")
    for name, count in status["queue"].items():
        queue.add_row(name, _shown(count))
    queue.add_row("dead letters open", str(status["dead_letters_open"]))
    for severity, count in status["alerts"].items():
        queue.add_row(f"alerts: {severity}", str(count))
    webhooks = Table("path", "deliveries", "events", "last", title="Webhooks, 24 hours")
    for row in status["webhooks"]:
        events = ", ".join(f"{state} {count}" for state, count in sorted(row["events"].items()))
        webhooks.add_row(row["path"], str(row["deliveries"]), events, _shown(row["last"]))
    states = ZohoRecord.State.values
    modules = Table(Column("module", no_wrap=True), *states, "newest change", "last pull", title="Mirror")
    for row in status["modules"]:
        counts = [str(row["records"].get(state, 0)) for state in states]
        pull = f"{row['last_run']} {_shown(row['last_run_at'])}" if row["last_run"] else "—"
        modules.add_row(row["module"], *counts, _shown(row["last_modified_at"]), pull)
    return [queue, webhooks, modules]


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return "—" if value is None else str(value)
