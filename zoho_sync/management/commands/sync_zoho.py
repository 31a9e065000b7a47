"""`manage.py sync_zoho [entity…]`: pull from Zoho now, here, and say what came of it."""

from __future__ import annotations

import argparse
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from zoho_sync import bulk, runs
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import OrganisationMustWait
from zoho_sync.management.arguments import chosen_entities, read_time
from zoho_sync.management.connecting import check_connection
from zoho_sync.management.interrupting import stoppable
from zoho_sync.management.performing import Teller, take_again
from zoho_sync.models import SyncRun

LEAST_BATCH, MOST_BATCH = 10, 200
COUNTS = ("seen", "created", "updated", "unchanged", "stale", "skipped", "retired", "failed", "calls")


class Command(BaseCommand):
    help = "Bring records from Zoho into our tables: what changed since the last time, or everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entities", nargs="*", metavar="entity", help="product, customer, invoice …; all if none")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--full", action="store_true", help="read everything, and retire what is gone from Zoho")
        how.add_argument("--incremental", action="store_true", help="what changed since the last pull (the default)")
        how.add_argument("--since", metavar="T", help="what changed since a date or time, e.g. 2026-11-01T08:00")
        how.add_argument("--rewind", metavar="T", help="pull nothing: have the next pull begin at this date or time")
        how.add_argument("--resume", type=int, metavar="RUN", help="go on with a run that stopped, as it was begun")
        parser.add_argument("--batch-size", type=int, metavar="N", help="records in one transaction, 10 to 200")
        parser.add_argument(
            "--active-only",
            action=argparse.BooleanOptionalAction,
            default=False,
            help="leave out what is inactive in Zoho",
        )
        parser.add_argument("--with-stock-only", action="store_true", help="products: leave out what is not in stock")
        parser.add_argument("--images", action="store_true", help="products: bring their images afterwards")
        parser.add_argument(
            "--confirm-sweep",
            action="store_true",
            help="with --resume: retire what the sweep missed, where Zoho says that it is gone",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rewind"] is not None:
            self._rewind(options)
            return
        with stoppable():
            done = self._begin(options) if options["resume"] is None else [self._resume(options)]
        if any(run.status != SyncRun.Status.COMPLETED for run in done):
            raise SystemExit(1)

    # --- new runs ---------------------------------------------------------------------------------

    def _begin(self, options: dict[str, Any]) -> list[SyncRun]:
        if options["confirm_sweep"]:
            raise CommandError("--confirm-sweep: name the run with --resume", returncode=2)
        entities = chosen_entities(options["entities"])
        since = read_time(options["since"]) if options["since"] is not None else None
        size = bulk.BATCH_SIZE if options["batch_size"] is None else options["batch_size"]
        if not LEAST_BATCH <= size <= MOST_BATCH:
            raise CommandError(f"--batch-size: must be between {LEAST_BATCH} and {MOST_BATCH}", returncode=2)
        mode = SyncRun.Mode.FULL if options["full"] else SyncRun.Mode.SINCE if since else SyncRun.Mode.INCREMENTAL
        check_connection()
        try:
            runs.refuse_open(SyncRun.Kind.PULL, [entity.module for entity in entities])
        except runs.AlreadyRunning as error:
            raise CommandError(str(error), returncode=2) from error
        batch, done = uuid.uuid4(), []
        for entity in entities:
            try:
                opened = runs.open_run(
                    SyncRun.Kind.PULL,
                    entity.module,
                    mode=mode,
                    trigger=SyncRun.Trigger.COMMAND,
                    since=since,
                    options={
                        "batch_size": size,
                        "active_only": options["active_only"],
                        "with_stock_only": options["with_stock_only"],
                        "images": options["images"],
                    },
                    batch=batch,
                )
                done.append(self._perform(runs.take(opened.pk)))
            except runs.AlreadyRunning as error:
                raise CommandError(str(error), returncode=2) from error
            if isinstance(done[-1].failure, OrganisationMustWait):
                break  # the others would be told the same
        return done

    # --- cursors ----------------------------------------------------------------------------------

    def _rewind(self, options: dict[str, Any]) -> None:
        to = read_time(options["rewind"], option="--rewind")
        if to > timezone.now():
            raise CommandError("--rewind: must not lie in the future", returncode=2)
        try:
            rewound = bulk.rewind([entity.module for entity in chosen_entities(options["entities"])], to=to)
        except runs.AlreadyRunning as error:
            raise CommandError(f"--rewind: {error}", returncode=2) from error
        for one in rewound:
            until = timezone.localtime(one.before).isoformat(timespec="seconds")
            self.stdout.write(f"{BY_MODULE[one.module].name}: had come to {until}")
        self.stdout.write(f"{len(rewound)} rewound to {timezone.localtime(to).isoformat(timespec='seconds')}")

    # --- runs that stopped ------------------------------------------------------------------------

    def _resume(self, options: dict[str, Any]) -> SyncRun:
        run_id = options["resume"]
        others = ("entities", "active_only", "with_stock_only", "images")
        if options["batch_size"] is not None or any(options[name] for name in others):
            raise CommandError("--resume: the run goes on as it was begun; name nothing else", returncode=2)
        pulls = SyncRun.objects.filter(kind=SyncRun.Kind.PULL)
        unknown = f"there is no pull with the number {run_id}"
        return self._perform(take_again(run_id, pulls, unknown=unknown, confirm_sweep=options["confirm_sweep"]))

    # --- both -------------------------------------------------------------------------------------

    def _perform(self, run: SyncRun) -> SyncRun:
        name, teller = BY_MODULE[run.module].name, Teller(self, COUNTS)
        teller.perform(run, bulk.perform, name=name, go_on=f"go on with: manage.py sync_zoho --resume {run.pk}")
        teller.tell(run, name=name)
        return run
