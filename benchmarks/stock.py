"""How fast the stock of all items is read: every level new, then nothing changed; and in how many calls."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from statistics import median
from typing import Any

from django.db import connection

from benchmarks.inbox import analyze, empty_tables, rest
from benchmarks.report import BenchmarkFailed, Figure, Report
from benchmarks.zoho import sandbox, work
from catalog.models import Product, StockLedgerEntry, StockLevel
from zoho_sync.audit import audit
from zoho_sync.models import ZohoRecord

FEW_CONTACTS = 12
PLACES = 3


def run(options: Namespace) -> Report:
    first, unchanged, peaks, calls, kept = [], [], [], 0, 0
    with sandbox(items=options.items, contacts=FEW_CONTACTS) as zoho:
        for _ in range(options.repeat):
            empty_tables()
            work(zoho, "pull", "location", "item")
            kept = Product.objects.tracked().count()
            rest()
            loaded = _read(zoho, "created", 0)
            first.append(kept / loaded["seconds"])
            peaks.append(loaded["peak_mb"])
            calls = loaded["calls"]
            _check(kept)
            analyze(ZohoRecord, Product, StockLevel, StockLedgerEntry)
            rest()
            unchanged.append(kept / _read(zoho, "unchanged", kept)["seconds"])
    return Report(
        name="stock",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{kept:,} of {options.items:,} items keep stock in {PLACES} warehouses each; their list was read",
        figures=(
            Figure(key="per_second", label="every level new, items a second", value=median(first), unit="/s"),
            Figure(
                key="unchanged_per_second", label="nothing changed, items a second", value=median(unchanged), unit="/s"
            ),
            Figure(key="peak_mb", label="peak memory", value=median(peaks), unit="MB"),
            Figure(key="calls", label="calls", value=float(calls)),
            Figure(key="calls_one_by_one", label="calls of a client that asks for each item", value=float(kept)),
        ),
    )


def _read(zoho: Mapping[str, str], outcome: str, expected: int) -> dict[str, Any]:
    """A full stock run in a process of its own."""
    answer = work(zoho, "pull", "stock")
    if answer["failed"] or answer["errors"] or answer[outcome] != expected:
        raise BenchmarkFailed(f"{answer[outcome]} instead of {expected} items {outcome}: {answer['errors'][:3]}")
    return answer


def _check(kept: int) -> None:
    if StockLevel.objects.count() != kept * PLACES:
        raise BenchmarkFailed(f"{kept} items in {PLACES} warehouses made {StockLevel.objects.count()} levels")
    if broken := [check.name for check in audit() if not check.holds]:
        raise BenchmarkFailed(f"does not hold: {', '.join(broken)}")
