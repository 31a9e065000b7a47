"""`manage.py zoho_remap ENTITY…`: map the mirror's records anew into our tables, without asking Zoho."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zoho_sync import remap, runs
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.management.arguments import chosen_entities
from zoho_sync.management.interrupting import stoppable
from zoho_sync.management.performing import Teller, take_again
from zoho_sync.management.progress import RunBar
from zoho_sync.models import SyncRun

LEAST_BATCH, MOST_BATCH = 10, 500
COUNTS = ("seen", "created", "updated", "unchanged", "skipped", "failed")


class Command(BaseCommand):
    help = "Map what we hold of Zoho's records anew into our tables. Asks Zoho for nothing; live work goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entities", nargs="*", metavar="entity", help="product, customer, invoice …")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--batch-size", type=int, default=remap.BATCH_SIZE, metavar="N", help="records at once")
        parser.add_argument("--resume", type=int, metavar="RUN", help="go on with a run that stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        names, resumed = options["entities"], options["resume"]
        if bool(names) == (resumed is not None):
            raise CommandError("name what to map anew, or --resume a run", returncode=2)
        if not LEAST_BATCH <= options["batch_size"] <= MOST_BATCH:
            raise CommandError(f"--batch-size: must be between {LEAST_BATCH} and {MOST_BATCH}", returncode=2)
        if resumed is not None and options["dry_run"]:
            raise CommandError("--dry-run: a run that stopped cannot be resumed dry", returncode=2)
        entities = [] if resumed is not None else chosen_entities(names)
        with stoppable():
            done = (
                [self._resume(resumed)] if resumed is not None else [self._one(entity, options) for entity in entities]
            )
        if any(run.status != SyncRun.Status.COMPLETED for run in done):
            raise SystemExit(1)

    def _one(self, entity: Entity, options: dict[str, Any]) -> SyncRun:
        if options["dry_run"]:
            with RunBar(entity.name) as bar:
                run = remap.rehearse(entity.module, batch_size=options["batch_size"], track=bar.show)
            Teller(self, COUNTS).tell(run, name=entity.name, status=f"would be {run.status}")
            return run
        try:
            opened = runs.open_run(
                SyncRun.Kind.REMAP,
                entity.module,
                mode=SyncRun.Mode.FULL,
                trigger=SyncRun.Trigger.COMMAND,
                options={"batch_size": options["batch_size"]},
            )
        except runs.AlreadyRunning as error:
            raise CommandError(str(error), returncode=2) from error
        return self._perform(runs.take(opened.pk))

    def _resume(self, run_id: int) -> SyncRun:
        remaps = SyncRun.objects.filter(kind=SyncRun.Kind.REMAP)
        unknown = f"there is no run {run_id} that maps anew"
        return self._perform(take_again(run_id, remaps, unknown=unknown, asks_zoho=False))

    def _perform(self, run: SyncRun) -> SyncRun:
        name, teller = BY_MODULE[run.module].name, Teller(self, COUNTS)
        teller.perform(run, remap.perform, name=name, go_on=f"go on with: manage.py zoho_remap --resume {run.pk}")
        teller.tell(run, name=name)
        return run
