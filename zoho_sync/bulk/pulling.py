"""One pull of one module: read its list, fetch what lists leave out of it, apply both page by page.

A record that fails does not stop the run: what a person must look at becomes a dead letter, the
rest a job for the worker. After each page the run's checkpoint says where to go on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

import structlog

from tsh_erp.common.sql import without_waiting
from zoho_sync import mirror, runs, safety_share
from zoho_sync.bringing import Bringer, persist
from zoho_sync.bulk.details import Details, fetch_details, per_call
from zoho_sync.bulk.reading import Listing
from zoho_sync.bulk.rows import Row
from zoho_sync.bulk.tally import Tally
from zoho_sync.client import Client, Page, Priority
from zoho_sync.entities import Entity, modified_at
from zoho_sync.errors import MissingScope, PermanentError
from zoho_sync.mirror import EncodedPayload, Glimpse, Kind, Observation
from zoho_sync.models import SyncCursor, SyncRun, ZohoRecord

log = structlog.get_logger(__name__)

# Zoho's clock is not ours, and a list is not one moment: look back this far behind the cursor.
OVERLAP = timedelta(minutes=5)
BATCH_SIZE = 200
# Calls for details in one run; what is left over then is the back-fill's, or the stock's.
MOST_DETAIL_CALLS = 100

Track = Callable[[SyncRun], None]


def priority_of(run: SyncRun) -> Priority:
    return Priority.FULL if run.mode == SyncRun.Mode.FULL else Priority.INCREMENTAL


@dataclass
class Puller:
    """One run at work."""

    entity: Entity
    zoho: Client
    run: SyncRun
    track: Track | None = None
    correlation: uuid.UUID = field(default_factory=uuid.uuid4)

    def __post_init__(self) -> None:
        self.priority = priority_of(self.run)
        self.listing = Listing(self.entity, self.run)
        self.bringer = Bringer(correlation=self.correlation, priority=self.priority, beat=self._keep_alive)
        self.batch_size = int(self.run.options.get("batch_size") or BATCH_SIZE)
        self._gone = safety_share.GoneCount(self.run)
        self._calls_before = self.zoho.calls - self.run.calls
        # What was being applied when an earlier process died may be here, but was not counted.
        self._is_repeated = bool(self.run.checkpoint)
        self._may_be_here = self.listing.page + 1

    # --- the list -------------------------------------------------------------------------------

    def read_list(self) -> None:
        """Every page that is left, or until the rows are older than what is asked for."""
        if not self.run.checkpoint:
            self._begin()
        while not self._read_pages():
            pass
        kept = {name: note for name, note in self.run.checkpoint.items() if name not in ("gone", "sweep")}
        if "sweep" in self.run.checkpoint:  # a person gave his word, and the pages were read to their end
            safety_share.resolve_alert(self.run.module)
        self.run.checkpoint = {**kept, "listed": True}
        self.report()

    def _read_pages(self) -> bool:
        """Whether the list was read to its end; if not, it must be begun again otherwise."""
        resumed_at = self.listing.page
        with self.listing.pages(self.zoho) as pages:
            while True:
                try:
                    page = next(pages, None)
                except MissingScope as error:
                    # Filtering elsewhere needs a scope more; here the list can be read whole, with more calls.
                    if not self.listing.do_without_filter():
                        raise
                    log.warning("list_is_read_whole", module=self.run.module, run=self.run.pk, error=str(error))
                    return False
                if page is None:
                    return True
                if resumed_at > 1 and page.number == resumed_at and not page.repeats:
                    # Deletions in Zoho have moved the list by more than a page since it was left.
                    self.listing.step_back()
                    return False
                if self._take_page(page):
                    return True

    def move_cursor(self) -> None:
        """Everything up to the newest change we saw is here, but nothing is known of what changed while we read."""
        run = self.run
        if run.mode == SyncRun.Mode.SINCE or run.options.get("active_only") or run.options.get("with_stock_only"):
            return
        newest = datetime.fromisoformat(run.checkpoint["newest"]) if run.checkpoint.get("newest") else None
        reached = min(newest, run.started_at) if newest else None
        cursor, _ = SyncCursor.objects.get_or_create(module=run.module)
        if reached and (cursor.modified_until is None or reached > cursor.modified_until):
            cursor.modified_until, cursor.run = reached, run
            cursor.save()

    def _begin(self) -> None:
        run = self.run
        if run.mode == SyncRun.Mode.INCREMENTAL and run.since is None:
            cursor = SyncCursor.objects.filter(module=run.module).first()
            if cursor and cursor.modified_until:
                run.since = cursor.modified_until - OVERLAP
                SyncRun.objects.filter(pk=run.pk).update(since=run.since)
        run.expected = self.listing.expect()
        run.checkpoint = {"page": 0}
        self.report()

    def _take_page(self, page: Page) -> bool:
        """Apply the page; whether the rest of the list is too old to be read."""
        tally = Tally()
        if page.nameless:
            tally.fail("", f"{self.entity.path}: {page.nameless} rows without {self.entity.id_key}")
        told, newest, is_last = self._observe(page, tally)
        details_used = self._take(told, tally)
        run = self.run
        before_page = self.listing.page
        last = [*(run.checkpoint.get("last", ()) if page.number == before_page else ()), *page.rows]
        notes = {"page": page.number, "last": last, "details": details_used, "newest": newest}
        if page.nameless or page.filtered_by:
            notes["incomplete"] = True
        run.checkpoint = {**run.checkpoint, **notes}
        run.pages += page.number > before_page
        tally.settle(run)
        if page.filtered_by:
            run.error = run.error or f"{self.entity.path}: all were asked for, and Zoho listed {page.filtered_by} only"
        self._is_repeated = self._is_repeated and page.number < self._may_be_here
        self.report()
        return is_last

    def _observe(self, page: Page, tally: Tally) -> tuple[list[Observation], str | None, bool]:
        """The rows worth taking, the newest time seen so far, and whether the rest of the list is too old."""
        told, is_last = [], False
        newest = self.run.checkpoint.get("newest")
        newest_at = datetime.fromisoformat(newest) if newest else None
        for zoho_id, row in page.rows.items():
            try:
                moment = modified_at(self.entity, row)
            except PermanentError as error:
                tally.counts["seen"] += 1
                self.bringer.bury(self.entity, zoho_id, error, row)
                tally.fail(zoho_id, error)
                continue
            if moment and self.listing.is_too_old(moment):
                is_last = is_last or page.is_newest_first
                continue
            tally.counts["seen"] += 1
            if moment and (newest_at is None or moment > newest_at):
                newest_at = moment
            if self.listing.leaves_out(row):
                tally.counts["skipped"] += 1
                continue
            told.append(
                Observation(
                    zoho_id=zoho_id,
                    kind=Kind.LIST,
                    payload=EncodedPayload(row),
                    modified_at=moment,
                    observed_at=page.asked_at,
                )
            )
        return told, newest_at.isoformat() if newest_at else None, is_last

    # --- its rows -------------------------------------------------------------------------------

    def _take(self, told: Sequence[Observation], tally: Tally) -> int:
        """Pass over what did not change, fetch details, apply in batches; the calls for details this run has made."""
        held = mirror.glance(self.entity.module, [one.zoho_id for one in told])
        rows = [Row(one, held.get(one.zoho_id)) for one in told]
        chosen, used = self._choose_details(rows)
        passed = [row for row in rows if row.told.zoho_id not in chosen and row.proves_nothing_happened]
        if passed:
            self._see([row.held.key for row in passed if row.held], at=passed[0].told.observed_at)
            self._count_passed([row.told.zoho_id for row in passed], tally)
        details = self.fetch(list(chosen), tally)
        self._doubt(details, held)
        skipped = {row.told.zoho_id for row in passed}
        taken = [row.told for row in rows if row.told.zoho_id not in skipped]
        for first in range(0, len(taken), self.batch_size):
            some = taken[first : first + self.batch_size]
            self.apply(_beside(some, details), tally)
        if details.stopped_by:
            raise details.stopped_by
        return used

    def _doubt(self, details: Details, held: Mapping[str, Glimpse]) -> None:
        """TooMuchGone when Zoho has no more of what its own list shows than is believed, in this run."""
        for zoho_id, one in details.found.items():
            if one.kind is Kind.GONE and zoho_id in held and held[zoho_id].is_here:
                self._gone.note(zoho_id)
        run = self.run
        if self._gone.is_too_much:
            go_on = f"sync_zoho --resume {run.pk} --confirm-sweep"
            safety_share.stop(run, self._gone.ids, self._gone.known, finding="are gone, says Zoho", go_on=go_on)
            raise safety_share.TooMuchGone(run.error)
        if self._gone.ids:
            run.checkpoint = {**run.checkpoint, "gone": self._gone.ids}

    def _choose_details(self, rows: Sequence[Row]) -> tuple[dict[str, None], int]:
        """Which records to fetch whole, in the list's order, and how many calls the run will have made for that."""
        used = int(self.run.checkpoint.get("details", 0))
        chosen = {row.told.zoho_id: None for row in rows if row.must_be_fetched(self.entity)}
        if self.run.mode != SyncRun.Mode.FULL:
            since = self.run.started_at
            worth = [row.told.zoho_id for row in rows if row.is_worth_fetching(self.entity, since=since)]
            room = max(0, MOST_DETAIL_CALLS - used) * per_call(self.entity)
            chosen |= dict.fromkeys([zoho_id for zoho_id in worth if zoho_id not in chosen][:room])
        return chosen, used + ceil(len(chosen) / per_call(self.entity))

    def _see(self, keys: Sequence[int], *, at: datetime) -> None:
        def note() -> None:
            without_waiting()  # the report that follows says that the page is done, and is written behind it
            mirror.see(keys, at=at)

        persist(note, module=self.entity.module)

    def _count_passed(self, zoho_ids: Sequence[str], tally: Tally) -> None:
        words = self._done_before(zoho_ids)
        for zoho_id in zoho_ids:
            tally.counts[words.get(zoho_id, "unchanged")] += 1

    def _done_before(self, zoho_ids: Sequence[str]) -> Mapping[str, str]:
        """Of these unchanged records, those that this run has created or updated itself before it was interrupted."""
        if not self._is_repeated:
            return {}
        began = self.run.started_at
        rows = ZohoRecord.objects.of(self.entity.module, list(zoho_ids)).filter(updated_at__gte=began)
        return {
            zoho_id: "created" if created_at >= began else "updated"
            for zoho_id, created_at in rows.values_list("zoho_id", "created_at")
        }

    def fetch(self, zoho_ids: Sequence[str], tally: Tally) -> Details:
        """Whole records; those that cannot be had are left to the worker."""
        details = fetch_details(self.zoho, self.entity, zoho_ids, priority=self.priority, beat=self._keep_alive)
        self.bringer.hand_over(self.entity, list(details.failed))
        for zoho_id, error in details.failed.items():
            tally.fail(zoho_id, error)
        return details

    def apply(self, observations: Sequence[Observation], tally: Tally) -> Collection[str]:
        """Bring records in, and count what became of them; those that came in."""
        results = self.bringer.bring(self.entity, observations)
        words = self._done_before(list(results))
        for zoho_id, result in results.items():
            tally.take(result, unchanged=words.get(zoho_id, "unchanged"))
        return results.keys() - tally.errors.keys()

    def report(self) -> None:
        """Store how far the run has come. Raises what `runs.report` raises."""
        self.run.calls = self.calls

        def store() -> None:
            without_waiting()  # how the run ends is committed behind it, and waits
            runs.report(self.run)

        persist(store, module=self.entity.module)
        if self.track:
            self.track(self.run)

    def _keep_alive(self) -> None:
        runs.keep_alive(self.run)

    @property
    def calls(self) -> int:
        return self.zoho.calls - self._calls_before


def _beside(told: Sequence[Observation], details: Details) -> list[Observation]:
    """List rows with their details. What Zoho has no more, its list row says nothing of."""
    observations = []
    for one in told:
        detail = details.found.get(one.zoho_id)
        # The row was asked for before the detail: the mirror takes from it only what the detail lacks.
        observations += [both for both in (detail, one) if both and (detail is None or detail.kind is not Kind.GONE)]
        if detail is not None and detail.kind is Kind.GONE:
            observations.append(detail)
    return observations
