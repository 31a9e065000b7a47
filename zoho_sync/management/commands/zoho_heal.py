"""`manage.py zoho_heal`: put right what was left lying, now and here."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Column, Table

from zoho_sync.healing import Report, heal


class Command(BaseCommand):
    help = "Take back stuck jobs, retry dead letters, queue orphans, resume runs … Exit code 1 when something is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only look, and change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        report = heal(at=timezone.now(), dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json()))
        else:
            console = Console()
            with console.capture() as capture:
                console.print(_table(report))
            self.stdout.write(capture.get())
        for finding in report.findings:
            if finding.error:
                self.stderr.write(f"{finding.name}: {finding.error}")
        if not report.is_well:
            raise SystemExit(1)


def _table(report: Report) -> Table:
    """One line for each ailment; of a dry run only what would be looked after."""
    numbers = ("found",) if report.is_dry else ("found", "done", "later", "left")
    title = "What healing would look after" if report.is_dry else "Healing"
    table = Table("ailment", *(Column(name, justify="right") for name in numbers), title=title)
    for one in report.findings:
        name = one.name.replace("_", " ")
        table.add_row(f"{name} (failed)" if one.error else name, *(str(getattr(one, number)) for number in numbers))
    return table
