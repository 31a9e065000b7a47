from __future__ import annotations

from commerce.lengths import LINE
from commerce.values import ZohoUserValues
from zoho_sync.mappers.parts import read_rows, read_word
from zoho_sync.mappers.record import Record


def map_user(record: Record) -> ZohoUserValues:
    """Zoho user → Zoho user. Pure. A detail tells the e-mail addresses as a list, of which one is selected."""
    return ZohoUserValues(
        zoho_id=record.identifier("user_id"),
        name=record.text("name", "", limit=LINE),
        email=record.text("email", "", limit=LINE) or _read_selected_email(record),
        role=record.text("user_role", "", limit=LINE),
        kind=read_word(record, "user_type"),
        status=read_word(record, "status"),
        zoho_created_at=record.moment("created_time"),
    )


def _read_selected_email(record: Record) -> str:
    addresses = read_rows(record, "email_ids") or []
    selected = [address for address in addresses if address.boolean("is_selected")]
    return next((address.text("email", "", limit=LINE) for address in selected or addresses), "")
