"""`manage.py zoho_connect`: connect a Zoho organisation, or see whether the connection works."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from zoho_sync import alerts
from zoho_sync.client import Client
from zoho_sync.client.configuration import Configuration, read_configuration
from zoho_sync.client.connecting import connect, note_organization
from zoho_sync.client.token import forget_refusals
from zoho_sync.client.usage import read_usage
from zoho_sync.errors import SyncError
from zoho_sync.models import ZohoConnection

ASK = "?"


class Command(BaseCommand):
    help = "Exchange a grant code for a login and store it encrypted; without a code, test the connection there is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--code",
            nargs="?",
            const=ASK,
            metavar="CODE",
            help="a code of the API console, made with all scopes; it is asked for when only --code is given",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            row = self._connect(options["code"]) if options["code"] else self._test()
        except SyncError as error:
            raise CommandError(str(error), returncode=2) from error
        alerts.watch_connection(at=timezone.now())
        self._show(row)

    def _connect(self, code: str) -> ZohoConnection:
        row = connect(_ask() if code == ASK else code)
        if settings.ZOHO_REFRESH_TOKEN and row.refresh_token != settings.ZOHO_REFRESH_TOKEN:
            self.stderr.write("ZOHO_REFRESH_TOKEN is set and wins over the new login: remove it from the environment")
        return row

    def _test(self) -> ZohoConnection:
        """Ask Zoho for its organisations with the login there is, even if that was refused before."""
        known = read_configuration()
        forget_refusals(ZohoConnection.objects.filter(organization_id=known.organization_id))
        client = Client(known)
        try:
            return note_organization(known, client.organizations())
        finally:
            client.close()

    def _show(self, row: ZohoConnection) -> None:
        row.refresh_from_db()
        known: Configuration = read_configuration()
        usage = read_usage(row, at=timezone.now())
        made = ", ".join(f"{one.priority.name.lower()} {one.calls}" for one in usage.by_priority if one.calls)
        zoho = f"; Zoho says {usage.zoho_remaining} of {usage.zoho_limit} left" if usage.zoho_limit else ""
        lines = {
            "organisation": f"{row.organization_name} ({row.organization_id})",
            "data centre": f"{settings.ZOHO_REGION}, {known.api_url}",
            "scopes": " ".join(row.scopes) or "Zoho did not say",
            "access token": f"good until {_shown(row.access_token_expires_at)}",
            "requests today": f"{usage.used} of {usage.limit}{f' ({made})' if made else ''}{zoho}",
            "breaker": usage.breaker.value,
        }
        for name, value in lines.items():
            self.stdout.write(f"{name}: {value}")


def _ask() -> str:
    code = getpass.getpass("Code: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not code.strip():
        raise CommandError("--code: no code was given", returncode=2)
    return code.strip()


def _shown(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "—"
