"""How fast the mirror is mapped anew, when nothing comes of it and when every row changes, beside one row at a time."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.inbox import analyze, empty_tables
from benchmarks.items import item_body
from benchmarks.report import BenchmarkFailed, Figure, Report
from catalog.models import Product
from catalog.services.freshness import touched_last
from zoho_sync import remap, runs
from zoho_sync.apply import apply_records
from zoho_sync.entities import BY_MODULE
from zoho_sync.mappers.record import Record
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import SyncRun, ZohoRecord

FILL_BATCH = 200
PEER_SHARE = 10  # the peer is measured on this part of the rows, for it is slow and its rate is steady


def run(options: Namespace) -> Report:
    if options.items < PEER_SHARE:
        raise BenchmarkFailed(f"--items: at least {PEER_SHARE}")
    empty_tables()
    _fill(options.items)
    analyze(ZohoRecord, Product)
    unchanged, changed, singly, calls = [], [], [], 0
    for turn in range(options.repeat):
        seconds, done = _remap()
        _expect(done, unchanged=options.items)
        unchanged.append(options.items / seconds)
        with _renaming(f" · {turn}"):
            seconds, done = _remap()
            _expect(done, updated=options.items)
            changed.append(options.items / seconds)
        singly.append(_get_and_save_rate(options.items // PEER_SHARE, f" · {turn} singly"))
        calls += done.calls
        _remap()  # back to the names that Zoho gives, for the next turn
    ratios = [one / other for one, other in zip(changed, singly, strict=True)]
    return Report(
        name="remap",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.items:,} mirrored items with stock, batches of {remap.BATCH_SIZE}, one process",
        figures=[
            Figure(key="per_second", label="records a second, none changes", value=median(unchanged), unit="/s"),
            Figure(key="changed_per_second", label="records a second, all change", value=median(changed), unit="/s"),
            Figure(
                key="get_and_save_per_second",
                label="records a second, all change, get and save one by one",
                value=median(singly),
                unit="/s",
            ),
            Figure(key="ratio_to_get_and_save", label="all change / get and save", value=median(ratios)),
            Figure(key="calls", label="API calls", value=float(calls), at_most=0),
        ],
    )


def _fill(items: int) -> None:
    entity = BY_MODULE["item"]
    for first in range(1, items + 1, FILL_BATCH):
        at = timezone.now()
        records = [
            json.loads(item_body(number), parse_float=Decimal)["item"]
            for number in range(first, min(first + FILL_BATCH, items + 1))
        ]
        observations = [
            Observation(zoho_id=record["item_id"], kind=Kind.DETAIL, payload=record, observed_at=at)
            for record in records
        ]
        with transaction.atomic(), touched_last():
            apply_records(entity, observations, at=at)
    if Product.objects.count() != items:
        raise BenchmarkFailed(f"{items} items were to be mirrored, {Product.objects.count()} were")


def _remap() -> tuple[float, SyncRun]:
    opened = runs.open_run(SyncRun.Kind.REMAP, "item", mode=SyncRun.Mode.FULL, trigger=SyncRun.Trigger.COMMAND)
    taken = runs.take(opened.pk)
    started = time.monotonic()
    remap.perform(taken)
    return time.monotonic() - started, taken


def _expect(done: SyncRun, *, updated: int = 0, unchanged: int = 0) -> None:
    if (done.status, done.updated, done.unchanged) != (SyncRun.Status.COMPLETED, updated, unchanged):
        raise BenchmarkFailed(f"{done.status}: {done.updated} changed, {done.unchanged} did not. {done.error}")


@contextmanager
def _renaming(suffix: str) -> Iterator[None]:
    """A changed mapper: every product's name ends otherwise."""
    before = BY_MODULE["item"]
    mapper: Callable[[Record], Any] = before.map

    def rename(record: Record) -> Any:
        values = mapper(record)
        return replace(values, name=values.name + suffix)

    BY_MODULE["item"] = replace(before, map=rename)
    try:
        yield
    finally:
        BY_MODULE["item"] = before


def _get_and_save_rate(items: int, suffix: str) -> float:
    """What a loop does: read a record, map it, get its product, save it."""
    entity = BY_MODULE["item"]
    ids = list(ZohoRecord.objects.order_by("zoho_id").values_list("zoho_id", flat=True)[:items])
    started = time.monotonic()
    for zoho_id in ids:
        values = entity.map(Record(ZohoRecord.objects.get(module="item", zoho_id=zoho_id).payload))
        product = Product.objects.get(zoho_id=values.zoho_id)
        product.name, product.sku, product.base_price = values.name + suffix, values.sku, values.base_price
        product.save()
    return items / (time.monotonic() - started)
