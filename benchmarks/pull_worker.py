"""One measurement of `pull` in a process of its own: `python -m benchmarks.pull_worker COMMAND …`, answered as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import django


def pull(*modules: str) -> dict[str, Any]:
    """Read these modules' whole lists, and with "stock" the stock of all items; what that took and brought."""
    from django.db.models import Sum

    from zoho_sync import bulk, runs, stock
    from zoho_sync.entities import BY_MODULE
    from zoho_sync.models import SyncRun

    counted = ("calls", "seen", "created", "updated", "unchanged", "failed")
    last = SyncRun.objects.order_by("id").values_list("id", flat=True).last() or 0
    started = time.monotonic()
    for module in modules:
        if module == "stock":
            run = runs.open_run(
                SyncRun.Kind.STOCK, "item", mode=SyncRun.Mode.FULL, trigger=SyncRun.Trigger.COMMAND, options={}
            )
            stock.perform(runs.take(run.pk))
        else:
            bulk.pull(BY_MODULE[module], mode=SyncRun.Mode.FULL)
    seconds = time.monotonic() - started
    done = SyncRun.objects.filter(id__gt=last)
    sums = done.aggregate(**{name: Sum(name) for name in counted})
    errors = list(done.exclude(error="").values_list("error", flat=True))
    return {**sums, "errors": errors, "seconds": seconds, "peak_mb": _peak_mb()}


def compare() -> dict[str, Any]:
    """How many items Zoho lists, and how many of them our tables do not show as it does."""
    from catalog.models import Product
    from tsh_erp.events.models import StoredEvent
    from zoho_sync.client import configured_client
    from zoho_sync.entities import BY_MODULE
    from zoho_sync.mappers.items import map_item
    from zoho_sync.mappers.record import Record
    from zoho_sync.models import ZohoRecord

    item, listed, different = BY_MODULE["item"], 0, 0
    for page in configured_client().pages(item):
        told = {zoho_id: {key: row[key] for key in row.keys() - item.detail_only} for zoho_id, row in page.rows.items()}
        held = dict(ZohoRecord.objects.of(item.module, list(told)).values_list("zoho_id", "payload"))
        products = Product.objects.filter(zoho_id__in=told)
        shown = {
            zoho_id: facts for zoho_id, *facts in products.values_list("zoho_id", "name", "base_price", "is_active")
        }
        for zoho_id, row in told.items():
            values = map_item(Record(row))
            wanted = [values.name, values.base_price, values.is_active]
            different += held.get(zoho_id) != row or shown.get(zoho_id) != wanted
        listed += len(told)
    events = StoredEvent.objects.filter(type="catalog.product.created")
    for rows in (ZohoRecord.objects.all(), Product.objects.all(), events):
        different += abs(rows.count() - listed)
    return {"listed": listed, "different": different}


def save_one_by_one(count: str) -> dict[str, Any]:
    """The peer: for each of `count` list rows, already fetched, get what is stored and save it, with its event."""
    from django.db import transaction
    from django.utils import timezone

    from zoho_sync.client import configured_client
    from zoho_sync.entities import BY_MODULE, modified_at

    item, asked_at = BY_MODULE["item"], timezone.now()
    listed = (row for page in configured_client().pages(item) for row in page.rows.items())
    rows = list(islice(listed, int(count)))
    started = time.monotonic()
    for zoho_id, row in rows:
        with transaction.atomic():
            _save_record(zoho_id, row, modified_at=modified_at(item, row), observed_at=asked_at)
            _save_product(zoho_id, row)
    return {"rows": len(rows), "seconds": time.monotonic() - started}


def _save_record(zoho_id: str, row: Any, **times: Any) -> None:
    from zoho_sync.mirror import payload_hash
    from zoho_sync.models import ZohoRecord

    try:
        record = ZohoRecord.objects.get(module="item", zoho_id=zoho_id)
    except ZohoRecord.DoesNotExist:
        record = ZohoRecord(module="item", zoho_id=zoho_id)
    record.payload, record.hash = row, payload_hash(row)
    record.list_hash, record.modified_at, record.observed_at = record.hash, times["modified_at"], times["observed_at"]
    record.save()


def _save_product(zoho_id: str, row: Any) -> None:
    from django.utils import timezone

    from catalog.models import Category, ItemGroup, Product
    from catalog.models.figures import FIGURES
    from tsh_erp.events.models import StoredEvent
    from zoho_sync.mappers.items import map_item
    from zoho_sync.mappers.record import Record

    values = map_item(Record(row))
    try:
        product = Product.objects.get(zoho_id=zoho_id)
    except Product.DoesNotExist:
        product = Product(zoho_id=zoho_id)
    for name in set(Product.ZOHO_OWNED_FIELDS) - {"category", "item_group", *FIGURES}:
        setattr(product, name, getattr(values, name))
    for name in FIGURES:
        setattr(product, name, getattr(values.totals, name))
    product.category = Category.objects.filter(zoho_id=values.category_zoho_id).first()
    product.item_group = ItemGroup.objects.filter(zoho_id=values.item_group_zoho_id).first()
    product.save()
    StoredEvent.objects.create(
        type="catalog.product.created",
        aggregate=f"catalog.product:{product.pk}",
        data={"zoho_id": zoho_id},
        occurred_at=timezone.now(),
    )


def _peak_mb() -> float:
    """The most resident memory that this program ever had, in MB (Linux).

    Unlike `getrusage`, which counts what the parent had before this program was started in its stead.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1_000_000


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "pull": pull,
    "compare": compare,
    "save_one_by_one": save_one_by_one,
}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])), flush=True)
