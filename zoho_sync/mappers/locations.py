"""Zoho locations (formerly warehouses) → warehouses."""

from __future__ import annotations

from catalog.values import WarehouseValues
from zoho_sync.mappers.items import STATUSES
from zoho_sync.mappers.record import Record


def map_location(record: Record) -> WarehouseValues:
    """Zoho location or legacy warehouse → warehouse. Pure. An organisation has one or the other: `location_*` with a
    nested address, or `warehouse_*` with the address beside it."""
    prefix = "location_" if record.has("location_id") else "warehouse_"
    place = (record.record("address") if isinstance(record.raw("address"), dict) else None) or record
    is_nested = place is not record
    return WarehouseValues(
        zoho_id=record.identifier(f"{prefix}id"),
        name=record.text(f"{prefix}name", "", limit=300),
        kind=record.text("type", "", limit=100),
        parent_zoho_id=record.identifier("parent_location_id", ""),
        is_active=record.choice("status", STATUSES, True),
        is_primary=record.boolean("is_primary"),
        attention=place.text("attention", "", limit=300),
        street=place.text("street_address1" if is_nested else _street_key(record), "", limit=500),
        street2=place.text("street_address2" if is_nested else "address2", "", limit=500),
        city=place.text("city", "", limit=200),
        state=place.text("state", "", limit=200),
        postal_code=place.text("zip", "", limit=50),
        country=place.text("country", "", limit=200),
        phone=record.text("phone", "", limit=100),
        email=record.text("email", "", limit=300),
    )


def _street_key(record: Record) -> str:
    return "address1" if record.has("address1") else "address"
