"""`manage.py zoho_dead_letters`: the open cases by cause; retry them, or close them for a reason."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone
from rich.console import Console
from rich.table import Column, Table

from tsh_erp.jobs.ring import ring
from zoho_sync import dead_letters, refetch, tasks
from zoho_sync.entities import BY_MODULE
from zoho_sync.management.arguments import chosen_entities
from zoho_sync.models import DeadLetter

BATCH_SIZE = 200
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST_SAMPLE = 80


class Command(BaseCommand):
    help = "Show open dead letters by their cause; with --retry or --discard, do that to those that are chosen."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--retry", action="store_true", help="try them again, with a fresh record if Zoho can be asked"
        )
        what.add_argument("--discard", action="store_true", help="close them; their events will never be applied")
        parser.add_argument("--reason", metavar="R", help="why they are discarded")
        parser.add_argument("--entity", metavar="E", help="only of product, customer, invoice …")
        parser.add_argument("--older-than", metavar="AGE", help="only those opened so long ago: 90m, 24h, 7d")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        reason = (options["reason"] or "").strip()
        if options["discard"] and not reason:
            raise CommandError("--discard: say why, with --reason", returncode=2)
        if reason and not options["discard"]:
            raise CommandError("--reason: only with --discard", returncode=2)
        chosen = _choose(options, at=now)
        groups = _groups(chosen)
        told: dict[str, Any] = {"groups": groups, "open": sum(group["open"] for group in groups)}
        if options["retry"]:
            told["retried"] = self._retry(chosen)
        elif options["discard"]:
            told["discarded"] = self._discard(chosen, reason)
        if options["json"]:
            self.stdout.write(json.dumps(told))
            return
        console = Console()
        with console.capture() as capture:
            console.print(_table(groups))
        self.stdout.write(capture.get())
        for verb in ("retried", "discarded"):
            if verb in told:
                self.stdout.write(f"{told[verb]} {verb}")

    def _retry(self, chosen: QuerySet[DeadLetter]) -> int:
        fetch, retried = refetch.is_configured(), 0
        for letters in _batches(chosen):
            retried += dead_letters.retry(letters, at=timezone.now(), fetch=fetch)
        if retried:
            ring(tasks.DRAIN, at_most=settings.TDS_WORKERS)
        return retried

    def _discard(self, chosen: QuerySet[DeadLetter], reason: str) -> int:
        """In the name of the user of ours who is called like the one of the machine, if there is one."""
        name, discarded = getpass.getuser(), 0
        user = get_user_model().objects.filter(username=name, is_active=True).first()
        text = reason if user else f"{reason} ({name}, on the command line)"
        for letters in _batches(chosen):
            with transaction.atomic():
                locked = list(letters.select_for_update(of=("self",)).order_by("pk"))
                discarded += dead_letters.discard(letters, reason=text, by=user, at=timezone.now())
                _note(user, locked, reason)
        return discarded


def _note(user: AbstractBaseUser | None, letters: list[DeadLetter], reason: str) -> None:
    """The same history that the admin writes; a row of it must name one of our users."""
    if user:
        LogEntry.objects.log_actions(user.pk, letters, CHANGE, change_message=f"discard: {reason}")


def _choose(options: dict[str, Any], *, at: datetime) -> QuerySet[DeadLetter]:
    letters: QuerySet[DeadLetter] = DeadLetter.objects.open()
    if options["entity"]:
        letters = letters.filter(module=chosen_entities([options["entity"]])[0].module)
    if options["older_than"]:
        letters = letters.filter(created_at__lte=at - _read_age(options["older_than"]))
    return letters


def _read_age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5})([mhd])", text.strip())
    if not found:
        raise CommandError(f"--older-than: {text!r} is no age such as 90m, 24h or 7d", returncode=2)
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _batches(chosen: QuerySet[DeadLetter]) -> Iterator[QuerySet[DeadLetter]]:
    keys = list(chosen.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH_SIZE):
        yield DeadLetter.objects.open().filter(pk__in=keys[start : start + BATCH_SIZE])


def _groups(chosen: QuerySet[DeadLetter]) -> list[dict[str, Any]]:
    """The causes of the chosen letters, the most frequent first. One query."""
    columns = ("group__fingerprint", "group__module", "group__error_class", "group__sample", "group__state")
    rows = (
        chosen.values(*columns)
        .annotate(open=Count("pk"), retries=Max("automatic_retries"), first=Min("created_at"), last=Max("updated_at"))
        .order_by("-open", "group__fingerprint")
    )
    return [
        {
            "fingerprint": row["group__fingerprint"],
            "entity": _name(row["group__module"]),
            "error": row["group__error_class"],
            "sample": row["group__sample"],
            "state": row["group__state"],
            "open": row["open"],
            "automatic_retries": row["retries"],
            "first": row["first"].isoformat(),
            "last": row["last"].isoformat(),
        }
        for row in rows
    ]


def _name(module: str) -> str:
    return BY_MODULE[module].name if module in BY_MODULE else module


def _table(groups: list[dict[str, Any]]) -> Table:
    table = Table(
        "cause",
        "entity",
        "error",
        Column("open", justify="right"),
        Column("retries", justify="right"),
        "state",
        "last",
        title="Open dead letters",
    )
    for group in groups:
        table.add_row(
            group["fingerprint"][:8],
            group["entity"],
            f"{group['error']}: {group['sample'][:LONGEST_SAMPLE]}",
            str(group["open"]),
            str(group["automatic_retries"]),
            group["state"],
            f"{timezone.localtime(datetime.fromisoformat(group['last'])):%Y-%m-%d %H:%M}",
        )
    return table
