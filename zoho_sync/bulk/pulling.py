"""One pull of one module: read its list, fetch what lists leave out, apply both page by page.

A record that fails does not stop the run: what a person must look at becomes a dead letter, the
rest a job for the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.utils import timezone

from zoho_sync import client, mirror
from zoho_sync.apply import Outcome
from zoho_sync.bringing import Bringer, persist
from zoho_sync.bulk.details import Details, fetch_details
from zoho_sync.bulk.rows import Row
from zoho_sync.client import Client, Page
from zoho_sync.entities import Entity, modified_at
from zoho_sync.errors import PermanentError, SyncError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import SyncCursor, SyncRun, ZohoRecord

log = structlog.get_logger(__name__)

# Zoho's clock is not ours, and a list is not one moment: look back this far behind the cursor.
OVERLAP = timedelta(minutes=5)
BATCH_SIZE = 100
COUNTED = {
    Outcome.CREATED: "created",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "unchanged",
    Outcome.STALE: "stale",
    Outcome.WAITING: "failed",
    Outcome.FAILED: "failed",
}

Track = Callable[[SyncRun], None]


def pull(
    entity: Entity,
    *,
    mode: SyncRun.Mode = SyncRun.Mode.INCREMENTAL,
    since: datetime | None = None,
    batch_size: int = BATCH_SIZE,
    active_only: bool = False,
    trigger: SyncRun.Trigger = SyncRun.Trigger.COMMAND,
    user: User | None = None,
    track: Track | None = None,
) -> SyncRun:
    """Bring a module's records from Zoho into our tables; the finished run with its counts.

    FULL reads the whole list, and all items' stock anew. INCREMENTAL goes on from where the last pull
    came to (from the beginning, the first time). SINCE takes what was modified from `since` on. Where
    the API does not sort by modification time the whole list is read, and what did not change is
    passed over. `track` is called whenever the run has come further.

    NotConfigured is raised before anything begins. Other errors of Zoho's end the run as failed and
    are told in `run.error`; what was read before them stays.
    """
    zoho = client.configured_client()
    if mode != SyncRun.Mode.SINCE:
        since = _cursor_time(entity) if mode == SyncRun.Mode.INCREMENTAL else None
    run = SyncRun.objects.create(
        module=entity.module, mode=mode, trigger=trigger, since=since, started_at=timezone.now(), user=user
    )
    job = _Pull(entity, zoho, run, batch_size, active_only, track)
    try:
        job.read_list()
    except SyncError as error:
        log.warning("pull_failed", module=entity.module, run=run.pk, error=str(error))
        job.finish(SyncRun.Status.FAILED, str(error))
    except KeyboardInterrupt:
        job.finish(SyncRun.Status.CANCELLED, "stopped by hand")
        raise
    except Exception as error:
        job.finish(SyncRun.Status.FAILED, f"{type(error).__name__}: {error}")
        raise
    else:
        job.finish(SyncRun.Status.PARTIAL if run.failed else SyncRun.Status.COMPLETED)
        if mode != SyncRun.Mode.SINCE and not active_only:
            _move_cursor(run, job.newest)
    return run


def _cursor_time(entity: Entity) -> datetime | None:
    cursor = SyncCursor.objects.filter(module=entity.module).first()
    return cursor.modified_until - OVERLAP if cursor and cursor.modified_until else None


def _move_cursor(run: SyncRun, newest: datetime | None) -> None:
    """Everything up to the newest change we saw is here, but nothing is known of what changed while we read."""
    cursor, _ = SyncCursor.objects.get_or_create(module=run.module)
    reached = min(newest, run.started_at) if newest else None
    if reached and (cursor.modified_until is None or reached > cursor.modified_until):
        cursor.modified_until, cursor.run = reached, run
        cursor.save()


@dataclass
class _Pull:
    """One run at work. `newest` is the latest modification it has seen."""

    entity: Entity
    zoho: Client
    run: SyncRun
    batch_size: int
    active_only: bool
    track: Track | None
    newest: datetime | None = None
    bringer: Bringer = field(default_factory=Bringer)

    def __post_init__(self) -> None:
        self._calls_before = self.zoho.calls

    def read_list(self) -> None:
        """Every page, or until the rows are older than what is asked for."""
        for page in self.zoho.pages(self.entity, newest_first=self.run.since is not None):
            observations, is_last = self._observe(page)
            self._take(observations)
            self.run.pages += 1
            self._report()
            if is_last:
                break

    def finish(self, status: SyncRun.Status, error: str = "") -> None:
        self.run.status, self.run.finished_at = status, timezone.now()
        self.run.error = error or self.run.error
        self._report()

    def _observe(self, page: Page) -> tuple[list[Observation], bool]:
        """The rows worth taking, and whether the rest of the list is too old to be read."""
        observations, is_last = [], False
        if page.nameless:
            self._note_failure(f"{self.entity.path}: {page.nameless} rows without {self.entity.id_key}", page.nameless)
        for zoho_id, row in page.rows.items():
            try:
                moment = modified_at(self.entity, row)
            except PermanentError as error:
                self.bringer.bury(self.entity, zoho_id, error, row)
                self._note_failure(f"{zoho_id}: {error}")
                continue
            if page.is_newest_first and self.run.since and moment and moment < self.run.since:
                is_last = True
                continue
            self.run.seen += 1
            if moment and (self.newest is None or moment > self.newest):
                self.newest = moment
            if self.active_only and str(row.get("status", "")).strip().casefold() == "inactive":
                continue
            observations.append(
                Observation(zoho_id=zoho_id, kind=Kind.LIST, payload=row, modified_at=moment, observed_at=page.asked_at)
            )
        return observations, is_last

    def _take(self, observations: Sequence[Observation]) -> None:
        """Pass over what did not change, fetch the details that are missing, apply in batches."""
        rows = self._compare(observations)
        whole = self.run.mode == SyncRun.Mode.FULL
        needing = {row.told.zoho_id: row for row in rows if row.needs_detail(self.entity, whole=whole)}
        passed = [row for row in rows if row.told.zoho_id not in needing and row.proves_nothing_happened]
        self._pass_over(passed)
        skipped = {row.told.zoho_id for row in passed}
        details = fetch_details(self.zoho, self.entity, list(needing))
        self._note_missing_details(details)
        taken = [row for row in rows if row.told.zoho_id not in skipped]
        for first in range(0, len(taken), self.batch_size):
            self._apply(taken[first : first + self.batch_size], details)
        if details.stopped_by:
            raise details.stopped_by

    def _compare(self, observations: Sequence[Observation]) -> list[Row]:
        """The rows beside what the mirror holds; read without a lock, the apply looks again."""
        ids = [one.zoho_id for one in observations]
        held = {row.zoho_id: row for row in ZohoRecord.objects.of(self.entity.module, ids).defer("payload")}
        return [Row(one, held.get(one.zoho_id)) for one in observations]

    def _pass_over(self, rows: Sequence[Row]) -> None:
        seen_at = {row.told.zoho_id: row.told.observed_at for row in rows}
        if seen_at:
            persist(lambda: mirror.see(self.entity.module, seen_at), module=self.entity.module)
        self.run.unchanged += len(seen_at)

    def _note_missing_details(self, details: Details) -> None:
        self.bringer.hand_over(self.entity, list(details.failed))
        for zoho_id, error in details.failed.items():
            self._note_failure(f"{zoho_id}: {error}")

    def _apply(self, rows: Sequence[Row], details: Details) -> None:
        observations = []
        for row in rows:
            detail = details.found.get(row.told.zoho_id)
            # The row was asked for before the detail: the mirror takes from it only what the detail lacks.
            observations += [one for one in (detail, row.told) if one and not (one is row.told and _is_gone(detail))]
        for zoho_id, result in self.bringer.bring(self.entity, observations).items():
            if result.failed and result.outcome is not Outcome.FAILED:
                self._note_failure(f"{zoho_id}: {result.error}")
            if zoho_id in details.failed and result.outcome in (Outcome.FAILED, Outcome.WAITING):
                continue  # counted already
            setattr(self.run, COUNTED[result.outcome], getattr(self.run, COUNTED[result.outcome]) + 1)
            if result.outcome in (Outcome.FAILED, Outcome.WAITING):
                waits = f"waits for {' '.join(result.parent)}" if result.parent else str(result.error)
                self.run.error = self.run.error or f"{zoho_id}: {waits}"
        self._report()

    def _note_failure(self, text: str, count: int = 1) -> None:
        self.run.failed += count
        self.run.error = self.run.error or text

    def _report(self) -> None:
        self.run.calls = self.zoho.calls - self._calls_before
        persist(self.run.save, module=self.entity.module)
        if self.track:
            self.track(self.run)


def _is_gone(detail: Observation | None) -> bool:
    return detail is not None and detail.kind is Kind.GONE
