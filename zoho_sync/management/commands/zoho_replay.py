"""`manage.py zoho_replay --since T`: queue again what could not be read, is dead or was discarded."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from zoho_sync.management.arguments import chosen_entities, read_time
from zoho_sync.models import InboxEvent
from zoho_sync.replay import PUT_ASIDE, Choice, Kind, replay, survey


class Command(BaseCommand):
    help = "Queue webhooks again that could not be read, are dead or were discarded. Look first, with --dry-run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, metavar="T", help="arrived from then on: 2026-11-01T08:00")
        parser.add_argument("--until", metavar="T", help="arrived before then (now)")
        parser.add_argument("--entity", metavar="E", help="only of product, customer, invoice …")
        parser.add_argument(
            "--state",
            action="append",
            choices=[state.value for state in PUT_ASIDE],
            help="only in this state; may be given several times (all)",
        )
        parser.add_argument("--dry-run", action="store_true", help="count and name them, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        choice = Choice(
            since=read_time(options["since"]),
            until=read_time(options["until"], option="--until") if options["until"] else now,
            entity=chosen_entities([options["entity"]])[0] if options["entity"] else None,
            states=[InboxEvent.State(state) for state in options["state"] or PUT_ASIDE],
        )
        if choice.until and choice.until <= choice.since:
            raise CommandError("--since: must be before --until, or before now", returncode=2)
        is_dry = options["dry_run"]
        tally = survey(choice) if is_dry else replay(choice, at=now)
        for _, kind in sorted(tally.items()):
            self.stdout.write(_line(kind, is_dry=is_dry))
        verb = "would be queued again" if is_dry else "queued again"
        self.stdout.write(f"{tally.reopened} {verb}, {tally.unreadable} cannot be read")
        if tally.unreadable and not is_dry:
            raise SystemExit(1)


def _line(kind: Kind, *, is_dry: bool) -> str:
    told = f"{kind.name} {kind.state}: {kind.reopened + kind.unreadable}"
    if kind.unreadable:
        told += f", of which {kind.unreadable} cannot be read"
    return f"{told}; first {', '.join(kind.first)}" if is_dry else told
