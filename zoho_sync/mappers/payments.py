from __future__ import annotations

from typing import Any

from commerce.lengths import LINE, SHORT
from commerce.values import CustomerPaymentValues, VendorPaymentValues
from zoho_sync.mappers.allocations import read_bill_allocations, read_invoice_allocations
from zoho_sync.mappers.custom_fields import read_custom_fields
from zoho_sync.mappers.documents import read_currency
from zoho_sync.mappers.parts import read_first_money, read_first_text, read_place, read_word
from zoho_sync.mappers.record import Record


def map_customer_payment(record: Record) -> CustomerPaymentValues:
    """Zoho customer payment → customer payment. Pure. List rows do not tell the invoices it was applied to."""
    return CustomerPaymentValues(
        **_read_payment(record),
        customer_zoho_id=record.identifier("customer_id"),
        customer_name=record.text("customer_name", "", limit=LINE),
        unused_amount=record.money("unused_amount"),
        refunded=record.money("amount_refunded"),
        bank_charges=record.money("bank_charges"),
        account_zoho_id=record.identifier("account_id", ""),
        account_name=record.text("account_name", "", limit=LINE),
        allocations=read_invoice_allocations(record, "invoices"),
    )


def map_vendor_payment(record: Record) -> VendorPaymentValues:
    """Zoho vendor payment → vendor payment. Pure. What is not applied to bills is its `balance`."""
    return VendorPaymentValues(
        **_read_payment(record),
        vendor_zoho_id=record.identifier("vendor_id"),
        vendor_name=record.text("vendor_name", "", limit=LINE),
        unused_amount=read_first_money(record, "balance", "unused_amount"),
        refunded=record.money("amount_refunded"),
        bank_charges=record.money("bank_charges"),
        account_zoho_id=record.identifier("paid_through_account_id", ""),
        account_name=record.text("paid_through_account_name", "", limit=LINE),
        allocations=read_bill_allocations(record, "bills"),
    )


def _read_payment(record: Record) -> dict[str, Any]:
    return {
        "zoho_id": record.identifier("payment_id"),
        "number": record.text("payment_number", "", limit=SHORT),
        "reference": record.text("reference_number", "", limit=LINE),
        "date": record.date("date"),
        "mode": record.text("payment_mode", "", limit=SHORT),
        "status": read_word(record, "status"),
        "description": read_first_text(record, "description", "comments", limit=10_000),
        **read_currency(record),
        "amount": record.money("amount"),
        "tax_withheld": record.money("tax_amount_withheld"),
        **read_place(record),
        "custom_fields": read_custom_fields(record),
        "zoho_created_at": record.moment("created_time"),
        "zoho_modified_at": record.moment("last_modified_time"),
    }
