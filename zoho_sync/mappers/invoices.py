from __future__ import annotations

from commerce.values import InvoiceValues, LineValues
from zoho_sync.mappers.documents import read_customer, read_head, read_lines
from zoho_sync.mappers.parts import read_link
from zoho_sync.mappers.record import Record


def map_invoice(record: Record) -> InvoiceValues:
    """Zoho invoice → invoice. Pure."""
    return InvoiceValues(
        **read_head(record, id_key="invoice_id", number_key="invoice_number"),
        **read_customer(record),
        due_date=record.date("due_date"),
        payment_expected_date=record.date("payment_expected_date"),
        last_payment_date=record.date("last_payment_date"),
        payments_applied=record.money("payment_made"),
        credits_applied=record.money("credits_applied"),
        tax_withheld=record.money("tax_amount_withheld"),
        write_off=record.money("write_off_amount"),
        **read_link(
            record, "sales_order", id_key="salesorder_id", number_key="salesorder_number", list_key="salesorders"
        ),
        lines=read_lines(record, LineValues),
    )
