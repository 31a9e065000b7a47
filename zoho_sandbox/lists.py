"""Lists as Zoho gives them: filtered (or not, without a word), sorted, in pages, with a page_context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zoho_sandbox.clock import parse_stamp
from zoho_sandbox.modules import BOOKS, Module
from zoho_sandbox.wire import Record
from zoho_sandbox.world.state import Stored, World

MOST_PER_PAGE = 200
ACTIVE_BY_DEFAULT = frozenset({"item", "contact"})
UNPAID = frozenset({"sent", "overdue", "partially_paid", "open"})
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class BadParameter(ValueError):
    """A query parameter that Zoho refuses with 400 and code 2; the text is the parameter's name."""


@dataclass(frozen=True)
class Selection:
    """The rows that a query is about, sorted, before they are cut into pages."""

    rows: list[Stored]
    list_key: str
    report: str
    applied_filter: str
    sort_column: str
    sort_order: str

    def page(self, query: Mapping[str, str]) -> tuple[list[Stored], Record]:
        """The rows of the page that `query` asks for, and its page_context."""
        page = _positive(query, "page", 1)
        per_page = min(_positive(query, "per_page", MOST_PER_PAGE), MOST_PER_PAGE)
        first = (page - 1) * per_page
        context: Record = {
            "page": page,
            "per_page": per_page,
            "has_more_page": first + per_page < len(self.rows),
            "report_name": self.report,
            "applied_filter": self.applied_filter,
            "custom_fields": [],
            "sort_column": self.sort_column,
            "sort_order": self.sort_order,
        }
        return self.rows[first : first + per_page], context


def select(world: World, module: Module, api: str, query: Mapping[str, str]) -> Selection:
    """What the query's filters leave, in the order that it or the module asks for."""
    rows, applied_filter = _filtered(world, module, api, query)
    column, order = _sorting(world, module, query)
    rows.sort(key=lambda stored: _sort_key(stored, column), reverse=order == "D")
    return Selection(rows, _list_key(world, module, api), module.report, applied_filter, column, order)


def list_page(world: World, module: Module, api: str, query: Mapping[str, str]) -> Record:
    """The body of a list answer, without `code` and `message`."""
    selection = select(world, module, api, query)
    rows, context = selection.page(query)
    body: Record = {selection.list_key: [list_row(world, module, stored.record) for stored in rows]}
    return body | {"page_context": context} if module.has_page_context else body


def price_rows(world: World, query: Mapping[str, str]) -> Record:
    """Books' `/pricebooks/items`: what one price list says about items, all or those of `item_ids`, in pages."""
    book = world.get("pricebook", query.get("pricebook_id", ""))
    if book is None:
        raise BadParameter("pricebook_id")
    wanted = {part for part in query.get("item_ids", "").split(",") if part}
    rows = [row for row in book["pricebook_items"] if not wanted or row["item_id"] in wanted]
    page = _positive(query, "page", 1)
    per_page = min(_positive(query, "per_page", MOST_PER_PAGE), MOST_PER_PAGE)
    first = (page - 1) * per_page
    return {
        "pricebook_items": rows[first : first + per_page],
        "page_context": {"page": page, "per_page": per_page, "has_more_page": first + per_page < len(rows)},
    }


def list_row(world: World, module: Module, record: Record) -> Record:
    """A record as lists show it: without what only the detail has."""
    return _in_the_words_of(world, {key: value for key, value in record.items() if key not in module.detail_only})


def detail_row(world: World, module: Module, record: Record) -> Record:
    """A record as its own address, itemdetails and webhooks show it."""
    return _in_the_words_of(world, {key: value for key, value in record.items() if key not in module.list_only})


def detail_page(world: World, module: Module, record: Record) -> Record:
    """The body of a detail answer, without `code` and `message`; item groups come unwrapped."""
    row = detail_row(world, module, record)
    if module.unwrapped and not world.switches.documented_spellings:
        return row
    documented = world.switches.documented_spellings and module.name == "purchaseorder"
    return {"purchase_order" if documented else module.detail_key: row}


# --- inside -----------------------------------------------------------------------------------------


def _filtered(world: World, module: Module, api: str, query: Mapping[str, str]) -> tuple[list[Stored], str]:
    rows, switches = list(world.tables[module.name].values()), world.switches
    since = query.get("last_modified_time", "")
    if switches.ignore_filters:
        return rows, "Status.All"
    if since and api in module.modified_filter:
        try:
            moment = parse_stamp(since)
        except ValueError as error:
            raise BadParameter("last_modified_time") from error
        rows = [stored for stored in rows if stored.modified >= moment]
    wanted = query.get("filter_by", "")
    if not wanted and switches.active_by_default and module.name in ACTIVE_BY_DEFAULT:
        wanted = "Status.Active"
    kind, _, word = wanted.partition(".")
    value = CAMEL.sub("_", word).lower()
    if kind == "ItemType" and module.name == "item" and value != "all":
        return [stored for stored in rows if stored.record["item_type"] == value], wanted
    if kind != "Status" or value == "all":
        return rows, "Status.All"
    statuses = UNPAID if value == "unpaid" else {value}
    return [stored for stored in rows if str(stored.record.get("status", "")).lower() in statuses], wanted


def _sorting(world: World, module: Module, query: Mapping[str, str]) -> tuple[str, str]:
    column, order = module.sorted_by
    wanted = query.get("sort_column", "")
    if wanted in module.sort_columns and not world.switches.ignore_filters:
        column, order = wanted, "A"
        if query.get("sort_order") in ("A", "D"):
            order = query["sort_order"]
    return column, order


def _sort_key(stored: Stored, column: str) -> tuple[int, Any]:
    if column == "last_modified_time":
        return 0, stored.modified.timestamp()
    if column == "created_time":
        return 0, stored.created.timestamp()
    value = stored.record.get(column, "")
    return (0, value) if isinstance(value, int | Decimal) else (1, str(value))


def _list_key(world: World, module: Module, api: str) -> str:
    if world.switches.documented_spellings and api == BOOKS and module.name == "customerpayment":
        return "customer_payments"
    return "warehouses" if module.name == "location" and world.switches.legacy_warehouses else module.list_key


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise BadParameter(name)
    return int(text)


def _in_the_words_of(world: World, record: Record) -> Record:
    return _with_warehouses(record) if world.switches.legacy_warehouses else record


def _with_warehouses(value: Any) -> Any:
    """The same with every `location…` key called `warehouse…`, as before Zoho had locations."""
    if isinstance(value, dict):
        return {
            f"warehouse{key.removeprefix('location')}" if key.startswith("location") else key: _with_warehouses(entry)
            for key, entry in value.items()
        }
    return [_with_warehouses(entry) for entry in value] if isinstance(value, list) else value
