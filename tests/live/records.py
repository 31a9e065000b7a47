"""Small records as Zoho sends them, and a hand that keeps a record to itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.utils import timezone

from zoho_sync import tasks
from zoho_sync.models import SyncQueueItem

Record = dict[str, Any]


def item(zoho_id: str, **keys: Any) -> Record:
    return {"item": {"item_id": zoho_id, "name": f"item {zoho_id}"} | keys}


def customer(zoho_id: str, **keys: Any) -> Record:
    return {"contact": {"contact_id": zoho_id, "contact_name": f"زبون {zoho_id}", "contact_type": "customer"} | keys}


def vendor(zoho_id: str, **keys: Any) -> Record:
    return customer(zoho_id, contact_name=f"مجهز {zoho_id}", contact_type="vendor", **keys)


def invoice(zoho_id: str, *, customer_id: str, **keys: Any) -> Record:
    return {"invoice": {"invoice_id": zoho_id, "invoice_number": f"INV-{zoho_id}", "customer_id": customer_id} | keys}


def bill(zoho_id: str, *, vendor_id: str, **keys: Any) -> Record:
    return {"bill": {"bill_id": zoho_id, "bill_number": f"B-{zoho_id}", "vendor_id": vendor_id} | keys}


@contextmanager
def held(module: str, zoho_id: str) -> Iterator[None]:
    """Another worker holds this record meanwhile: whatever arrives for it waits, and waits together."""
    now = timezone.now()
    job = SyncQueueItem.objects.create(
        module=module,
        zoho_id=zoho_id,
        status=SyncQueueItem.Status.PROCESSING,
        next_attempt_at=now,
        locked_by="elsewhere:0:0",
        lock_token=uuid.uuid4(),
        lock_expires_at=now + timedelta(hours=1),
    )
    try:
        yield
    finally:
        SyncQueueItem.objects.filter(pk=job.pk).update(
            status=SyncQueueItem.Status.COMPLETED, lock_token=None, lock_expires_at=None, finished_at=timezone.now()
        )
        tasks.sweep()
