"""Waiting events without the way through HTTP."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import timedelta

from django.core.management import call_command
from django.db import ProgrammingError, connection
from django.db.models import Model
from django.utils import timezone

from benchmarks.items import item_body, item_id
from zoho_sync.entities import BY_MODULE, modified_at
from zoho_sync.inbox import read_body
from zoho_sync.models import InboxEvent, SyncQueueItem
from zoho_sync.queue import Work, enqueue

CHUNK = 1_000


def empty_tables() -> None:
    """Delete all rows of the benchmarks' own database, also of tables whose model was swapped for one of ours."""
    call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True, allow_cascade=True)


def store_events(first: int, count: int, *, with_jobs: bool = True) -> None:
    """Item webhooks `first` … as `receive` would have stored them, each of a record of its own and queued.

    In bulk, because receiving is not what is measured; with the statistics that a server keeps of filled tables.
    """
    item = BY_MODULE["item"]
    for start in range(first, first + count, CHUNK):
        numbers = range(start, min(start + CHUNK, first + count))
        InboxEvent.objects.bulk_create([_event(number) for number in numbers])
        if with_jobs:
            works = [Work(module=item.module, zoho_id=item_id(number), priority=item.priority) for number in numbers]
            enqueue(works, at=timezone.now())
    analyze(InboxEvent, SyncQueueItem)


def analyze(*models: type[Model]) -> None:
    """Tidy these tables and refresh what the planner knows of them.

    Only of filled ones: of a table that it knows to be empty PostgreSQL plans to read all rows, and a session
    that checks foreign keys keeps that plan while the table grows.
    """
    with connection.cursor() as cursor:
        for model in models:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"VACUUM ANALYZE {table}" if connection.vendor == "postgresql" else f"ANALYZE {table}")


def rest() -> None:
    """Have the server write to disk what was done so far, where it lets us ask: what comes would be slowed by that."""
    if connection.vendor == "postgresql":
        with suppress(ProgrammingError), connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")


def _event(number: int) -> InboxEvent:
    body = item_body(number)
    record = read_body(body, content_type="application/json", path="products")[0]
    return InboxEvent(
        received_at=timezone.now() - timedelta(seconds=1),
        path="products",
        module=record.module,
        zoho_id=record.zoho_id,
        modified_at=modified_at(BY_MODULE[record.module], record.payload),
        body=body,
        body_sha256=hashlib.sha256(body).hexdigest(),
        content_type="application/json",
        headers={"Content-Type": "application/json", "User-Agent": "ZohoBooks"},
        address="127.0.0.1",
        proof=InboxEvent.Proof.API_KEY,
    )
