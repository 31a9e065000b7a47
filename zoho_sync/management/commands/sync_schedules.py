"""`manage.py sync_schedules`: write the periodic jobs. Run by every deploy; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tsh_erp.jobs.schedules import write_schedules
from zoho_sync.schedules import SCHEDULES


class Command(BaseCommand):
    help = "Write the periodic jobs into django-q2's table. What stays as it was keeps its next run."

    def handle(self, *args: Any, **options: Any) -> None:
        written = write_schedules(SCHEDULES)
        self.stdout.write(
            f"{written.total} schedules: {written.created} created, {written.changed} changed, "
            f"{written.removed} removed, {written.total - written.created - written.changed} as they were"
        )
