"""Zoho categories → categories."""

from __future__ import annotations

from catalog.values import CategoryValues
from zoho_sync.mappers.items import ROOT_CATEGORY, STATUSES
from zoho_sync.mappers.record import Record


def map_category(record: Record) -> CategoryValues:
    """Zoho category → category. Pure. The tree's root, id "-1", is marked as such; its children have no parent."""
    zoho_id = record.identifier("category_id")
    parent = record.identifier("parent_category_id", "")
    return CategoryValues(
        zoho_id=zoho_id,
        name=record.text("name" if record.has("name") else "category_name", limit=500),
        parent_zoho_id="" if parent == ROOT_CATEGORY else parent,
        is_active=record.choice("status", STATUSES, True),
        is_root=zoho_id == ROOT_CATEGORY,
    )
