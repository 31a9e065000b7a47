"""Everything the make-believe company has, in memory, and the one way to change it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from zoho_sandbox.clock import START, WorldClock, stamp
from zoho_sandbox.modules import BY_NAME, MODULES
from zoho_sandbox.wire import Record

FIRST_ID = 2646610000000105007
ID_STEP = 18


@dataclass
class Stored:
    """One record as its detail answer shows it, with its times (some modules do not show theirs)."""

    record: Record
    created: datetime
    modified: datetime


@dataclass
class Switches:
    """How this organisation and its API behave."""

    legacy_warehouses: bool = False
    """Warehouses instead of locations: an organisation has one or the other."""
    ignore_filters: bool = False
    """`filter_by`, `last_modified_time` and `sort_column` do nothing, without a word."""
    active_by_default: bool = False
    """Lists of items and contacts show active ones only unless `filter_by=Status.All` is sent."""
    documented_spellings: bool = False
    """Keys as in the documentation instead of the wire: purchase_order, customer_payments."""
    pricebook_detail_missing: bool = False
    """`/pricebooks/{id}` is undocumented and not there: prices come from Books' `/pricebooks/items` only."""
    empty_images: bool = False
    """The picture of an item without one is an empty answer of 200 instead of 404."""


@dataclass
class World:
    """The company's records by module and id. Hold `lock` for anything that reads or changes several."""

    random: Random
    clock: WorldClock = field(default_factory=WorldClock)
    switches: Switches = field(default_factory=Switches)
    lock: threading.RLock = field(default_factory=threading.RLock)
    tables: dict[str, dict[str, Stored]] = field(default_factory=lambda: {module.name: {} for module in MODULES})
    numbers: dict[str, int] = field(default_factory=dict)
    _ids: int = FIRST_ID

    def new_id(self) -> str:
        """19 digits, as Zoho gives them: always larger than the one before."""
        self._ids += ID_STEP
        return str(self._ids)

    def new_number(self, prefix: str) -> str:
        """`INV-000001`, counted per prefix."""
        self.numbers[prefix] = self.numbers.get(prefix, 0) + 1
        return f"{prefix}-{self.numbers[prefix]:06d}"

    def add(self, module: str, record: Record, *, created: datetime | None = None) -> Record:
        """Store a new record (replacing one of the same id), as of `created` or now."""
        moment = created or self.clock.advance()
        stored = Stored(record, moment, moment)
        if created is not None and created < START:
            # The past has its edits too: some time between then and the start.
            stored.modified = (created + (START - created) * self.random.random()).replace(microsecond=0)
        self._write_times(module, stored)
        self.tables[module][str(record[BY_NAME[module].id_key])] = stored
        return record

    def touch(self, module: str, zoho_id: str) -> Record:
        """Note a change: `last_modified_time` moves. KeyError when there is no such record."""
        stored = self.tables[module][zoho_id]
        stored.modified = self.clock.advance()
        self._write_times(module, stored)
        return stored.record

    def remove(self, module: str, zoho_id: str) -> Record:
        """Delete for good, as Zoho does. KeyError when there is no such record."""
        self.clock.advance()
        return self.tables[module].pop(zoho_id).record

    def get(self, module: str, zoho_id: str) -> Record | None:
        stored = self.tables[module].get(zoho_id)
        return stored.record if stored else None

    def records(self, module: str) -> Iterator[Record]:
        for stored in list(self.tables[module].values()):
            yield stored.record

    def past(self, days: int) -> datetime:
        """Some working-hours moment within the last `days` before the world's start."""
        day = START - timedelta(days=self.random.randint(1, days))
        return day.replace(hour=self.random.randint(9, 18), minute=self.random.randint(0, 59))

    @staticmethod
    def _write_times(module: str, stored: Stored) -> None:
        if BY_NAME[module].has_times:
            stored.record["created_time"] = stamp(stored.created)
            stored.record["last_modified_time"] = stamp(stored.modified)


def money(value: Decimal | float | int | str) -> Decimal:
    """Two decimals, as the API shows money."""
    return Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def stock(value: Decimal | float | int | str) -> Decimal:
    """Six decimals, as the API shows stock: 5.000000."""
    return Decimal(str(value)).quantize(Decimal("0.000001"))
