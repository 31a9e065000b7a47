"""What a comparison has found is repaired where that is asked, stored, and counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog
from django.utils import timezone

from catalog.models import ProductImage
from catalog.services.stock import square_ledger
from zoho_sync import images, runs
from zoho_sync.bringing import persist
from zoho_sync.models import Difference, Reconciliation, SyncRun
from zoho_sync.reconcile import reports
from zoho_sync.reconcile.comparing import Compared, Comparison, Told
from zoho_sync.reconcile.fields import Found
from zoho_sync.reconcile.progress import Progress
from zoho_sync.reconcile.repairing import Repairer
from zoho_sync.reconcile.tables import IMAGE, PRODUCT, Table, tables_of

log = structlog.get_logger(__name__)

State = Difference.State
LEDGER_SOURCE = "reconciliation"


@dataclass
class Reckoning:
    """Of one run: `progress` holds the numbers, `report` the differences."""

    run: SyncRun
    report: Reconciliation
    progress: Progress
    comparison: Comparison
    repairer: Repairer
    repairs: bool

    def settle(self, told: Mapping[str, Told], compared: dict[str, Compared]) -> None:
        """Repair what differs where that is asked, store it, and count the records."""
        states = self._judge(compared.values())
        if self.repairs:
            self._repair(told, compared, states)
            self._square_ledger(told)
        self._store(states)
        settled = {one for one, state in states.items() if state != State.OPEN}
        for one in compared.values():
            self._count(one, settled)
        self.run.updated += len({one.zoho_id for one, state in states.items() if state == State.REPAIRED})

    def _judge(self, compared: Collection[Compared]) -> dict[Found, Difference.State]:
        found = [one for result in compared for one in result.found]
        accepted = reports.accepted_differences(self.run.module, found)
        return {one: State.ACCEPTED if one in accepted else State.OPEN for one in found}

    def _repair(
        self, told: Mapping[str, Told], compared: dict[str, Compared], states: dict[Found, Difference.State]
    ) -> None:
        # Images are files; they are brought at the end, all together.
        wanted = [one for one, state in states.items() if state == State.OPEN and one.subject != IMAGE]
        ids = {one.zoho_id for one in wanted}
        if not ids:
            return
        chosen = {zoho_id: told[zoho_id] for zoho_id in told if zoho_id in ids}
        self.repairer.bring(chosen)
        again = self.comparison.compare(chosen)
        left = {_place(one) for result in again.values() for one in result.found}
        states.update((one, State.REPAIRED) for one in wanted if _place(one) not in left)
        known = {_place(one) for one in states}
        for zoho_id, result in again.items():
            compared[zoho_id].totals = result.totals
            for one in result.found:
                if _place(one) not in known:  # the image of a product that is here only now, or what changed meanwhile
                    states[one] = State.OPEN
                    compared[zoho_id].found.append(one)
                    compared[zoho_id].implied.discard((one.subject, one.unit))

    def _square_ledger(self, zoho_ids: Collection[str]) -> None:
        """A level that somebody has changed past our services differs from its ledger even when it is right again."""
        if self.run.module != images.MODULE:
            return
        entries = persist(
            lambda: square_ledger(zoho_ids, at=timezone.now(), source=LEDGER_SOURCE), module=self.run.module
        )
        if entries:
            log.warning("stock_ledger_squared", run=self.run.pk, entries=entries)

    def _store(self, states: Mapping[Found, Difference.State]) -> None:
        if states:
            room = reports.MOST_STORED - self.progress.stored
            self.progress.stored += persist(
                lambda: reports.store_differences(self.report, self.run.module, states, room=room),
                module=self.run.module,
            )

    def _count(self, one: Compared, settled: Collection[Found]) -> None:
        one.count(self.progress.tallies, settled)
        for subject, totals in one.totals.items():
            self.progress.totals[subject].merge(totals)
        if one.theirs or one.ours:
            self.run.seen += 1
            self.run.unchanged += not one.found

    def settle_extra(self, table: Table, zoho_ids: Sequence[str], *, repairs: bool) -> None:
        """The same for rows of ours that Zoho does not list; with `repairs` each is asked for by its id."""
        compared = self.comparison.compare_extra(table, zoho_ids)
        states = self._judge(compared.values())
        asked = sorted(one.zoho_id for one, state in states.items() if state == State.OPEN) if repairs else []
        if asked:
            self.repairer.fetch_and_apply(asked)
            rows = table.model._default_manager.filter(zoho_id__in=asked, retired_at__isnull=True)
            alive = set(rows.values_list("zoho_id", flat=True))
            for one in states:
                if one.zoho_id in asked and one.zoho_id not in alive:
                    states[one] = State.REPAIRED
                    compared[one.zoho_id].totals.clear()
        self._store(states)
        settled = {one for one, state in states.items() if state != State.OPEN}
        for result in compared.values():
            self._count(result, settled)
        self.run.retired += sum(state == State.REPAIRED for state in states.values())

    def note_duplicates(self) -> None:
        """SKUs that several products share, for information."""
        shared = self.progress.shared_skus()
        subject = next(table.subject for table in tables_of(self.run.module) if table.label == PRODUCT)
        found = {
            Found(subject, ids[0], Difference.Kind.DUPLICATE, "sku", sku, ", ".join(ids)): State.NOTED
            for sku, ids in shared.items()
        }
        self._store(found)
        self.progress.tallies[subject].duplicates = len(shared)

    def repair_images(self) -> None:
        """Have the images brought that differ, by a run of their own; then look again."""
        differing = self.report.differences.filter(subject=IMAGE, state=State.OPEN)
        if not differing.exists():
            return
        try:
            opened = runs.open_run(
                SyncRun.Kind.IMAGES,
                images.MODULE,
                mode=SyncRun.Mode.INCREMENTAL,
                trigger=SyncRun.Trigger(self.run.trigger),
                batch=self.report.batch,
            )
        except runs.AlreadyRunning as error:
            self.progress.notes.append(f"images are being brought by run {error.run.pk}")
            return
        images.perform(runs.take(opened.pk), track=lambda run: runs.beat(self.run))
        wanted = dict(differing.values_list("zoho_id", "theirs"))
        here = ProductImage.objects.filter(product__zoho_id__in=wanted).exclude(zoho_document_id="")
        held = dict(here.values_list("product__zoho_id", "zoho_document_id"))
        repaired = [zoho_id for zoho_id, document in wanted.items() if held.get(zoho_id, "") == document]
        differing.filter(zoho_id__in=repaired).update(state=State.REPAIRED, settled_at=timezone.now())
        self.progress.tallies[IMAGE].settled += len(repaired)
        self.run.updated += len(repaired)


def _place(one: Found) -> tuple[str, str, str, str]:
    """Where it differs, whatever the values are."""
    return one.subject, one.zoho_id, one.unit, one.field
