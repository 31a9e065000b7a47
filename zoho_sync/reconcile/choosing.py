"""Repair the differences that a person has chosen: each of their records is fetched, applied and compared again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.utils import timezone

from zoho_sync import client, runs
from zoho_sync.client import Client, Priority
from zoho_sync.entities import BY_MODULE
from zoho_sync.mirror import Kind
from zoho_sync.models import Difference, SyncRun
from zoho_sync.reconcile.comparing import Comparison, Told
from zoho_sync.reconcile.performing import Track
from zoho_sync.reconcile.repairing import Repairer
from zoho_sync.reconcile.tables import tables_of

RECORDS_AT_ONCE = 20


def perform_chosen(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Repair `options["differences"]` (primary keys) of the run's module; the finished run. `run` has been taken.

    What Zoho answers 404/1002 for is retired; what is equal afterwards is marked as repaired.
    """
    with runs.at_work(run):
        _Chosen(client.configured_client(Priority.FULL), run, track).work()
    return run


class _Chosen:
    def __init__(self, zoho: Client, run: SyncRun, track: Track | None) -> None:
        self._zoho, self._run, self._track = zoho, run, track
        self._entity = BY_MODULE[run.module]
        self._calls_before = zoho.calls - run.calls
        self._comparison = Comparison(self._entity)
        self._repairer = Repairer(self._entity, zoho, beat=lambda: runs.keep_alive(run))

    def work(self) -> None:
        chosen = Difference.objects.filter(
            pk__in=self._run.options.get("differences", ()), module=self._run.module, state=Difference.State.OPEN
        )
        by_record = [list(rows) for _, rows in groupby(chosen.order_by("zoho_id", "pk"), key=lambda one: one.zoho_id)]
        self._run.expected = len(by_record)
        for first in range(0, len(by_record), RECORDS_AT_ONCE):
            self._repair(by_record[first : first + RECORDS_AT_ONCE])
            self._run.calls = self._zoho.calls - self._calls_before
            runs.report(self._run)
            if self._track:
                self._track(self._run)
        for zoho_id, why in self._repairer.failures.items():
            runs.note_failure(self._run, zoho_id, why)

    def _repair(self, by_record: Sequence[Sequence[Difference]]) -> None:
        found = self._repairer.fetch_and_apply([rows[0].zoho_id for rows in by_record])
        told = {
            zoho_id: Told(zoho_id=zoho_id, row=one.payload, asked_at=one.observed_at, detail=one)
            for zoho_id, one in found.items()
            if one.kind is not Kind.GONE
        }
        again = self._comparison.compare(told)
        left = {(one.zoho_id, one.unit, one.field) for result in again.values() for one in result.found}
        alive = self._alive(list(found))
        repaired = [
            one
            for rows in by_record
            for one in rows
            if one.zoho_id in found
            and (
                (one.subject, one.zoho_id) not in alive
                if one.zoho_id not in told or (one.kind == Difference.Kind.EXTRA and not one.unit)
                else (one.zoho_id, one.unit, one.field) not in left
            )
        ]
        Difference.objects.filter(pk__in=[one.pk for one in repaired]).update(
            state=Difference.State.REPAIRED, settled_at=timezone.now(), settled_by=self._run.user
        )
        self._run.seen += len(by_record)
        self._run.updated += len({one.zoho_id for one in repaired})

    def _alive(self, zoho_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Which of these records have a live row, by subject."""
        return {
            (table.subject, zoho_id)
            for table in tables_of(self._entity.module)
            for zoho_id in table.model._default_manager.filter(
                zoho_id__in=zoho_ids, retired_at__isnull=True
            ).values_list("zoho_id", flat=True)
        }
