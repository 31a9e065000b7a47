"""`manage.py zoho_status`: the state of the sync in one screen, by the same numbers as the API and /metrics."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console

from zoho_sync import monitoring, overview
from zoho_sync.management.status_tables import tables


class Command(BaseCommand):
    help = (
        "Show how the sync stands: queue, work, webhooks, Zoho's limits, workers, forecasts and what the mirror holds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        status = _read(timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(status, default=str))
            return
        # Colours on a terminal only; the output may be captured.
        console = Console(force_terminal=self.stdout.isatty() and not options["no_color"])
        with console.capture() as capture:
            for table in tables(status):
                console.print(table)
        self.stdout.write(capture.get())


def _read(now: datetime) -> dict[str, Any]:
    """Everything that the API's `stats` tells, how the sync stands and why, and what the mirror holds."""
    seen = overview.look(at=now)
    verdict = overview.judge(seen, overview.thresholds())
    told = overview.tell_health(seen, verdict)
    return {
        "status": told["status"],
        "reasons": told["reasons"],
        **overview.tell(seen, overview.look_ahead(seen), monitoring.freshness()),
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
