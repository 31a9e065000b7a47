"""The list of one pull: which pages are read in which order, and what is left to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from zoho_sync.client import Client, Page, Payload
from zoho_sync.entities import Entity
from zoho_sync.errors import MappingError
from zoho_sync.mappers.record import Record
from zoho_sync.models import SyncRun, ZohoRecord

# What a list row says of an item's stock: accounting stock first, where it is there.
STOCK_KEYS = ("stock_on_hand", "available_stock", "actual_available_stock")
# Pages in memory, beside the one that is applied.
MOST_AHEAD = 4


@dataclass(frozen=True)
class Listing:
    """How the run's list is read, as it stands when the run begins or is taken up again."""

    entity: Entity
    run: SyncRun

    def pages(self, zoho: Client) -> AbstractContextManager[Iterator[Page]]:
        """The pages that are still to be read; left early, what was asked for ahead is dropped."""
        since = self.run.since
        ends_early = since is not None and self.entity.sorts_by_modified
        return closing(
            zoho.pages(
                self.entity,
                newest_first=ends_early,
                oldest_first=since is None,
                modified_since=since if self.is_filtered else None,
                # The last page again: what was deleted in Zoho meanwhile has moved others onto it.
                first_page=max(1, self.page),
                known=self.run.checkpoint.get("last", ()),
                expected=self.run.expected,
                # Where the list is left as soon as it gets old, the next page is asked for only when it is needed.
                at_once=1 if ends_early else _pages_at_once(),
            )
        )

    @property
    def is_filtered(self) -> bool:
        """Whether only what changed is asked for, of the API that can filter: not always the module's own."""
        does_without = bool(self.run.checkpoint.get("unfiltered"))
        return self.run.since is not None and bool(self.entity.filters_modified) and not does_without

    def do_without_filter(self) -> bool:
        """Read the whole list from the module's own API instead; whether there was anything to do without."""
        if not self.is_filtered or self.entity.filters_modified == self.entity.api:
            return False
        self.run.checkpoint = {**self.run.checkpoint, "unfiltered": True, "page": 0, "last": []}
        return True

    @property
    def page(self) -> int:
        """The last page that was applied; 0 for none."""
        return int(self.run.checkpoint.get("page", 0))

    def step_back(self) -> None:
        """Go on a page earlier: nothing of the last page is where it was."""
        self.run.checkpoint = {**self.run.checkpoint, "page": self.page - 1}

    def expect(self) -> int | None:
        """How many rows there will be: about as many as we know. None where only a few of them are asked for."""
        if self.run.since is not None and (self.entity.sorts_by_modified or self.entity.filters_modified):
            return None
        return ZohoRecord.objects.present().filter(module=self.entity.module).count() or None

    def is_too_old(self, moment: datetime | None) -> bool:
        """Whether nobody asked for a record of this time, though Zoho lists it."""
        since = self.run.since
        if since is None or moment is None or moment >= since:
            return False
        # A whole list is read where nothing else is possible; it may tell of what moved without its time.
        is_asked_for = self.run.mode == SyncRun.Mode.SINCE
        return is_asked_for or self.entity.sorts_by_modified or bool(self.entity.filters_modified)

    def leaves_out(self, row: Payload) -> bool:
        """Whether the run's options leave the record out."""
        options = self.run.options
        if options.get("active_only") and str(row.get("status", "")).strip().casefold() == "inactive":
            return True
        return bool(options.get("with_stock_only")) and self.entity.module == "item" and not _is_in_stock(row)

    @property
    def is_complete(self) -> bool:
        """Whether every record that Zoho has was to be listed and taken, and is."""
        asked_for_all = self.run.mode == SyncRun.Mode.FULL and self.run.since is None
        left_out = self.run.options.get("active_only") or self.run.options.get("with_stock_only")
        return asked_for_all and not left_out and not self.run.checkpoint.get("incomplete")


def _pages_at_once() -> int:
    """Concurrent page requests: one slot is left to what is more urgent."""
    if connection.in_atomic_block:
        return 1  # threads have connections of their own, which do not see what this transaction has done
    return max(1, min(settings.ZOHO_MAX_CONCURRENT - 1, MOST_AHEAD))


def _is_in_stock(row: Payload) -> bool:
    """Whether the totals of an item's list row are above zero; what cannot be read is for the mapper to refuse."""
    record = Record(row)
    try:
        stock = next((found for key in STOCK_KEYS if (found := record.quantity(key)) is not None), None)
    except MappingError:
        return True
    return stock is not None and stock > 0
