"""How a table is written down: which of our columns holds which of Zoho's keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.comparing import readers as read

Reader = Callable[[Any], Any]
WHOLE = "*"
"""In place of a key: the reader is given the whole record."""


@dataclass(frozen=True)
class Column:
    """One of our columns, the keys of Zoho's it may come from (the first that is filled), and what the value means."""

    ours: str
    keys: tuple[str, ...]
    read: Reader
    show: Reader = lambda value: value
    """Our value in the reader's terms, where the column stores it otherwise."""


@dataclass(frozen=True)
class Rows:
    """Rows below a record, in Zoho's order. `parent` is our path to the record's Zoho id."""

    name: str
    model: str
    parent: str
    columns: Sequence[Column]
    find: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]]
    keys: tuple[str, ...]
    order: tuple[str, ...] = ("position",)


@dataclass(frozen=True)
class Table:
    """One of our tables for a module. `belongs` says which of the module's records it holds."""

    module: str
    id_key: str
    model: str
    columns: Sequence[Column]
    rows: Sequence[Rows] = ()
    belongs: Callable[[Mapping[str, Any]], bool] = lambda record: True


def columns(
    reader: Reader, /, *names: str, show: Reader = lambda value: value, **renamed: str | tuple[str, ...]
) -> list[Column]:
    """Columns of one reader: `names` are called the same on both sides, `renamed` maps ours to Zoho's."""
    same = [Column(name, (name,), reader, show) for name in names]
    return same + [
        Column(ours, (keys,) if isinstance(keys, str) else keys, reader, show) for ours, keys in renamed.items()
    ]


def listed(key: str) -> Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    return lambda record: record.get(key) or []


TIMES = columns(read.moment, zoho_created_at="created_time", zoho_modified_at="last_modified_time")
PLACE = columns(read.text, warehouse_zoho_id="location_id", warehouse_name="location_name")
IN_PLACE = [Column("warehouse__zoho_id", ("location_id",), read.text_or_none), *PLACE]
FIELDS = columns(
    read.custom_fields,
    "custom_fields",
    show=lambda rows: [(row["api_name"], read.text(row["value"])) for row in rows],
)
CURRENCY = [
    *columns(read.text, currency="currency_code", currency_zoho_id="currency_id"),
    *columns(read.number, "exchange_rate"),
]
