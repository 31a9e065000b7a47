"""`manage.py sync_zoho [entity…]`: pull from Zoho now, here, and say what came of it."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from zoho_sync import bulk
from zoho_sync.entities import ENTITIES, RANK, Entity, find_entity
from zoho_sync.errors import NotConfigured
from zoho_sync.models import SyncRun

LEAST_BATCH, MOST_BATCH = 10, 200
COUNTS = ("seen", "created", "updated", "unchanged", "stale", "failed", "calls")


class Command(BaseCommand):
    help = "Bring records from Zoho into our tables: what changed since the last time, or everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entities", nargs="*", metavar="entity", help="product, customer, invoice …; all if none")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--full", action="store_true", help="read everything")
        how.add_argument("--incremental", action="store_true", help="what changed since the last pull (the default)")
        how.add_argument("--since", metavar="T", help="what changed since a date or time, e.g. 2026-11-01T08:00")
        parser.add_argument("--batch-size", type=int, default=bulk.BATCH_SIZE, metavar="N", help="records at once")
        parser.add_argument(
            "--active-only",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="leave out what is inactive in Zoho",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        entities = chosen_entities(options["entities"])
        since = read_time(options["since"]) if options["since"] else None
        if not LEAST_BATCH <= options["batch_size"] <= MOST_BATCH:
            raise CommandError(f"--batch-size: must be between {LEAST_BATCH} and {MOST_BATCH}", returncode=2)
        mode = SyncRun.Mode.FULL if options["full"] else SyncRun.Mode.SINCE if since else SyncRun.Mode.INCREMENTAL
        incomplete = 0
        for entity in entities:
            with _Bar(entity) as bar:
                try:
                    run = bulk.pull(
                        entity,
                        mode=mode,
                        since=since,
                        batch_size=options["batch_size"],
                        active_only=options["active_only"],
                        track=bar.show,
                    )
                except NotConfigured as error:
                    raise CommandError(str(error)) from error
                except KeyboardInterrupt:
                    self.stderr.write(f"{entity.name}: stopped; what was read is applied")
                    raise SystemExit(1) from None
            self.stdout.write(f"{entity.name}: {run.status}, {_counts(run)}")
            if run.error:
                self.stderr.write(f"{entity.name}: {run.error}")
            incomplete += run.status != SyncRun.Status.COMPLETED
        if incomplete:
            raise SystemExit(1)


def chosen_entities(names: list[str]) -> list[Entity]:
    """What the names mean, parents before children; everything when there are none. CommandError names all unknown."""
    if not names:
        return list(ENTITIES)
    found = {name: find_entity(name) for name in names}
    if unknown := [name for name, entity in found.items() if entity is None]:
        known = ", ".join(entity.name for entity in ENTITIES)
        raise CommandError(f"unknown: {', '.join(unknown)}; there are {known}", returncode=2)
    wanted = {entity.module: entity for entity in found.values() if entity}
    return sorted(wanted.values(), key=lambda entity: RANK[entity.module])


def read_time(text: str) -> datetime:
    """A date or time; without an offset it is local time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--since: {text!r} is not a date or time", returncode=2) from error
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _counts(run: SyncRun) -> str:
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
    return ", ".join(f"{getattr(run, name)} {name}" for name in COUNTS) + f", {seconds:.1f} s"


class _Bar:
    """How far the run has come, on a terminal only, and never on stdout."""

    def __init__(self, entity: Entity) -> None:
        self._entity = entity
        self._progress: Progress | None = None
        if sys.stderr.isatty():
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._progress.add_task(entity.name)
        self._context: AbstractContextManager[object] = self._progress or nullcontext()

    def show(self, run: SyncRun) -> None:
        if self._progress:
            told = f"{self._entity.name}: page {run.pages}, {run.seen} seen, {run.failed} failed, {run.calls} calls"
            self._progress.update(self._task, description=told)

    def __enter__(self) -> _Bar:
        self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)
