"""Warehouses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from django.db import transaction

from catalog.choices import Subject
from catalog.models import Warehouse
from catalog.services.events import saved_events
from catalog.services.freshness import touch
from catalog.services.retirement import retire_and_touch
from catalog.values import WarehouseValues
from tsh_erp.common.upsert import Saved, upsert
from tsh_erp.events.publish import publish

OWNED = tuple(column.name for column in fields(WarehouseValues) if column.name != "zoho_id")


@transaction.atomic(savepoint=False)
def save_warehouses(values: Sequence[WarehouseValues], *, at: datetime) -> Saved:
    """Insert or update warehouses by Zoho id; also those first heard of through a product's stock."""
    rows = {
        row.zoho_id: Warehouse(zoho_id=row.zoho_id, **{name: getattr(row, name) for name in OWNED}) for row in values
    }
    upserted = upsert(Warehouse, rows.values(), fields=OWNED)
    publish(saved_events("warehouse", upserted), at=at)
    if upserted.created or upserted.changed:
        touch(Subject.WAREHOUSES, at=at)
    return upserted.saved


def retire_warehouses(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark warehouses as gone in Zoho; their stock levels stay as last stated."""
    return retire_and_touch(Warehouse, zoho_ids, at=at, subject="warehouse", freshness=Subject.WAREHOUSES)
