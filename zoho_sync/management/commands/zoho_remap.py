"""`manage.py zoho_remap ENTITY…`: map the mirror's records anew into our tables, without asking Zoho."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from zoho_sync import remap, runs
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.management.arguments import chosen_entities
from zoho_sync.management.interrupting import stoppable
from zoho_sync.management.progress import RunBar, errors_of
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
            return self._tell(run, dry=True)
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
        known = SyncRun.objects.filter(pk=run_id, kind=SyncRun.Kind.REMAP)
        if not known.exists():
            raise CommandError(f"--resume: there is no run {run_id} that maps anew", returncode=2)
        try:
            return self._perform(runs.take(run_id, resume=True))
        except (runs.NotResumable, runs.AlreadyRunning) as error:
            raise CommandError(f"--resume: {error}", returncode=2) from error

    def _perform(self, run: SyncRun) -> SyncRun:
        name = BY_MODULE[run.module].name
        with RunBar(name) as bar:
            try:
                remap.perform(run, track=bar.show)
            except KeyboardInterrupt:
                self.stderr.write(f"{name}: stopped; go on with: manage.py zoho_remap --resume {run.pk}")
                raise SystemExit(1) from None
            except runs.RunTaken as error:
                raise CommandError(str(error)) from error
        return self._tell(run)

    def _tell(self, run: SyncRun, *, dry: bool = False) -> SyncRun:
        name = BY_MODULE[run.module].name
        counts = ", ".join(f"{getattr(run, count)} {count}" for count in COUNTS)
        status = "would be " if dry else ""
        seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
        self.stdout.write(f"{name}: {status}{run.status}, {counts}, {seconds:.1f} s")
        for error in errors_of(run):
            self.stderr.write(f"{name}: {error}")
        return run
