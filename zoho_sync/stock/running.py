"""One stock run: choose the items, fetch their details ahead, apply them in batches, and be resumable throughout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from zoho_sync import alerts, client, runs
from zoho_sync.apply import Outcome, Result
from zoho_sync.bringing import Bringer
from zoho_sync.client import Client
from zoho_sync.errors import PermanentError, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import SyncRun, ZohoRecord
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
    bringer: Bringer = field(default_factory=Bringer)
    _waiting: list[tuple[Wanted, Observation]] = field(default_factory=list)
    _ordered: bool = False

    def __post_init__(self) -> None:
        self._options = Options.of(self.run)
        self._batch_size = int(self.run.options.get("batch_size") or BATCH_SIZE)
        self._calls_before = self.zoho.calls - self.run.calls

    def work(self) -> None:
        chunks = _chunks(self._choose(), DETAILS_AT_ONCE)
        ahead = fetch_ahead(partial(_fetch, self.zoho), chunks, at_once=_calls_ahead(), beat=self._report)
        with closing(ahead) as fetched:
            for chunk, details in fetched:
                self._note_missing(chunk, details)
                self._waiting += [(one, details.found[one.zoho_id]) for one in chunk if one.zoho_id in details.found]
                while len(self._waiting) >= self._batch_size:
                    self._apply()
        while self._waiting:
            self._apply()
        self._report()

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
        # A run that is resumed reads the list again.
        run.pages = run.seen = run.skipped = run.unchanged = run.failed = 0
        run.checkpoint = {}
        named: set[str] = set()
        expected = ZohoRecord.objects.present().filter(module=MODULE).count()
        run.expected = expected or None
        for page in self.zoho.pages(ITEM, at_once=min(_calls_ahead(), PAGES_AHEAD), expected=expected):
            compared = compare(page.rows, self._options, asked_at=page.asked_at)
            run.pages += 1
            run.seen += len(page.rows)
            run.unchanged += compared.unchanged
            run.skipped += compared.skipped
            named |= {one.zoho_id for one in compared.wanted}
            self._report()
            yield from compared.wanted
        for zoho_id in outdated_items(self._options, at=timezone.now()):
            if zoho_id not in named:
                run.unchanged -= 1  # it is counted by what its detail shows
                yield Wanted(zoho_id)

    # --- what became of them ----------------------------------------------------------------------

    def _apply(self) -> None:
        batch, self._waiting = self._waiting[: self._batch_size], self._waiting[self._batch_size :]
        observations: list[Observation] = []
        for wanted, detail in batch:
            observations.append(detail)
            # The row was asked for before: the mirror takes from it what the detail lacks, and that it was seen.
            if wanted.row and detail.kind is not Kind.GONE:
                observations.append(wanted.row)
        gone = {detail.zoho_id for _, detail in batch if detail.kind is Kind.GONE}
        for zoho_id, result in self.bringer.bring(ITEM, observations).items():
            self._count(zoho_id, result, is_gone=zoho_id in gone)
        if self._ordered:
            self.run.seen += len(batch)
            self.run.checkpoint = {**self.run.checkpoint, "after": batch[-1][0].zoho_id}
        self._report()

    def _count(self, zoho_id: str, result: Result, *, is_gone: bool) -> None:
        # A detail that cannot be mapped leaves the item as its list row tells of it, which is not what was asked for.
        name = None if result.failed else COUNTED.get(result.outcome)
        if name is None:
            why = f"waits for {' '.join(result.parent)}" if result.parent else str(result.error)
            runs.note_failure(self.run, zoho_id, why)
            return
        if is_gone and result.outcome is Outcome.UPDATED:
            name = "retired"
        setattr(self.run, name, getattr(self.run, name) + 1)

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

    def _report(self) -> None:
        self.run.calls = self.zoho.calls - self._calls_before
        runs.report(self.run)
        if self.track:
            self.track(self.run)


def _calls_ahead() -> int:
    """Inside a transaction other threads would not see what it wrote: there everything is asked for in turn."""
    return 1 if connection.in_atomic_block else min(CALLS_AHEAD, settings.ZOHO_MAX_CONCURRENT)


def _fetch(zoho: Client, chunk: Sequence[Wanted]) -> Details:
    return fetch_details(zoho, [one.zoho_id for one in chunk])


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
