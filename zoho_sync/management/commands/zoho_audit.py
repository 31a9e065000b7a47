"""`manage.py zoho_audit`: prove that nothing was lost and nothing applied twice."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from zoho_sync.audit import audit


class Command(BaseCommand):
    help = "Check that every event, job, dead letter, mirror row and sum holds; names what does not. Exit code 1 then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--deliveries", type=int, metavar="N", help="how many deliveries were answered 202, by the senders' count"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for check in audit(deliveries=options["deliveries"]):
            style = self.style.SUCCESS if check.holds else self.style.ERROR
            self.stdout.write(f"{style('holds ' if check.holds else 'BROKEN')}  {check.name}")
            for row in check.broken:
                self.stdout.write(f"        {row}")
            broken += not check.holds
        if broken:
            raise SystemExit(1)
