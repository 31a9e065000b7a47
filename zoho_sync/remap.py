"""Map the mirror anew: after a mapper or a table of ours changed, every business row follows, without an API call."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog.services.freshness import touched_last
from tsh_erp.events.publish import caused_by
from zoho_sync import runs
from zoho_sync.apply import Outcome, Result, project_records
from zoho_sync.bringing import persist
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.models import SyncRun, ZohoRecord

log = structlog.get_logger(__name__)

BATCH_SIZE = 100
COUNTED = {
    Outcome.CREATED: "created",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "unchanged",
    Outcome.WAITING: "failed",
    Outcome.FAILED: "failed",
}

Track = Callable[[SyncRun], None]


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Map every record of the run's module anew, in key order; the finished run.

    `run` has been taken. `options["batch_size"]` records share a transaction; the checkpoint is the
    last Zoho id that is done. Rows that come out as they were raise no event. A record that cannot be
    mapped keeps the business row it has, is counted and named in `checkpoint["errors"]`, and harms no other;
    it is no dead letter, because nothing new was refused: once the mapper is mended, the next run takes it.
    """
    with runs.at_work(run):
        _Remap(BY_MODULE[run.module], run, track=track, report=runs.report).work()
    return run


def rehearse(module: str, *, batch_size: int = BATCH_SIZE, track: Track | None = None) -> SyncRun:
    """What `perform` would do now, counted in a run that is not stored: every batch is done and rolled back."""
    run = SyncRun(
        kind=SyncRun.Kind.REMAP,
        module=module,
        mode=SyncRun.Mode.FULL,
        started_at=timezone.now(),
        options={"batch_size": batch_size},
    )
    _Remap(BY_MODULE[module], run, track=track, is_rehearsal=True).work()
    run.status = SyncRun.Status.PARTIAL if run.failed else SyncRun.Status.COMPLETED
    run.finished_at = timezone.now()
    return run


@dataclass
class _Remap:
    """One run at work."""

    entity: Entity
    run: SyncRun
    track: Track | None = None
    report: Callable[[SyncRun], None] = lambda run: None
    is_rehearsal: bool = False
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)

    def work(self) -> None:
        run = self.run
        rows = ZohoRecord.objects.present().filter(module=self.entity.module)
        run.expected = run.seen + rows.filter(zoho_id__gt=self._done).count()
        size = int(run.options.get("batch_size") or BATCH_SIZE)
        while ids := list(
            rows.filter(zoho_id__gt=self._done).order_by("zoho_id").values_list("zoho_id", flat=True)[:size]
        ):
            self._count(ids, self._project(ids))
            run.checkpoint = {**run.checkpoint, "after": ids[-1]}
            self.report(run)
            if self.track:
                self.track(run)

    @property
    def _done(self) -> str:
        """The last Zoho id that is done, "" before the first."""
        return str(self.run.checkpoint.get("after", ""))

    def _project(self, zoho_ids: Sequence[str]) -> list[Result]:
        module = self.entity.module
        try:
            return persist(lambda: self._transact(zoho_ids, at=timezone.now()), module=module)
        except IntegrityError:
            # A deferred constraint failed at the commit: find its record by doing each alone.
            return persist(lambda: self._transact(zoho_ids, at=timezone.now(), one_by_one=True), module=module)

    def _transact(self, zoho_ids: Sequence[str], *, at: datetime, one_by_one: bool = False) -> list[Result]:
        with touched_last(), caused_by(self.correlation):
            results = project_records(self.entity, zoho_ids, at=at, one_by_one=one_by_one)
        if self.is_rehearsal:
            transaction.set_rollback(True)
        return results

    def _count(self, zoho_ids: Sequence[str], results: Sequence[Result]) -> None:
        run = self.run
        run.pages += 1
        run.seen += len(zoho_ids)
        run.skipped += len(zoho_ids) - len(results)  # gone since we looked
        for result in results:
            name = COUNTED[result.outcome]
            if name == "failed":
                self._note_failure(result)
            else:
                setattr(run, name, getattr(run, name) + 1)

    def _note_failure(self, result: Result) -> None:
        why = f"waits for {' '.join(result.parent)}" if result.parent else str(result.error)
        log.warning("not_remapped", module=self.entity.module, zoho_id=result.zoho_id, error=why)
        runs.note_failure(self.run, result.zoho_id, why)
