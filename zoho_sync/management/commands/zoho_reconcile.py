"""`manage.py zoho_reconcile [entity…]`: hold our tables against Zoho's, record by record and field by field."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Column, Table

from zoho_sync import reconcile, runs
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.errors import LoginRefused, NotConfigured, OrganisationMustWait
from zoho_sync.management.arguments import chosen_entities
from zoho_sync.management.connecting import check_connection
from zoho_sync.management.interrupting import stoppable
from zoho_sync.management.progress import RunBar
from zoho_sync.models import Difference, Reconciliation, ReconciliationResult, SyncRun

SHOWN_DIFFERENCES = 20
MODE = SyncRun.Mode.FULL


class Command(BaseCommand):
    help = "Compare our tables with Zoho. Exit codes: 0 equal, 1 something differs or was not compared, 2 wrong use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("entities", nargs="*", metavar="entity", help="product, customer, invoice …; all if none")
        parser.add_argument(
            "--repair", action="store_true", help="pull what is missing or different, retire what Zoho has no more"
        )
        parser.add_argument("--estimate", action="store_true", help="only say how many API calls it would take")
        parser.add_argument("--resume", type=int, metavar="REPORT", help="go on with a report that was cut off")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["resume"] is not None and (options["entities"] or options["repair"] or options["estimate"]):
            raise CommandError("--resume: the report goes on as it was begun; name nothing else", returncode=2)
        entities = chosen_entities(options["entities"])
        if options["estimate"]:
            self._tell_estimate(entities)
            return
        report = self._find(options["resume"]) if options["resume"] is not None else None
        check_connection()
        entities = [BY_MODULE[module] for module in report.modules] if report else entities
        try:
            runs.refuse_open(SyncRun.Kind.RECONCILE, [entity.module for entity in entities])
        except runs.AlreadyRunning as error:
            raise CommandError(str(error), returncode=2) from error
        if report is None:
            report = reconcile.open_report(entities, repairs=options["repair"])
        self.stdout.write(f"reconciliation #{report.pk}: about {report.calls_estimated} API calls")
        with stoppable():
            self._perform(report, entities)
        self._tell(report)

    # --- the work ---------------------------------------------------------------------------------

    def _perform(self, report: Reconciliation, entities: Sequence[Entity]) -> None:
        for entity in entities:
            try:
                run = self._take(report, entity)
            except (runs.AlreadyRunning, runs.NotResumable) as error:
                raise CommandError(str(error), returncode=2) from error
            if run is None:
                continue
            with RunBar(entity.name) as bar:
                try:
                    reconcile.perform(run, track=bar.show)
                except KeyboardInterrupt:
                    text = f"stopped; go on with: manage.py zoho_reconcile --resume {report.pk}"
                    self.stderr.write(f"{entity.name}: {text}")
                    raise SystemExit(1) from None
                except runs.RunTaken as error:
                    raise CommandError(str(error)) from error
            if run.error:
                self.stderr.write(f"{entity.name}: {run.error}")
            if isinstance(run.failure, NotConfigured | LoginRefused):
                raise CommandError(f"{entity.name}: {run.error}", returncode=2)
            if isinstance(run.failure, OrganisationMustWait):
                break  # the others would be told the same

    def _take(self, report: Reconciliation, entity: Entity) -> SyncRun | None:
        """The entity's run of this report: a new one, or the one that stopped; None when it has ended well."""
        earlier = (
            SyncRun.objects.of(SyncRun.Kind.RECONCILE, entity.module).filter(batch=report.batch).order_by("pk").last()
        )
        if earlier is None:
            opened = runs.open_run(
                SyncRun.Kind.RECONCILE,
                entity.module,
                mode=MODE,
                trigger=SyncRun.Trigger.COMMAND,
                options={"report": report.pk, "repair": report.repairs},
                batch=report.batch,
            )
            return runs.take(opened.pk)
        if earlier.status in (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL):
            return None
        return runs.take(earlier.pk, resume=True)

    def _find(self, report_id: int) -> Reconciliation:
        report = Reconciliation.objects.filter(pk=report_id).first()
        if report is None:
            raise CommandError(f"--resume: there is no reconciliation #{report_id}", returncode=2)
        if report.finished_at:
            raise CommandError(f"--resume: reconciliation #{report_id} is finished", returncode=2)
        return report

    # --- what came of it --------------------------------------------------------------------------

    def _tell_estimate(self, entities: Sequence[Entity]) -> None:
        calls = {entity.name: reconcile.estimate_calls(entity) for entity in entities}
        table = Table("entity", Column("API calls", justify="right"), title="Expected cost")
        for name, count in calls.items():
            table.add_row(name, str(count))
        table.add_row("in all", str(sum(calls.values())))
        self._print(table)

    def _tell(self, report: Reconciliation) -> None:
        report.refresh_from_db()
        results = list(report.results.all())
        self._print(_results_table(results))
        if totals := _totals_table(results):
            self._print(totals)
        still_open = report.differences.filter(state=Difference.State.OPEN)
        if shown := list(still_open.order_by("pk")[:SHOWN_DIFFERENCES]):
            self._print(_differences_table(shown))
            if (count := still_open.count()) > SHOWN_DIFFERENCES:
                self.stdout.write(f"and {count - SHOWN_DIFFERENCES} more: see reconciliation #{report.pk} in the admin")
        differing = sum(one.unsettled for one in results) + sum(one.totals_differing for one in results)
        match = "" if report.match is None else f", match {report.match.normalize():f} %"
        self.stdout.write(
            f"reconciliation #{report.pk}: {report.state.label}, {report.compared} compared, "
            f"{report.differing} differ, {report.calls} API calls{match}"
        )
        if not report.finished_at:
            self.stderr.write(f"it was cut off; go on with: manage.py zoho_reconcile --resume {report.pk}")
        if differing or not report.finished_at or not all(one.is_complete for one in results):
            raise SystemExit(1)

    def _print(self, table: Table) -> None:
        text = StringIO()
        Console(file=text, width=None if self.stdout.isatty() else 200, highlight=False).print(table)
        self.stdout.write(text.getvalue())


def _results_table(results: Sequence[ReconciliationResult]) -> Table:
    numbers = ("Zoho", "here", "missing", "extra", "different", "unreadable", "settled", "drift", "sums off", "seconds")
    table = Table("subject", *(Column(name, justify="right") for name in numbers), title="Zoho beside our tables")
    for one in results:
        counts = (one.theirs, one.ours, one.missing, one.extra, one.different, one.unreadable, one.settled)
        rest = (f"{one.drift:.2%}", str(one.totals_differing), f"{one.seconds:.1f}")
        table.add_row(one.subject if one.is_complete else f"{one.subject} (cut off)", *map(str, counts), *rest)
    return table


def _totals_table(results: Sequence[ReconciliationResult]) -> Table | None:
    differing = [(one.subject, row) for one in results for row in one.totals if row["theirs"] != row["ours"]]
    if not differing:
        return None
    table = Table(
        "subject", "sum", "of", *(Column(n, justify="right") for n in ("Zoho", "here")), title="Sums that differ"
    )
    for subject, row in differing[:SHOWN_DIFFERENCES]:
        table.add_row(subject, row["name"], row["key"], row["theirs"], row["ours"])
    return table


def _differences_table(rows: Sequence[Difference]) -> Table:
    table = Table("subject", Column("Zoho id", no_wrap=True), "kind", "field", "Zoho", "here", title="Differences")
    for one in rows:
        table.add_row(one.subject, one.zoho_id, str(one.get_kind_display()), one.field, one.theirs[:60], one.ours[:60])
    return table
