"""`manage.py sync_schedules`: write the periodic jobs, the alert rules and the version that runs.

Run by every deploy; safe to repeat.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from tsh_erp.events.deploys import record_deploy
from tsh_erp.jobs.schedules import write_schedules
from zoho_sync.rulebook import write_rules
from zoho_sync.schedules import SCHEDULES


class Command(BaseCommand):
    help = "Write the periodic jobs and alert rules into their tables. What stays as it was is left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        written = write_schedules(SCHEDULES)
        write_rules()
        record_deploy(settings.APP_VERSION, at=timezone.now())
        self.stdout.write(
            f"{written.total} schedules: {written.created} created, {written.changed} changed, "
            f"{written.removed} removed, {written.total - written.created - written.changed} as they were"
        )
