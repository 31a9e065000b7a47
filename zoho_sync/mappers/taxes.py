from __future__ import annotations

from commerce.lengths import LINE
from commerce.values import TaxValues
from zoho_sync.mappers.parts import read_word
from zoho_sync.mappers.record import Record


def map_tax(record: Record) -> TaxValues:
    """Zoho tax or tax group → tax. Pure. Both stand in one list; `tax_type` "Tax group" tells a group."""
    return TaxValues(
        zoho_id=record.identifier("tax_id"),
        name=record.text("tax_name", "", limit=LINE),
        percentage=record.rate("tax_percentage"),
        type=read_word(record, "tax_type"),
        specific_type=read_word(record, "tax_specific_type"),
        factor=read_word(record, "tax_factor"),
        authority_name=record.text("tax_authority_name", "", limit=LINE),
        is_value_added=record.boolean("is_value_added"),
        is_default=bool(record.boolean("is_default_tax")),
        is_active=record.choice("status", {"active": True, "inactive": False}, default=True),
    )
