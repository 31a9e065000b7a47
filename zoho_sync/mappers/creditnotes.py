from __future__ import annotations

from commerce.values import CreditNoteValues, LineValues
from zoho_sync.mappers.allocations import read_invoice_allocations
from zoho_sync.mappers.documents import read_customer, read_head, read_lines
from zoho_sync.mappers.record import Record


def map_creditnote(record: Record) -> CreditNoteValues:
    """Zoho credit note → credit note. Pure. The invoices it was applied to stand under either of two keys."""
    return CreditNoteValues(
        **read_head(record, id_key="creditnote_id", number_key="creditnote_number"),
        **read_customer(record),
        credits_used=record.money("total_credits_used"),
        refunded=record.money("total_refunded_amount"),
        lines=read_lines(record, LineValues),
        allocations=read_invoice_allocations(record, "invoices_credited", "invoices"),
    )
