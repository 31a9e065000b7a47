"""One run of the back-fill: fetch in threads, apply in batches, stop when the day's share is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from zoho_sync import client, runs
from zoho_sync.apply import Outcome
from zoho_sync.backfill.fetching import Answer, Fetchers, chunk_size
from zoho_sync.backfill.worklist import Worklist
from zoho_sync.bringing import Bringer
from zoho_sync.client import Client, NoSuchAddress
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.errors import LimitReached, OrganisationMustWait, PermanentError, QuotaSpent, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Priority, SyncRun

BATCH_SIZE = 50
LOOK_SECONDS = 20.0  # a sign of life at least this often, while the minute's limit makes the threads wait
# So many records in a row that Zoho gives no sensible answer for: it is not the records.
MOST_FAILURES_IN_A_ROW = 20
COUNTED = {
    Outcome.CREATED: "updated",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "unchanged",
    Outcome.STALE: "stale",
    Outcome.WAITING: "failed",
    Outcome.FAILED: "failed",
}

Track = Callable[[SyncRun], None]


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Fetch the details that the run's module lacks, newest first, and apply them; the finished run.

    `run` has been taken. It ends COMPLETED when nothing is left, when `options["limit"]` records were
    fetched, or when the back-fill's share of the day is used up: it did what it could today, and the
    next run goes on where this one stopped, because the mirror is the work list. `checkpoint` says how
    many are `left`, and, where Zoho must not be asked for a while, why (`stopped_by`) and until when
    (`again_at`). A record that Zoho no longer has is retired; one that fails becomes a job of the
    worker's or a dead letter, and is not asked for again by other runs meanwhile.
    """
    with runs.at_work(run):
        _Backfill(BY_MODULE[run.module], run, client.configured_client(Priority.BACKFILL), track).work()
    return run


@dataclass
class _Backfill:
    """One run at work."""

    entity: Entity
    run: SyncRun
    zoho: Client
    track: Track | None
    bringer: Bringer = field(default_factory=lambda: Bringer(Priority.BACKFILL))
    stopped_by: SyncError | None = None
    failures_in_a_row: int = 0
    read: list[Observation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._calls_before = self.zoho.calls - self.run.calls
        self._worklist = Worklist(self.run.module, self._reached_before())
        self._limit: int | None = self.run.options.get("limit")
        self._reported_at = time.monotonic()

    def work(self) -> None:
        run = self.run
        left = self._worklist.count()
        run.expected = run.seen + (left if self._limit is None else min(left, max(self._limit - run.seen, 0)))
        if left:
            self._fetch_and_apply()
        self._conclude()

    def _fetch_and_apply(self) -> None:
        try:
            self._fetch()
        finally:  # whatever ended it: what has been fetched need not be fetched again
            self._apply()
        self._report()

    def _fetch(self) -> None:
        chunks = self._chunks()
        with Fetchers(self.entity) as fetchers:
            while True:
                while not self.stopped_by and fetchers.open < fetchers.wanted and (chunk := next(chunks, None)):
                    fetchers.ask(chunk)
                if not fetchers.open:
                    return
                if answer := fetchers.take(seconds=LOOK_SECONDS):
                    self._note(answer)
                if len(self.read) >= BATCH_SIZE or time.monotonic() - self._reported_at > LOOK_SECONDS:
                    self._apply()
                    self._report()

    def _chunks(self) -> Iterator[Sequence[str]]:
        left = None if self._limit is None else max(self._limit - self.run.seen, 0)
        due, size = islice(self._worklist, left), chunk_size(self.entity)
        while chunk := list(islice(due, size)):
            yield chunk

    def _note(self, answer: Answer) -> None:
        """Take an answer in. What is wrong with Zoho and not with a record ends the asking."""
        self.stopped_by = self.stopped_by or answer.stopped_by
        self.read += answer.found
        self.run.seen += len(answer.found) + len(answer.failed)
        self.failures_in_a_row = 0 if answer.found else self.failures_in_a_row + len(answer.failed)
        later = []
        for zoho_id, error in answer.failed.items():
            runs.note_failure(self.run, zoho_id, str(error))
            if isinstance(error, NoSuchAddress):
                self.stopped_by = self.stopped_by or error
            elif isinstance(error, PermanentError):
                self.bringer.bury(self.entity, zoho_id, error, {})
            else:
                later.append(zoho_id)
        self.bringer.hand_over(self.entity, later)
        if self.failures_in_a_row >= MOST_FAILURES_IN_A_ROW and not self.stopped_by:
            self.stopped_by = TemporaryError(f"{self.failures_in_a_row} records in a row failed: {self.run.error}")

    def _apply(self) -> None:
        observations, self.read = self.read, []
        if not observations:
            return
        self.run.pages += 1
        gone = {one.zoho_id for one in observations if one.kind is Kind.GONE}
        try:
            results = self.bringer.bring(self.entity, observations)
        except OrganisationMustWait as error:  # while a parent was fetched; what waits for it comes another day
            self.stopped_by, results = self.stopped_by or error, {}
        for zoho_id, result in results.items():
            name = COUNTED[result.outcome]
            if name == "failed":
                why = f"waits for {' '.join(result.parent)}" if result.parent else str(result.error)
                runs.note_failure(self.run, zoho_id, why)
                continue
            name = "retired" if zoho_id in gone and name == "updated" else name
            setattr(self.run, name, getattr(self.run, name) + 1)

    def _report(self) -> None:
        """Say how far we are. A wish to stop is heeded when what has been fetched is applied."""
        self._reported_at = time.monotonic()
        self.run.calls = self.zoho.calls - self._calls_before
        if self._worklist.reached:
            moment, key = self._worklist.reached
            self.run.checkpoint |= {"reached": [moment.isoformat() if moment else None, key]}
        try:
            runs.report(self.run)
        except (runs.Cancelled, runs.TimeIsUp) as wish:
            self.stopped_by = self.stopped_by or wish
        if self.track:
            self.track(self.run)

    def _conclude(self) -> None:
        """How it ends: what used up the day's share is no failure; everything else that stopped us is raised."""
        error = self.stopped_by
        if isinstance(error, runs.Cancelled | runs.TimeIsUp):
            raise error
        # What was not asked for any more is among the newest: who goes on begins there again.
        self.run.checkpoint = {name: value for name, value in self.run.checkpoint.items() if name == "errors"}
        if error and not isinstance(error, QuotaSpent | LimitReached):
            raise error
        ended: dict[str, object] = {"left": Worklist(self.run.module).count()}
        if isinstance(error, OrganisationMustWait):
            again_at = timezone.now() + timedelta(seconds=error.retry_after or 0)
            ended |= {"stopped_by": str(error), "again_at": again_at.isoformat()}
        self.run.checkpoint |= ended

    def _reached_before(self) -> tuple[datetime | None, int] | None:
        """Where an earlier step of this run stopped."""
        if not (reached := self.run.checkpoint.get("reached")):
            return None
        moment, key = reached
        return (parse_datetime(moment) if moment else None), int(key)
