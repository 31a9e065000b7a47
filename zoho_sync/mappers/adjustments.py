from __future__ import annotations

from commerce.lengths import LINE, PRODUCT, SHORT
from commerce.values import AdjustmentLineValues, AdjustmentValues
from zoho_sync.mappers.custom_fields import read_custom_fields
from zoho_sync.mappers.parts import read_place, read_rows, read_word
from zoho_sync.mappers.record import Record

TYPES = {"quantity": "quantity", "value": "value"}


def map_adjustment(record: Record) -> AdjustmentValues:
    """Zoho inventory adjustment → inventory adjustment. Pure. Amounts are in the base currency."""
    rows = read_rows(record, "line_items")
    return AdjustmentValues(
        zoho_id=record.identifier("inventory_adjustment_id"),
        date=record.date("date"),
        reference=record.text("reference_number", "", limit=LINE),
        type=record.choice("adjustment_type", TYPES, default=""),
        status=read_word(record, "status"),
        reason=record.text("reason", "", limit=LINE),
        description=record.text("description", ""),
        currency=record.text("currency_code", "", limit=10).strip(),
        total=record.money("total"),
        **read_place(record),
        custom_fields=read_custom_fields(record),
        zoho_created_at=record.moment("created_time"),
        zoho_modified_at=record.moment("last_modified_time"),
        lines=None if rows is None else tuple(map(_read_line, rows)),
    )


def _read_line(row: Record) -> AdjustmentLineValues:
    return AdjustmentLineValues(
        zoho_id=row.identifier("line_item_id", ""),
        product_zoho_id=row.identifier("item_id", ""),
        product_name=row.text("name", "", limit=PRODUCT),
        description=row.text("description", ""),
        unit=row.text("unit", "", limit=SHORT),
        quantity_adjusted=row.quantity("quantity_adjusted"),
        value_adjusted=row.money("value_adjusted"),
        item_total=row.money("item_total"),
        account_name=row.text("adjustment_account_name", "", limit=LINE),
        **read_place(row),
    )
