"""How fast a whole list of items is pulled, at first and when nothing has changed; its memory, and its calls."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from typing import Any

from django.db import connection

from benchmarks.copying import Table, merge_seconds
from benchmarks.inbox import analyze, empty_tables, rest
from benchmarks.report import BenchmarkFailed, Figure, Report
from benchmarks.zoho import sandbox, work
from catalog.models import Product
from tsh_erp.events.models import StoredEvent
from zoho_sync.models import ZohoRecord

TABLES: tuple[Table, ...] = ((ZohoRecord, ("module", "zoho_id")), (Product, ("zoho_id",)), (StoredEvent, ()))
FEW_CONTACTS = 12
PER_PAGE, PRICE_LISTS = 200, 7
# One full pass, as the contract counts it: items, customers and vendors, price lists with their items, stock.
WHOLE_PASS = ("location", "item", "contact", "pricebook", "stock")


@dataclass
class _Found:
    """What each repetition found: items a second, and megabytes."""

    first: list[float] = field(default_factory=list)
    unchanged: list[float] = field(default_factory=list)
    merged: list[float] = field(default_factory=list)
    one_by_one: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    peaks_of_few: list[float] = field(default_factory=list)


def run(options: Namespace) -> Report:
    found = _Found()
    with sandbox(items=options.few, contacts=FEW_CONTACTS) as zoho:
        for _ in range(options.repeat):
            found.peaks_of_few.append(_load(zoho, options.few)["peak_mb"])
    with sandbox(items=options.items, contacts=FEW_CONTACTS) as zoho:
        for _ in range(options.repeat):
            _measure(zoho, options, found)
    with sandbox(items=options.real_items, contacts=options.real_contacts) as zoho:
        empty_tables()
        calls = _pull(zoho, *WHOLE_PASS)["calls"]
    return Report(
        name="pull",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.items:,} items by their list, in a fresh process each; get-and-save with {options.sample:,} "
        f"of them; calls for {options.real_items:,} items and {options.real_contacts:,} contacts",
        figures=_figures(options, found, calls),
    )


def _measure(zoho: Mapping[str, str], options: Namespace, found: _Found) -> None:
    """The peer, the first load, the unchanged list, and the limit, one after the other."""
    empty_tables()
    rest()
    peer = work(zoho, "save_one_by_one", options.sample)
    found.one_by_one.append(peer["rows"] / peer["seconds"])

    first = _load(zoho, options.items)
    found.first.append(options.items / first["seconds"])
    found.peaks.append(first["peak_mb"])

    analyze(*(model for model, _ in TABLES))
    rest()
    again = _pull(zoho, "item")
    if again["unchanged"] != options.items:
        raise BenchmarkFailed(f"of {options.items} items that did not change, {again['unchanged']} were found so")
    found.unchanged.append(options.items / again["seconds"])

    found.merged.append(options.items / merge_seconds(TABLES))
    _check(zoho, options.items)


def _load(zoho: Mapping[str, str], items: int) -> dict[str, Any]:
    """Pull into empty tables, and look whether everything has come."""
    empty_tables()
    rest()
    answer = _pull(zoho, "item")
    if answer["created"] != items:
        raise BenchmarkFailed(f"of {items} items, {answer['created']} were created")
    _check(zoho, items)
    return answer


def _pull(zoho: Mapping[str, str], *modules: str) -> dict[str, Any]:
    answer = work(zoho, "pull", *modules)
    if answer["failed"] or answer["errors"]:
        raise BenchmarkFailed(f"{answer['failed']} records failed: {answer['errors'][:3]}")
    return answer


def _check(zoho: Mapping[str, str], items: int) -> None:
    answer = work(zoho, "compare")
    if answer != {"listed": items, "different": 0}:
        raise BenchmarkFailed(f"of {items} items Zoho listed {answer['listed']}; {answer['different']} differ here")


def _figures(options: Namespace, found: _Found, calls: int) -> tuple[Figure, ...]:
    first, merged, one_by_one = median(found.first), median(found.merged), median(found.one_by_one)
    to_limit = median(ours / limit for ours, limit in zip(found.first, found.merged, strict=True))
    to_peer = median(ours / peer for ours, peer in zip(found.first, found.one_by_one, strict=True))
    growth = f"growth of peak memory from {options.few:,} to {options.items:,} items"
    return (
        Figure(key="first_load_per_second", label="first load, items a second", value=first, unit="/s", at_least=3_000),
        Figure(
            key="unchanged_per_second",
            label="nothing changed, items a second",
            value=median(found.unchanged),
            unit="/s",
            at_least=10_000,
        ),
        Figure(key="copy_merge_per_second", label="COPY and merge, items a second", value=merged, unit="/s"),
        Figure(key="ratio_to_copy_merge", label="first load / COPY and merge", value=to_limit, at_least=0.08),
        Figure(key="get_and_save_per_second", label="get and save, items a second", value=one_by_one, unit="/s"),
        Figure(key="ratio_to_get_and_save", label="first load / get and save", value=to_peer, at_least=5),
        Figure(
            key="peak_mb_growth",
            label=growth,
            value=median(found.peaks) - median(found.peaks_of_few),
            unit="MB",
            at_most=50,
        ),
        Figure(key="peak_mb", label="peak memory", value=median(found.peaks), unit="MB"),
        Figure(key="calls", label="calls of one full pass", value=float(calls), at_most=60),
        Figure(
            key="calls_one_by_one",
            label="calls of a client that asks for each item",
            value=float(_calls_one_by_one(options)),
        ),
    )


def _calls_one_by_one(options: Namespace) -> int:
    """The lists of items, contacts, price lists and warehouses; one call for each item and each price list."""
    lists = ceil(options.real_items / PER_PAGE) + ceil(options.real_contacts / PER_PAGE) + 2
    return lists + options.real_items + PRICE_LISTS
