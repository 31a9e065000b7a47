"""Compare our tables with what a sandbox has in its books: what is missing, what is too much, what is different."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from django.apps import apps
from django.db.models import Sum

from tests.comparing.columns import WHOLE, Column, Rows, Table
from tests.comparing.goods import WHERE
from tests.comparing.tables import TABLES
from tests.live.sandbox import LiveSandbox
from zoho_sandbox.modules import BY_NAME
from zoho_sandbox.server import Sandbox

Record = Mapping[str, Any]
ALL_MODULES = tuple(dict.fromkeys(table.module for table in TABLES))
# Columns of ours that the comparer puts together from several.
TOGETHER = {"where": WHERE}
MOST_SHOWN = 60


class Keeps(Protocol):
    """Which records of a module our tables are meant to hold."""

    def __call__(self, record: Record, /) -> bool: ...


def differences(
    zoho: Sandbox | LiveSandbox,
    *modules: str,
    lists_only: Collection[str] = (),
    only: Mapping[str, Keeps] | None = None,
) -> list[str]:
    """Every difference between the sandbox's world and our tables, one line each with both sides' names.

    `modules` are all unless named. For those in `lists_only` nothing is compared that only details tell.
    `only` says per module which of its records we are meant to have; the others may be there or not.
    A record that Zoho has no more must be retired, with whatever it last was.
    """
    wanted = modules or ALL_MODULES
    world = {module: _world(zoho, module) for module in ALL_MODULES}
    ids = {module: {_id(module, record) for record in records} for module, records in world.items()}
    known = {zoho_id for one in ids.values() for zoho_id in one}
    found: list[str] = []
    for table in TABLES:
        if table.module in wanted:
            kept = (only or {}).get(table.module, lambda record: True)
            found += _Comparison(table, world[table.module], known, kept, table.module in lists_only)
    if "item" in wanted:
        found += _ledger()
    return found if len(found) <= MOST_SHOWN else [*found[:MOST_SHOWN], f"… and {len(found) - MOST_SHOWN} more"]


class _Comparison:
    """One table of ours beside the records of its module."""

    def __init__(
        self,
        table: Table,
        records: Sequence[Record],
        known: Collection[str],
        kept: Callable[[Record], bool],
        short: bool,
    ) -> None:
        self._table, self._known = table, known
        self._hidden = BY_NAME[table.module].detail_only if short else frozenset()
        self._records = {str(one[table.id_key]): one for one in records if table.belongs(one)}
        self._kept = {zoho_id for zoho_id, record in self._records.items() if kept(record)}

    def __iter__(self) -> Iterator[str]:
        columns = [one for one in self._table.columns if not self._hidden & set(one.keys)]
        ours = self._ours(columns)
        live = {zoho_id for zoho_id, row in ours.items() if row["retired_at"] is None}
        for zoho_id in sorted(self._kept - live):
            state = "retired here" if zoho_id in ours else "missing here"
            yield f"{self._name(zoho_id)} is in Zoho, and {state}"
        for zoho_id in sorted(live - self._records.keys()):
            yield f"{self._name(zoho_id)} is not in Zoho, and live here"
        both = sorted(self._kept & live)
        for zoho_id in both:
            yield from self._compare(self._name(zoho_id), columns, self._records[zoho_id], ours[zoho_id])
        for rows in self._table.rows:
            if not self._hidden & set(rows.keys):
                yield from self._compare_rows(rows, both)

    def _ours(self, columns: Sequence[Column]) -> dict[str, Record]:
        names = {name for column in columns for name in TOGETHER.get(column.ours, (column.ours,))}
        rows = apps.get_model(self._table.model)._default_manager.exclude(zoho_id=None)
        return {str(row["zoho_id"]): row for row in rows.values("zoho_id", "retired_at", *names)}

    def _compare_rows(self, rows: Rows, ids: Collection[str]) -> Iterator[str]:
        columns = [one for one in rows.columns if not self._hidden & set(one.keys)]
        ours: defaultdict[str, list[Record]] = defaultdict(list)
        held = apps.get_model(rows.model)._default_manager.order_by(*rows.order, "pk")
        for row in held.values(rows.parent, *(column.ours for column in columns)):
            ours[str(row[rows.parent])].append(row)
        for zoho_id in ids:
            name = f"{rows.name}s of {self._name(zoho_id)}"
            theirs = rows.find(self._records[zoho_id])
            mine = [row for row in ours[zoho_id] if rows.name != "stock level" or _is_stated(row)]
            if len(theirs) != len(mine):
                yield f"{name}: Zoho has {len(theirs)}, {rows.model} has {len(mine)}"
                continue
            for number, (their, my) in enumerate(zip(theirs, mine, strict=True), start=1):
                yield from self._compare(f"{name}, no. {number}", columns, their, my)

    def _compare(self, name: str, columns: Sequence[Column], theirs: Record, ours: Record) -> Iterator[str]:
        for column in columns:
            key = next((key for key in column.keys if theirs.get(key) not in (None, "", " ")), column.keys[0])
            expected = column.read(theirs if key == WHOLE else theirs.get(key))
            if column.ours in TOGETHER:
                have: Any = tuple(ours[part] for part in TOGETHER[column.ours])
            else:
                have = column.show(ours[column.ours])
            if column.ours.endswith("__zoho_id") and expected and expected not in self._known:
                continue  # what Zoho has no more may have been here, or not
            if have != expected:
                yield f"{name}: Zoho's {key} is {theirs.get(key, 'absent')!r}, our {column.ours} is {_shown(have)}"

    def _name(self, zoho_id: str) -> str:
        return f"{self._table.model} {zoho_id}"


def _world(zoho: Sandbox | LiveSandbox, module: str) -> list[Record]:
    """A module's records as Zoho has them now, in the words of locations."""
    if isinstance(zoho, Sandbox):
        records: list[Record] = [*zoho.control.records(module)]
    else:
        records = zoho.control("list", module=module)
    return [_with_locations(record) for record in records]


def _with_locations(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            f"location{key.removeprefix('warehouse')}" if key.startswith("warehouse") else key: _with_locations(entry)
            for key, entry in value.items()
        }
    return [_with_locations(entry) for entry in value] if isinstance(value, list) else value


def _id(module: str, record: Record) -> str:
    table = next(one for one in TABLES if one.module == module)
    return str(record[table.id_key])


def _is_stated(level: Record) -> bool:
    """A level whose figures are all unknown is one that Zoho states no more."""
    return any(value is not None for name, value in level.items() if name.startswith(("accounting", "physical")))


def _shown(value: Any) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else repr(value)


def _ledger() -> Iterator[str]:
    """Σ ledger = level, for every level and measure; an unknown figure counts as 0."""
    levels, entries = apps.get_model("catalog.stocklevel"), apps.get_model("catalog.stockledgerentry")
    sums: defaultdict[tuple[int, int, str], Decimal] = defaultdict(Decimal)
    for row in (
        entries._default_manager.values("product_id", "warehouse_id", "measure").annotate(total=Sum("delta")).order_by()
    ):
        sums[row["product_id"], row["warehouse_id"], row["measure"]] = row["total"]
    for level in levels._default_manager.values(
        "product_id", "warehouse_id", "accounting_on_hand", "physical_on_hand", "product__zoho_id"
    ):
        for measure in ("accounting", "physical"):
            total = sums.pop((level["product_id"], level["warehouse_id"], measure), Decimal())
            figure = level[f"{measure}_on_hand"] or Decimal()
            if total != figure:
                item = level["product__zoho_id"]
                yield f"stock of item {item}: the {measure} ledger adds up to {total}, the level is {figure}"
    for (product, warehouse, measure), total in sums.items():
        if total:
            yield f"product {product}, warehouse {warehouse}: a {measure} ledger of {total} without a level"
