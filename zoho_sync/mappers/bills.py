from __future__ import annotations

from commerce.values import BillValues, LineValues
from zoho_sync.mappers.documents import read_head, read_lines, read_vendor
from zoho_sync.mappers.parts import read_link
from zoho_sync.mappers.record import Record


def map_bill(record: Record) -> BillValues:
    """Zoho bill → bill. Pure."""
    return BillValues(
        **read_head(record, id_key="bill_id", number_key="bill_number"),
        **read_vendor(record),
        due_date=record.date("due_date"),
        payments_applied=record.money("payment_made"),
        credits_applied=record.money("vendor_credits_applied"),
        tax_withheld=record.money("tax_amount_withheld"),
        write_off=record.money("write_off_amount"),
        **read_link(
            record,
            "purchase_order",
            id_key="purchaseorder_id",
            number_key="purchaseorder_number",
            list_key="purchaseorders",
        ),
        lines=read_lines(record, LineValues),
    )
