from __future__ import annotations

from commerce.values import LineValues, VendorCreditValues
from zoho_sync.mappers.allocations import read_bill_allocations
from zoho_sync.mappers.documents import read_head, read_lines, read_vendor
from zoho_sync.mappers.record import Record


def map_vendorcredit(record: Record) -> VendorCreditValues:
    """Zoho vendor credit → vendor credit. Pure. The bills it was applied to stand under either of two keys."""
    return VendorCreditValues(
        **read_head(record, id_key="vendor_credit_id", number_key="vendor_credit_number"),
        **read_vendor(record),
        credits_used=record.money("total_credits_used"),
        refunded=record.money("total_refunded_amount"),
        lines=read_lines(record, LineValues),
        allocations=read_bill_allocations(record, "bills_credited", "bills"),
    )
