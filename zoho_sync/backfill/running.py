"""One run of the back-fill: fetch in threads, apply in batches, stop when the day's share is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import F
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from zoho_sync import client, runs, safety_share
from zoho_sync.apply import Outcome, Result
from zoho_sync.backfill.fetching import Answer, Fetchers, chunk_size
from zoho_sync.backfill.worklist import Worklist
from zoho_sync.bringing import Bringer
from zoho_sync.client import Client, NoSuchAddress
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.errors import LimitReached, OrganisationMustWait, PermanentError, QuotaSpent, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Priority, SyncRun, ZohoRecord
from zoho_sync.refetch import fetch_record
from zoho_sync.safety_share import GoneCount

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
    worker's or a dead letter, and is not asked for again by other runs meanwhile. Where it is not the
    records but Zoho, none becomes either.

    What is gone is retired at the end, unless it is more than `safety_share` believes: then the run stops, PARTIAL
    and with an alert, and retires nothing before a person gives his word (`bulk.confirm_sweep`).
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
    bringer: Bringer = field(init=False)
    stopped_by: SyncError | None = None
    read: list[Observation] = field(default_factory=list)
    # What failed since Zoho last gave a sensible answer: these records, or Zoho?
    failed: dict[str, SyncError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bringer = Bringer(Priority.BACKFILL, beat=lambda: runs.keep_alive(self.run))
        self._gone = GoneCount(self.run)
        # The records that are gone and not retired yet, and when that was said.
        self._set_aside: dict[str, str] = dict(self.run.checkpoint.get("gone", {}))
        self._calls_before = self.zoho.calls - self.run.calls
        self._worklist = Worklist(self.run.module, self._reached_before())
        self._limit: int | None = self.run.options.get("limit")
        self._reported_at = time.monotonic()

    def work(self) -> None:
        run = self.run
        left = self._worklist.count()
        taken = self._taken
        run.expected = taken + (left if self._limit is None else min(left, max(self._limit - taken, 0)))
        if left:
            self._fetch_and_apply()
        self._conclude()

    @property
    def _taken(self) -> int:
        return self.run.seen + len(self._set_aside)

    @property
    def _is_over(self) -> bool:
        return self.stopped_by is not None or self._gone.is_too_much

    def _fetch_and_apply(self) -> None:
        try:
            self._fetch()
        finally:  # whatever ended it: what has been fetched need not be fetched again
            self._apply()
        self._report()

    def _fetch(self) -> None:
        chunks = self._chunks()
        with Fetchers(self.entity, self._gone) as fetchers:
            while True:
                while not self._is_over and fetchers.open < fetchers.wanted and (chunk := next(chunks, None)):
                    fetchers.ask(chunk)
                if not fetchers.open:
                    return
                if answer := fetchers.take(seconds=LOOK_SECONDS):
                    self._note(answer)
                if len(self.read) >= BATCH_SIZE or time.monotonic() - self._reported_at > LOOK_SECONDS:
                    self._apply()
                    self._report()

    def _chunks(self) -> Iterator[Sequence[str]]:
        left = None if self._limit is None else max(self._limit - self._taken, 0)
        due, size = islice(self._worklist, left), chunk_size(self.entity)
        while chunk := list(islice(due, size)):
            yield chunk

    def _note(self, answer: Answer) -> None:
        """Take an answer in. What is wrong with Zoho and not with a record ends the asking."""
        self.stopped_by = self.stopped_by or answer.stopped_by
        alive = [one for one in answer.found if one.kind is not Kind.GONE]
        self._set_aside |= {one.zoho_id: one.observed_at.isoformat() for one in answer.found if one.kind is Kind.GONE}
        self.read += alive
        self.run.seen += len(alive) + len(answer.failed)
        for zoho_id, error in answer.failed.items():
            runs.note_failure(self.run, zoho_id, str(error))
            if isinstance(error, NoSuchAddress):
                self.stopped_by = self.stopped_by or error
        self.failed |= answer.failed
        if answer.found:
            self._hand_on()
        elif len(self.failed) >= MOST_FAILURES_IN_A_ROW and not self._is_over:
            self._tell_records_from_zoho()

    def _tell_records_from_zoho(self) -> None:
        """After so many failures in a row: if Zoho gives another record, the failed ones are odd. One call."""
        try:
            if self._is_given(self._one_of_the_others()):
                self._hand_on()
            else:
                self.stopped_by = TemporaryError(f"{len(self.failed)} records in a row failed: {self.run.error}")
        except OrganisationMustWait as error:
            self.stopped_by = error

    def _one_of_the_others(self) -> str | None:
        """The record that was fetched last, or if none was, the oldest."""
        rows = ZohoRecord.objects.present().filter(module=self.entity.module).exclude(zoho_id__in=list(self.failed))
        rows = rows.order_by(F("detail_at").desc(nulls_last=True), "modified_at", "pk")
        return rows.values_list("zoho_id", flat=True).first()

    def _is_given(self, zoho_id: str | None) -> bool:
        try:
            told = fetch_record(self.entity, zoho_id, priority=Priority.BACKFILL) if zoho_id else None
        except OrganisationMustWait:
            raise
        except SyncError:
            return False
        return told is not None and told.kind is Kind.DETAIL

    def _hand_on(self) -> None:
        """What failed beside others that did not: to a person where trying again cannot help, else to the worker."""
        failed, self.failed = self.failed, {}
        later = []
        for zoho_id, error in failed.items():
            if isinstance(error, PermanentError) and not isinstance(error, NoSuchAddress):
                self.bringer.bury(self.entity, zoho_id, error, {})
            elif not isinstance(error, PermanentError):
                later.append(zoho_id)
        self.bringer.hand_over(self.entity, later)

    def _apply(self) -> None:
        observations, self.read = self.read, []
        if not observations:
            return
        self.run.pages += 1
        try:
            self._count(self.bringer.bring(self.entity, observations))
        except (OrganisationMustWait, runs.Cancelled) as error:
            # While a parent was fetched; what waits for it comes another day.
            self.stopped_by = self.stopped_by or error

    def _retire_gone(self) -> None:
        tombstones = [
            Observation(zoho_id=zoho_id, kind=Kind.GONE, observed_at=datetime.fromisoformat(at), confirmed=True)
            for zoho_id, at in sorted(self._set_aside.items())
        ]
        while some := tombstones[:BATCH_SIZE]:
            tombstones = tombstones[BATCH_SIZE:]
            self.run.seen += len(some)
            self._count(self.bringer.bring(self.entity, some), updated="retired")
            runs.keep_alive(self.run)
        if "sweep" in self.run.checkpoint:
            safety_share.resolve_alert(self.run.module)

    def _count(self, results: Mapping[str, Result], *, updated: str = "updated") -> None:
        for zoho_id, result in results.items():
            name = COUNTED[result.outcome]
            if name == "failed":
                why = f"waits for {' '.join(result.parent)}" if result.parent else str(result.error)
                runs.note_failure(self.run, zoho_id, why)
                continue
            name = updated if name == "updated" else name
            setattr(self.run, name, getattr(self.run, name) + 1)

    def _report(self) -> None:
        """Say how far we are. A wish to stop is heeded when what has been fetched is applied."""
        self._reported_at = time.monotonic()
        self.run.calls = self.zoho.calls - self._calls_before
        if self._worklist.reached:
            moment, key = self._worklist.reached
            self.run.checkpoint |= {"reached": [moment.isoformat() if moment else None, key]}
        if self._set_aside:
            self.run.checkpoint |= {"gone": self._set_aside}
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
        self._keep("errors", "sweep")
        if error and not isinstance(error, QuotaSpent | LimitReached):
            raise error
        self._hand_on()
        if self._gone.is_too_much:
            self._stop()
            return
        self._retire_gone()
        self._keep("errors")
        ended: dict[str, object] = {"left": Worklist(self.run.module).count()}
        if isinstance(error, OrganisationMustWait):
            again_at = timezone.now() + timedelta(seconds=error.retry_after or 0)
            ended |= {"stopped_by": str(error), "again_at": again_at.isoformat()}
        self.run.checkpoint |= ended

    def _keep(self, *names: str) -> None:
        self.run.checkpoint = {name: value for name, value in self.run.checkpoint.items() if name in names}

    def _stop(self) -> None:
        safety_share.stop(
            self.run,
            self._gone.ids,
            self._gone.known,
            finding="are gone, says Zoho",
            go_on=f"“Confirm the sweep” on the page of run {self.run.pk} in the admin",
        )

    def _reached_before(self) -> tuple[datetime | None, int] | None:
        """Where an earlier step of this run stopped."""
        if not (reached := self.run.checkpoint.get("reached")):
            return None
        moment, key = reached
        return (parse_datetime(moment) if moment else None), int(key)
