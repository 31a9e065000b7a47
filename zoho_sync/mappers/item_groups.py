"""Zoho item groups → item groups."""

from __future__ import annotations

from catalog.values import AttributeValues, ItemGroupValues, OptionValues
from zoho_sync.mappers.custom_fields import read_custom_fields
from zoho_sync.mappers.items import DESCRIPTION_LIMIT, OPTIONS, PRODUCT_TYPES, STATUSES
from zoho_sync.mappers.record import Record


def map_item_group(record: Record) -> ItemGroupValues:
    """Zoho item group → item group. Pure. Attributes come with their options in `attributes` (detail), or only
    as `attribute_id1`, `attribute_name1` … (list); None when neither is there."""
    return ItemGroupValues(
        zoho_id=record.identifier("group_id"),
        name=record.text("group_name", limit=500),
        description=record.text("description", "", limit=DESCRIPTION_LIMIT),
        product_type=record.choice("product_type", PRODUCT_TYPES, ""),
        brand=record.text("brand", "", limit=200),
        manufacturer=record.text("manufacturer", "", limit=200),
        unit=record.text("unit", "", limit=100),
        tax_zoho_id=record.identifier("tax_id", ""),
        tax_name=record.text("tax_name", "", limit=200),
        tax_percentage=record.rate("tax_percentage"),
        is_active=record.choice("status", STATUSES, True),
        custom_fields=read_custom_fields(record),
        image_name=record.text("image_name", "", limit=300),
        image_document_id=record.identifier("image_document_id", ""),
        attributes=_attributes(record),
    )


def _attributes(record: Record) -> tuple[AttributeValues, ...] | None:
    if record.has("attributes"):
        return tuple(
            AttributeValues(
                name=row.text("name", "", limit=200),
                zoho_id=row.identifier("id", ""),
                options=tuple(
                    OptionValues(name=option.text("name", "", limit=200), zoho_id=option.identifier("id", ""))
                    for option in row.records("options")
                ),
            )
            for row in record.records("attributes")
        )
    named = [number for number in OPTIONS if record.has(f"attribute_name{number}")]
    if not named:
        return None
    return tuple(
        AttributeValues(
            name=record.text(f"attribute_name{number}", limit=200),
            zoho_id=record.identifier(f"attribute_id{number}", ""),
        )
        for number in named
    )
