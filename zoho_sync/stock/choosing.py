"""Which items are read: all that keep stock, or those of which a list row or their age says that we are behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from catalog.models import Product, StockLevel
from catalog.models.figures import FIGURES
from catalog.models.products import ProductQuerySet
from zoho_sync.entities import modified_at
from zoho_sync.errors import MappingError
from zoho_sync.mappers.items import read_totals
from zoho_sync.mappers.record import Record
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.stock.fetching import ITEM
from zoho_sync.stock.naming import MODULE

HERE = (ZohoRecord.State.PRESENT, ZohoRecord.State.INACTIVE)
KEYS_AT_ONCE = 1_000
ON_HAND = ("accounting_on_hand", "physical_on_hand")
# A move between two warehouses leaves all totals as they are: an item that was not read for so long is read again.
READ_AGAIN_AFTER = timedelta(hours=24)
READ_AGAIN_AT_ONCE = 100

Figures = Mapping[str, Decimal | None]


@dataclass(frozen=True)
class Options:
    """What a run leaves out, from its `options`."""

    active_only: bool = False
    with_stock_only: bool = False

    @classmethod
    def of(cls, run: SyncRun) -> Options:
        return cls(bool(run.options.get("active_only")), bool(run.options.get("with_stock_only")))


@dataclass(frozen=True)
class Wanted:
    """An item to read; `row` is what the list said of it, if it was a list that named it."""

    zoho_id: str
    row: Observation | None = None


@dataclass(frozen=True)
class Compared:
    """What became of a page of list rows: those to read, and how many of the others are to be counted as what."""

    wanted: Sequence[Wanted]
    counts: Mapping[str, int]


def tracked_items(options: Options, *, after: str = "") -> Iterator[str]:
    """The Zoho ids of products whose stock Zoho keeps, in key order, a thousand to a query."""
    products = _kept(options)
    while ids := list(
        products.filter(zoho_id__gt=after).order_by("zoho_id").values_list("zoho_id", flat=True)[:KEYS_AT_ONCE]
    ):
        yield from (str(zoho_id) for zoho_id in ids)
        after = str(ids[-1])


def count_tracked(options: Options) -> int:
    return _kept(options).count()


def outdated_items(options: Options, *, at: datetime) -> list[str]:
    """The items that were not read for a day, the longest first, as many as one call can bring."""
    rows = ZohoRecord.objects.present().filter(module=MODULE, detail_at__lt=at - READ_AGAIN_AFTER)
    rows = rows.filter(zoho_id__in=_kept(options).values("zoho_id")).order_by("detail_at", "zoho_id")
    return list(rows.values_list("zoho_id", flat=True)[:READ_AGAIN_AT_ONCE])


def _kept(options: Options) -> ProductQuerySet:
    products = Product.objects.tracked().filter(zoho_id__isnull=False)
    if options.active_only:
        products = products.filter(is_active=True)
    return products.holding_stock() if options.with_stock_only else products


def compare(
    rows: Mapping[str, Mapping[str, Any]],
    options: Options,
    *,
    asked_at: datetime,
    again: Collection[str] = (),
    done_since: datetime | None = None,
) -> Compared:
    """Find the items of a list page that must be read. Three queries, without a lock: the apply looks again.

    An item is read when it is new, was never read or has changed since; when a total that the row states is not
    the one we know; and when what lies in its warehouses does not add up to the total we know although a list was
    seen since it was read; and when it is among those to be read `again`. A row that states no stock is of an item
    that keeps none. What is as we know it counts as unchanged, or as created or updated if that was done since
    `done_since`, when a run that is taken up again had begun.
    """
    held = {row.zoho_id: row for row in ZohoRecord.objects.of(MODULE, list(rows)).with_sightings().defer("payload")}
    known = {row.pop("zoho_id"): row for row in Product.objects.filter(zoho_id__in=rows).values("zoho_id", *FIGURES)}
    levels = StockLevel.objects.figures_of(rows)
    wanted: list[Wanted] = []
    counts: Counter[str] = Counter()
    for zoho_id, row in rows.items():
        item = _Item(row, held.get(zoho_id), known.get(zoho_id, {}), levels.get(zoho_id, []))
        if item.is_left_out(options):
            counts["skipped"] += 1
        elif item.must_be_read or zoho_id in again:
            wanted.append(Wanted(zoho_id, _observe(zoho_id, row, asked_at)))
        else:
            counts[item.what_was_done(done_since)] += 1
    return Compared(wanted, counts)


@dataclass
class _Item:
    """A list row beside what we hold of its item: mirror row, totals, and the figures of each warehouse."""

    row: Mapping[str, Any]
    held: ZohoRecord | None
    totals: Figures
    levels: Sequence[Figures]

    def __post_init__(self) -> None:
        self.stated: Figures = {}
        self.is_nonsense = False
        try:
            self.stated = read_totals(Record(self.row))
        except MappingError:
            self.is_nonsense = True

    def is_left_out(self, options: Options) -> bool:
        if not self.stated and not self.is_nonsense:
            return True
        if options.active_only and str(self.row.get("status", "")).strip().casefold() == "inactive":
            return True
        holds = any(figures.get(name) for figures in (self.stated, self.totals, *self.levels) for name in ON_HAND)
        return options.with_stock_only and not holds and not self.is_nonsense

    @property
    def must_be_read(self) -> bool:
        held = self.held
        if held is None or held.state not in HERE or held.detail_at is None or held.detail_stale or self.is_nonsense:
            return True
        if any(self.totals.get(name) != figure for name, figure in self.stated.items()):
            return True
        return held.last_observed_at > held.detail_at and not self._adds_up

    def what_was_done(self, since: datetime | None) -> str:
        if self.held is None or since is None or self.held.updated_at < since:
            return "unchanged"
        return "created" if self.held.created_at >= since else "updated"

    @property
    def _adds_up(self) -> bool:
        for name in FIGURES:
            parts = [figure for level in self.levels if (figure := level[name]) is not None]
            total = self.totals.get(name)
            if total is not None and (parts or total) and sum(parts) != total:
                return False
        return True


def _observe(zoho_id: str, row: Mapping[str, Any], asked_at: datetime) -> Observation | None:
    """The row, to be taken with the detail; None when its time is nonsense, which the detail will tell as well."""
    try:
        moment = modified_at(ITEM, row)
    except MappingError:
        return None
    return Observation(zoho_id=zoho_id, kind=Kind.LIST, payload=row, modified_at=moment, observed_at=asked_at)
