"""How payments and credits were spread over documents, row by row as Zoho lists them. Pure."""

from __future__ import annotations

from typing import Any

from commerce.values import BillAllocationValues, InvoiceAllocationValues
from zoho_sync.mappers.parts import read_first_money, read_rows
from zoho_sync.mappers.record import Record

AMOUNTS = ("amount_applied", "credited_amount", "amount")
IDS = (
    "invoice_payment_id",
    "bill_payment_id",
    "creditnote_invoice_id",
    "vendor_credit_bill_id",
)


def read_invoice_allocations(record: Record, *keys: str) -> tuple[InvoiceAllocationValues, ...] | None:
    """The allocations under the first of `keys` that is there; None when Zoho sent none of them."""
    rows = _find_rows(record, "invoice_id", keys)
    return (
        None
        if rows is None
        else tuple(
            InvoiceAllocationValues(invoice_zoho_id=row.identifier("invoice_id"), **_read_allocation(row))
            for row in rows
        )
    )


def read_bill_allocations(record: Record, *keys: str) -> tuple[BillAllocationValues, ...] | None:
    """The allocations under the first of `keys` that is there; None when Zoho sent none of them."""
    rows = _find_rows(record, "bill_id", keys)
    return (
        None
        if rows is None
        else tuple(
            BillAllocationValues(bill_zoho_id=row.identifier("bill_id"), **_read_allocation(row)) for row in rows
        )
    )


def _find_rows(record: Record, id_key: str, keys: tuple[str, ...]) -> tuple[Record, ...] | None:
    """Rows without a document are money not applied, which the head tells as unused."""
    found = next((rows for key in keys if (rows := read_rows(record, key)) is not None), None)
    return None if found is None else tuple(row for row in found if row.has(id_key))


def _read_allocation(row: Record) -> dict[str, Any]:
    return {
        "zoho_id": next((found for key in IDS if (found := row.identifier(key, ""))), ""),
        "amount": read_first_money(row, *AMOUNTS),
        "tax_withheld": row.money("tax_amount_withheld"),
        # `date` is the document's own date in payments, so only the unmistakable key is read.
        "date": row.date("credited_date"),
    }
