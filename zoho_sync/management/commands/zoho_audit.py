"""`manage.py zoho_audit`: prove that nothing was lost and nothing applied twice."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from zoho_sync.audit import audit
from zoho_sync.management.arguments import read_time


class Command(BaseCommand):
    help = "Check that every event, job, dead letter, mirror row and sum holds; names what does not. Exit code 1 then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", metavar="T", help="look at the history from then on: 2026-11-01T08:00")
        parser.add_argument(
            "--deliveries",
            type=int,
            metavar="N",
            help="how many deliveries were answered 202 (since T), by the senders' count",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        since = read_time(options["since"]) if options["since"] is not None else None
        if since and since > now:
            raise CommandError("--since: must not lie in the future", returncode=2)
        kept_since = now - timedelta(days=settings.TDS_INBOX_RETENTION_DAYS)
        if options["deliveries"] is not None and since and since < kept_since:
            raise CommandError(
                f"--deliveries: those from before {kept_since:%Y-%m-%d} may have been pruned; say a later --since",
                returncode=2,
            )
        told, broken = [], 0
        for check in audit(deliveries=options["deliveries"], since=since, at=now):
            broken += not check.holds
            told.append({"name": check.name, "holds": check.holds, "broken": list(check.broken)})
            if not options["json"]:
                style = self.style.SUCCESS if check.holds else self.style.ERROR
                self.stdout.write(f"{style('holds ' if check.holds else 'BROKEN')}  {check.name}")
                for row in check.broken:
                    self.stdout.write(f"        {row}")
        if options["json"]:
            self.stdout.write(json.dumps({"holds": not broken, "checks": told}))
        if broken:
            raise SystemExit(1)
