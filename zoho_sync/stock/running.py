"""One stock run: choose the items, fetch their details ahead, apply them in batches, and be resumable throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from zoho_sync import alerts, client, runs, safety_share
from zoho_sync.apply import Outcome, Result
from zoho_sync.bringing import Bringer
from zoho_sync.client import Client
from zoho_sync.errors import PermanentError, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.safety_share import GoneCount
from zoho_sync.stock.choosing import Options, Wanted, compare, count_tracked, outdated_items, tracked_items
from zoho_sync.stock.fetching import ITEM, Details, fetch_ahead, fetch_details
from zoho_sync.stock.naming import MODULE

log = structlog.get_logger(__name__)

T = TypeVar("T")

BATCH_SIZE = 200
# What one call asks for, and how many calls are made ahead of the batch that is applied.
DETAILS_AT_ONCE = 100
CALLS_AHEAD = 3
PAGES_AHEAD = 2
COUNTED = {
    Outcome.CREATED: "created",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "unchanged",
    Outcome.STALE: "stale",
}

Track = Callable[[SyncRun], None]


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Read stock from Zoho into our tables; the finished run. `run` has been taken.

    FULL reads every item that keeps stock. INCREMENTAL reads the list and of the items only those of which it says
    that we are behind, and those not read for a day; so does a FULL run while we have no items. CHOSEN reads
    `options["items"]` (Zoho ids). Further options: `batch_size` items share a transaction; `active_only` and
    `with_stock_only` leave items out. FULL and CHOSEN go on behind the last item that the checkpoint names;
    INCREMENTAL reads the list again, and passes over what is already done.

    Items that Zoho has no more are retired at the end, unless they are more than `safety_share` believes: then the
    run stops, PARTIAL and with an alert, and retires none before a person gives his word (`bulk.confirm_sweep`).
    """
    with runs.at_work(run), _telling():
        _StockRun(run, client.configured_client(client.Priority.STOCK), track).work()
    return run


@contextmanager
def _telling() -> Iterator[None]:
    """What keeps us from Zoho until a person acts is told as an alert."""
    try:
        yield
    except SyncError as error:
        alerts.tell_of(error, at=timezone.now())
        raise


@dataclass
class _StockRun:
    """One run at work."""

    run: SyncRun
    zoho: Client
    track: Track | None
    bringer: Bringer = field(init=False)
    _waiting: list[tuple[Wanted, Observation]] = field(default_factory=list)
    _ordered: bool = False

    def __post_init__(self) -> None:
        self.bringer = Bringer(beat=self._keep_alive)
        self._gone = GoneCount(self.run)
        self._options = Options.of(self.run)
        self._batch_size = int(self.run.options.get("batch_size") or BATCH_SIZE)
        self._calls_before = self.zoho.calls - self.run.calls

    def work(self) -> None:
        chunks = _chunks(self._choose(), DETAILS_AT_ONCE)
        fetch = partial(_fetch, self.zoho, self._gone)
        with closing(fetch_ahead(fetch, chunks, at_once=_calls_ahead(), beat=self._report)) as fetched:
            for chunk, details in fetched:
                if self._gone.is_too_much:
                    break  # of what was asked for since, some was left out for that: whoever goes on asks again
                self._note_missing(chunk, details)
                self._waiting += [(one, details.found[one.zoho_id]) for one in chunk if one.zoho_id in details.found]
                while len(self._waiting) >= self._batch_size:
                    self._apply()
        while self._waiting:
            self._apply()
        if self._gone.is_too_much:
            self._stop()
        else:
            self._retire_gone()
        self._report()

    def _stop(self) -> None:
        safety_share.stop(
            self.run,
            self._gone.ids,
            self._gone.known,
            finding="are gone, says Zoho",
            go_on=f"sync_stock --resume {self.run.pk} --confirm-sweep",
        )

    def _retire_gone(self) -> None:
        gone = self._set_aside
        for zoho_ids in _chunks(sorted(gone), self._batch_size):
            tombstones = [
                Observation(zoho_id=one, kind=Kind.GONE, observed_at=datetime.fromisoformat(gone[one]), confirmed=True)
                for one in zoho_ids
            ]
            for zoho_id, result in self.bringer.bring(ITEM, tombstones).items():
                self._count(zoho_id, result, is_gone=True)
            if self._ordered:
                self.run.seen += len(zoho_ids)
            gone = {zoho_id: at for zoho_id, at in gone.items() if zoho_id not in zoho_ids}
            self._note(gone=gone)
            self._report()
        if "sweep" in self.run.checkpoint:
            self._note(sweep=None)
            safety_share.resolve_alert(MODULE)

    @property
    def _set_aside(self) -> dict[str, str]:
        """The items that are gone and not retired yet, and when that was said."""
        return dict(self.run.checkpoint.get("gone", {}))

    def _note(self, **notes: object) -> None:
        """Change the checkpoint; what is empty is left out of it."""
        self.run.checkpoint = {name: note for name, note in {**self.run.checkpoint, **notes}.items() if note}

    # --- which items ------------------------------------------------------------------------------

    def _choose(self) -> Iterable[Wanted]:
        run, after = self.run, str(self.run.checkpoint.get("after", ""))
        if run.mode == SyncRun.Mode.CHOSEN:
            ids = sorted(str(one) for one in run.options.get("items", ()))
            run.expected = len(ids)
            return self._asked_for(zoho_id for zoho_id in ids if zoho_id > after)
        if run.mode == SyncRun.Mode.FULL and (count := count_tracked(self._options)):
            run.expected = count
            return self._asked_for(tracked_items(self._options, after=after))
        return self._choose_by_list()

    def _asked_for(self, ids: Iterable[str]) -> Iterator[Wanted]:
        """In key order, so that the last one applied tells where to go on. Seen is what was applied or failed."""
        self._ordered = True
        return map(Wanted, ids)

    def _choose_by_list(self) -> Iterator[Wanted]:
        """Compare the list with what we hold, page by page; then what was not read for long."""
        run = self.run
        # A run that is taken up again reads the list again; what it did before is found to be done, but for what it
        # retired, which is not listed any more.
        done_since = run.started_at if run.pages else None
        run.pages = run.created = run.updated = run.unchanged = run.stale = run.skipped = run.failed = 0
        run.seen = run.retired
        run.checkpoint = {"sweep": run.checkpoint["sweep"]} if self._gone.is_confirmed else {}
        again = dict.fromkeys(outdated_items(self._options, at=timezone.now()))
        expected = ZohoRecord.objects.present().filter(module=MODULE).count()
        run.expected = expected or None
        for page in self.zoho.pages(ITEM, at_once=max(1, min(_calls_ahead(), PAGES_AHEAD)), expected=expected):
            compared = compare(
                page.rows, self._options, asked_at=page.asked_at, again=again.keys(), done_since=done_since
            )
            run.pages += 1
            run.seen += len(page.rows)
            self._add(compared.counts)
            again = {zoho_id: None for zoho_id in again if zoho_id not in page.rows}
            self._report()
            yield from compared.wanted
        for zoho_id in again:  # the list did not show them
            run.seen += 1
            yield Wanted(zoho_id)

    # --- what became of them ----------------------------------------------------------------------

    def _apply(self) -> None:
        batch, self._waiting = self._waiting[: self._batch_size], self._waiting[self._batch_size :]
        observations: list[Observation] = []
        gone = self._set_aside
        for wanted, detail in batch:
            if detail.kind is Kind.GONE:
                gone[detail.zoho_id] = detail.observed_at.isoformat()
                continue
            observations.append(detail)
            # The row was asked for before: the mirror takes from it what the detail lacks, and that it was seen.
            if wanted.row:
                observations.append(wanted.row)
        results = self.bringer.bring(ITEM, observations)
        for zoho_id, result in results.items():
            self._count(zoho_id, result)
        if self._ordered:
            self.run.seen += len(results)
            self._note(after=batch[-1][0].zoho_id)
        self._note(gone=gone)
        self._report()

    def _add(self, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            setattr(self.run, name, getattr(self.run, name) + count)

    def _count(self, zoho_id: str, result: Result, *, is_gone: bool = False) -> None:
        # A detail that cannot be mapped leaves the item as its list row tells of it, which is not what was asked for.
        name = None if result.failed else COUNTED.get(result.outcome)
        if name is None:
            why = f"waits for {' '.join(result.parent)}" if result.parent else str(result.error)
            runs.note_failure(self.run, zoho_id, why)
            return
        self._add({"retired" if is_gone and result.outcome is Outcome.UPDATED else name: 1})

    def _note_missing(self, chunk: Sequence[Wanted], details: Details) -> None:
        """What could not be read is left to a person where trying again cannot help, else to the worker."""
        later, failed = [], dict(details.failed)
        for one in chunk:
            if one.zoho_id not in details.found and one.zoho_id not in failed:
                failed[one.zoho_id] = TemporaryError("Zoho was asked for it among others, and left it out")
        if self._ordered:
            self.run.seen += len(failed)
        for zoho_id, error in failed.items():
            runs.note_failure(self.run, zoho_id, str(error))
            if isinstance(error, PermanentError):
                self.bringer.bury(ITEM, zoho_id, error, details.payloads.get(zoho_id, {}))
            else:
                later.append(zoho_id)
        self.bringer.hand_over(ITEM, later)

    def _keep_alive(self) -> None:
        runs.keep_alive(self.run)

    def _report(self) -> None:
        self.run.calls = self.zoho.calls - self._calls_before
        runs.report(self.run)
        if self.track:
            self.track(self.run)


def _calls_ahead() -> int:
    """Inside a transaction other threads would not see what it wrote: there everything is asked for in turn."""
    return 0 if connection.in_atomic_block else max(1, min(CALLS_AHEAD, settings.ZOHO_MAX_CONCURRENT))


def _fetch(zoho: Client, gone: GoneCount, chunk: Sequence[Wanted]) -> Details:
    return fetch_details(zoho, [one.zoho_id for one in chunk], goes_on=gone.goes_on, note_gone=gone.note)


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
