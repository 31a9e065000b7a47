"""One run of a reconciliation: a module's whole list beside our tables, page by page, and repaired where that is asked.

Memory holds a page, and of the whole module the ids and the sums. A run that is stopped between two
pages keeps these in its checkpoint and goes on there; one that died begins its module anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from zoho_sync import client, runs
from zoho_sync.bringing import persist
from zoho_sync.bulk.details import fetch_details
from zoho_sync.client import Client, Page, Priority
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.errors import MappingError, PermanentError, SyncError
from zoho_sync.mappers.items import read_totals
from zoho_sync.mappers.record import Record
from zoho_sync.models import Reconciliation, ReconciliationResult, SyncRun, ZohoRecord
from zoho_sync.reconcile import reports
from zoho_sync.reconcile.comparing import Comparison, Told
from zoho_sync.reconcile.progress import Progress
from zoho_sync.reconcile.reckoning import Reckoning
from zoho_sync.reconcile.repairing import Repairer, is_believable
from zoho_sync.reconcile.tables import Table, tables_of

log = structlog.get_logger(__name__)

Track = Callable[[SyncRun], None]

ITEMS, PRICE_LISTS = "item", "pricebook"
ROWS_AT_ONCE = 200
PAGES_AHEAD = 3
PROGRESS = "progress"


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Compare the run's module for the report of its batch; the finished run. `run` has been taken.

    `seen` counts records on either side, `unchanged` the equal ones, `updated` what was repaired, `failed` what could
    not be. `options["repair"]` repairs. Errors of Zoho's end the run and leave the report cut off, until the
    run is resumed; what was found before them is in the report.
    """
    report = Reconciliation.objects.filter(batch=run.batch).first() if run.batch else None
    with runs.at_work(run):
        if report is None:
            raise PermanentError(f"run {run.pk} belongs to no report any more")
        zoho = client.configured_client(Priority.FULL)
        work = _Work(BY_MODULE[run.module], zoho, run, report, track)
        work.perform()
    if report is not None:
        reports.conclude(report)
    return run


@dataclass
class _Work:
    """One run at work."""

    entity: Entity
    zoho: Client
    run: SyncRun
    report: Reconciliation
    track: Track | None = None

    def __post_init__(self) -> None:
        self._calls_before = self.zoho.calls - self.run.calls
        self._began = time.monotonic()
        self._comparison = Comparison(self.entity)
        self._repairer = Repairer(self.entity, self.zoho, beat=lambda: runs.keep_alive(self.run))
        self._repairs = bool(self.run.options.get("repair"))

    def perform(self) -> None:
        self._take_up()
        try:
            with self._keeping_progress():
                if not self.progress.is_listed:
                    self._read_list()
                if self.progress.is_whole:
                    for table in tables_of(self.entity.module):
                        self._find_extra(table)
                if self.entity.module == ITEMS:
                    self._reckoning.note_duplicates()
                    if self._repairs:
                        self._reckoning.repair_images()
        finally:
            self.run.calls = self._calls
        for zoho_id, why in self._repairer.failures.items():
            runs.note_failure(self.run, zoho_id, why)
        results = self._write_results(is_complete=True)
        reports.tell_of_drift(results, at=timezone.now())

    # --- where it stands --------------------------------------------------------------------------

    def _take_up(self) -> None:
        """What an earlier attempt kept is used once: if this one dies, the module begins anew."""
        kept = self.run.checkpoint.pop(PROGRESS, None)
        if kept:
            self.progress = Progress.from_json(kept)
        else:
            self.progress = Progress.begin(self.entity.module)
            reports.forget_module(self.report, self.entity.module)
            self.run.pages = self.run.seen = self.run.unchanged = self.run.updated = self.run.failed = 0
            self.run.checkpoint = {}
        known = ZohoRecord.objects.present().filter(module=self.entity.module).count()
        self.run.expected = known or None
        self._reckoning = Reckoning(
            run=self.run,
            report=self.report,
            progress=self.progress,
            comparison=self._comparison,
            repairer=self._repairer,
            repairs=self._repairs,
        )
        self._report()

    @contextmanager
    def _keeping_progress(self) -> Iterator[None]:
        try:
            yield
        except runs.RunTaken:
            raise
        except (SyncError, KeyboardInterrupt, SystemExit) as error:
            self.progress.seconds += time.monotonic() - self._began
            self._began = time.monotonic()
            self.run.checkpoint = {**self.run.checkpoint, PROGRESS: self.progress.as_json()}
            self._write_results(is_complete=False, note=str(error) or type(error).__name__)
            raise

    def _report(self) -> None:
        self.run.calls = self._calls
        persist(lambda: runs.report(self.run), module=self.entity.module)
        if self.track:
            self.track(self.run)

    @property
    def _calls(self) -> int:
        return self.zoho.calls - self._calls_before

    def _write_results(self, *, is_complete: bool, note: str = "") -> list[ReconciliationResult]:
        progress = self.progress
        seconds = round(progress.seconds + time.monotonic() - self._began, 1)
        told = "\n".join([*progress.notes, *([note] if note else [])])
        return [
            reports.write_result(
                self.report,
                self.run,
                subject,
                tally,
                progress.totals[subject],
                seconds=seconds,
                is_complete=is_complete and progress.is_whole,
                note=told,
            )
            for subject, tally in progress.tallies.items()
        ]

    # --- Zoho's list ------------------------------------------------------------------------------

    def _read_list(self) -> None:
        pages = self.zoho.pages(
            self.entity,
            oldest_first=True,
            first_page=self.progress.page + 1,
            known=self.progress.listed,
            expected=self.run.expected,
            at_once=_pages_at_once(),
        )
        with closing(pages):
            for page in pages:
                self._take(page)
                self._report()
        self.progress.is_listed = True

    def _take(self, page: Page) -> None:
        progress = self.progress
        told = self._tell(page)
        compared = self._comparison.compare(told)
        self._reckoning.settle(told, compared)
        if page.nameless or page.filtered_by:
            progress.is_whole = False
            progress.notes.append(
                f"page {page.number}: Zoho listed {page.filtered_by} only"
                if page.filtered_by
                else f"page {page.number}: {page.nameless} rows without {self.entity.id_key}"
            )
            self.run.error = self.run.error or progress.notes[-1]
        for zoho_id in told:
            result = compared.get(zoho_id)
            # What went meanwhile, or cannot be read, is no row too much, in whatever table it is.
            tables = [result.table] if result and result.table else tables_of(self.entity.module)
            for table in tables:
                progress.seen[table.label].add(zoho_id)
        progress.note_skus((one.sku, zoho_id) for zoho_id, one in compared.items() if one.sku)
        progress.listed |= told.keys()
        progress.page = page.number
        self.run.pages += 1

    def _tell(self, page: Page) -> dict[str, Told]:
        """The page's records, with the details of what lists do not show enough of: stock by place, prices."""
        told = {zoho_id: Told(zoho_id=zoho_id, row=row, asked_at=page.asked_at) for zoho_id, row in page.rows.items()}
        wanted = [zoho_id for zoho_id, row in page.rows.items() if self._needs_detail(row)]
        if not wanted:
            return told
        details = fetch_details(
            self.zoho, self.entity, wanted, priority=Priority.FULL, beat=lambda: runs.keep_alive(self.run)
        )
        if details.stopped_by:
            raise details.stopped_by
        for zoho_id, error in details.failed.items():
            runs.note_failure(self.run, zoho_id, str(error))
        for zoho_id, detail in details.found.items():
            one = told[zoho_id]
            told[zoho_id] = Told(zoho_id=zoho_id, row=one.row, asked_at=one.asked_at, detail=detail)
        return told

    def _needs_detail(self, row: Mapping[str, object]) -> bool:
        if self.entity.module != ITEMS:
            return self.entity.module == PRICE_LISTS
        try:
            return bool(read_totals(Record(row)))  # a row that states no stock is of an item that keeps none
        except MappingError:
            return True

    # --- rows of ours that Zoho does not list -------------------------------------------------------

    def _find_extra(self, table: Table) -> None:
        seen = self.progress.seen[table.label]
        rows = table.model._default_manager.filter(
            zoho_id__isnull=False, retired_at__isnull=True, created_at__lt=self.run.started_at
        )
        ids = rows.order_by("zoho_id").values_list("zoho_id", flat=True)
        extra = [zoho_id for zoho_id in ids.iterator(chunk_size=2_000) if zoho_id not in seen]
        believed = bool(extra) and self._repairs and self._believes(table, extra)
        rest = iter(extra)
        while some := list(islice(rest, ROWS_AT_ONCE)):
            self._reckoning.settle_extra(table, some, repairs=believed)
            seen.update(some)
            self._report()

    def _believes(self, table: Table, extra: Sequence[str]) -> bool:
        known = table.model._default_manager.filter(zoho_id__isnull=False, retired_at__isnull=True).count()
        if is_believable(len(extra), known):
            return True
        share = round(settings.ZOHO_SWEEP_MAX_SHARE * 100, 2)
        note = (
            f"{len(extra)} of {known} {table.subject} records are not in Zoho's list, more than {share:g} %: "
            "none of them was asked for or retired"
        )
        log.warning("extra_not_retired", module=self.entity.module, extra=len(extra), known=known)
        self.progress.notes.append(note)
        self.run.error = self.run.error or note
        return False


def _pages_at_once() -> int:
    """Inside a transaction other threads would not see what it wrote: there everything is asked for in turn."""
    return 1 if connection.in_atomic_block else max(1, min(settings.ZOHO_MAX_CONCURRENT - 1, PAGES_AHEAD))
