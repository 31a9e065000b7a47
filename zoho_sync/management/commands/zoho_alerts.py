"""`manage.py zoho_alerts`: what is wrong now; look at the rules; try the channels."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from zoho_sync import notifying, rules
from zoho_sync.models import Alert, AlertDelivery


class Command(BaseCommand):
    help = "Show the alerts that are not resolved; with --check look at all rules first; with --test try the channels."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="look at the rules now, and send what there is to tell")
        what.add_argument("--test", action="store_true", help="send a test message and wait for what becomes of it")
        parser.add_argument("--rule", action="append", metavar="CODE", help="with --check: only this rule; repeatable")
        parser.add_argument(
            "--channel", choices=AlertDelivery.Channel.values, help="with --test: only this channel, not all"
        )
        parser.add_argument("--json", action="store_true", help="the alerts as a JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["rule"] and not options["check"]) or (options["channel"] and not options["test"]):
            raise CommandError("--rule goes with --check, --channel with --test", returncode=2)
        if options["test"]:
            self._test(options["channel"])
            return
        broken = self._check(options["rule"]) if options["check"] else []
        self._list(as_json=options["json"])
        if broken:
            raise CommandError(f"not looked at: {', '.join(broken)}", returncode=1)

    def _check(self, codes: list[str] | None) -> list[str]:
        if unknown := sorted(set(codes or ()) - set(rules.measured_codes())):
            known = ", ".join(rules.measured_codes())
            raise CommandError(f"unknown: {', '.join(unknown)}; there are {known}", returncode=2)
        told = rules.check(at=timezone.now(), codes=codes)
        notifying.send_due(at=timezone.now())
        for one in told:
            if one.error:
                self.stderr.write(f"{one.code}: {one.error}")
        return [one.code for one in told if one.error]

    def _test(self, channel: str | None) -> None:
        configured = notifying.configured_channels()
        wanted = [one for one in configured if channel in (None, one.value)]
        if not wanted:
            raise CommandError(
                "no such channel is configured: set EMAIL_URL and ALERT_EMAILS, or ALERT_WEBHOOK_URL", returncode=2
            )
        told = notifying.send_tests(wanted, at=timezone.now())
        for row in told:
            self.stdout.write(f"{row.channel}: {row.error or 'sent'}")
        if any(row.error for row in told):
            raise CommandError("not every channel took the message", returncode=1)

    def _list(self, *, as_json: bool) -> None:
        worst_first = list(reversed(Alert.Severity.values)).index
        lasting = sorted(Alert.objects.unresolved(), key=lambda alert: worst_first(alert.severity))
        if as_json:
            self.stdout.write(json.dumps([_facts(alert) for alert in lasting], default=str))
            return
        if not lasting:
            self.stdout.write("no alerts")
            return
        for alert in lasting:
            self.stdout.write(f"{alert.severity}: {alert.title}")
            self.stdout.write(
                f"    {alert.code}, {alert.state}, seen {alert.count} times from {_shown(alert.first_seen_at)} "
                f"to {_shown(alert.last_seen_at)}"
            )


def _facts(alert: Alert) -> dict[str, Any]:
    return {
        "code": alert.code,
        "cause": alert.cause,
        "severity": alert.severity,
        "state": alert.state,
        "title": alert.title,
        "detail": alert.detail,
        "count": alert.count,
        "first_seen_at": alert.first_seen_at.isoformat(),
        "last_seen_at": alert.last_seen_at.isoformat(),
        "snoozed_until": alert.snoozed_until.isoformat() if alert.snoozed_until else None,
    }


def _shown(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")
