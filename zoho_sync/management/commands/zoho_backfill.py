"""`manage.py zoho_backfill [entity…]`: fetch the lines, addresses and stock that lists leave out, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from zoho_sync import backfill, client, runs
from zoho_sync.backfill import Progress
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.errors import NotConfigured
from zoho_sync.management.arguments import chosen_entities
from zoho_sync.management.interrupting import stoppable
from zoho_sync.management.performing import Teller
from zoho_sync.models import SyncRun

COUNTS = ("seen", "updated", "unchanged", "stale", "retired", "failed", "calls")
COLUMNS = ("", "records", "with detail", "missing", "stale", "newest to fetch", "oldest to fetch", "days left")


class Command(BaseCommand):
    help = "Fetch what lists leave out (lines, addresses, stock by place), newest first, while the day's share lasts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entities", nargs="*", metavar="entity", help="invoice, order, customer …; all if none")
        parser.add_argument("--limit", type=int, metavar="N", help="at most so many records in all")
        parser.add_argument("--status", action="store_true", help="say how far it is, and fetch nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        entities = self._entities(options["entities"])
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit: must be at least 1", returncode=2)
        if options["status"]:
            self._show([one for one in backfill.progress() if one.entity in entities])
            return
        with stoppable():
            done = self._perform_all(entities, options["limit"])
        if any(run.status != SyncRun.Status.COMPLETED for run in done):
            raise SystemExit(1)

    def _entities(self, names: Sequence[str]) -> list[Entity]:
        if not names:
            return backfill.entities_with_details()
        chosen = chosen_entities(names)
        if whole := [entity.name for entity in chosen if not entity.detail_only]:
            raise CommandError(f"the lists of these leave nothing out: {', '.join(whole)}", returncode=2)
        return chosen

    def _perform_all(self, entities: Sequence[Entity], limit: int | None) -> list[SyncRun]:
        """Those with the least to fetch first; no further than the limit, or than Zoho may be asked today."""
        left = {one.entity.module: one.to_fetch for one in backfill.progress()}
        in_order = sorted(entities, key=lambda entity: left[entity.module])
        try:
            client.configured_client()
            runs.refuse_open(SyncRun.Kind.BACKFILL, [entity.module for entity in entities])
        except (NotConfigured, runs.AlreadyRunning) as error:
            raise CommandError(str(error), returncode=2) from error
        if not any(left[entity.module] for entity in entities):
            self.stdout.write("nothing is left to fetch")
            return []
        batch, done = uuid.uuid4(), []
        for entity in in_order:
            if not left[entity.module]:
                continue
            try:
                opened = runs.open_run(
                    SyncRun.Kind.BACKFILL,
                    entity.module,
                    mode=SyncRun.Mode.FULL,
                    trigger=SyncRun.Trigger.COMMAND,
                    options={} if limit is None else {"limit": limit},
                    batch=batch,
                )
            except runs.AlreadyRunning as error:
                raise CommandError(str(error), returncode=2) from error
            run = self._perform(runs.take(opened.pk))
            done.append(run)
            limit = None if limit is None else limit - run.seen
            if limit == 0 or "stopped_by" in run.checkpoint or run.failure:
                break
        return done

    def _perform(self, run: SyncRun) -> SyncRun:
        name, teller = BY_MODULE[run.module].name, Teller(self, COUNTS)
        go_on = "what was fetched is applied, and the next run does the rest"
        teller.perform(run, backfill.perform, name=name, go_on=go_on)
        left = f", {run.checkpoint['left']} left" if "left" in run.checkpoint else ""
        teller.tell(run, name=name, more=left)
        if stopped := run.checkpoint.get("stopped_by"):
            self.stderr.write(f"{name}: {stopped}")
        return run

    def _show(self, modules: Sequence[Progress]) -> None:
        table = Table(box=None, pad_edge=False)
        for position, column in enumerate(COLUMNS):
            table.add_column(column, justify="right" if position else "left", no_wrap=True)
        for one in modules:
            times = [f"{timezone.localtime(time):%Y-%m-%d %H:%M}" if time else "" for time in (one.newest, one.oldest)]
            numbers = [f"{number:,}" for number in (one.total, one.with_detail, one.missing, one.stale)]
            table.add_row(one.entity.name, *numbers, *times, f"{one.days:.1f}" if one.to_fetch else "")
        text = StringIO()
        Console(file=text, width=200, highlight=False).print(table)
        self.stdout.write("\n".join(line.rstrip() for line in text.getvalue().splitlines()))
        left, days = sum(one.to_fetch for one in modules), sum(one.days for one in modules)
        self.stdout.write(f"{left:,} to fetch, about {days:.1f} days")
