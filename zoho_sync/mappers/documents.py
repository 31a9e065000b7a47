"""What all Zoho documents share: the head, its figures exactly as sent, and the lines. Pure.

The functions answer the arguments of the values classes; a document's own mapper adds the rest.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

from commerce.lengths import LINE, PRODUCT, SHORT, WORD
from commerce.values import LineValues
from zoho_sync.mappers.custom_fields import read_custom_fields
from zoho_sync.mappers.parts import (
    read_address,
    read_first_money,
    read_payment_terms,
    read_place,
    read_rows,
    read_word,
)
from zoho_sync.mappers.record import Record

L = TypeVar("L", bound=LineValues)


def read_head(record: Record, *, id_key: str, number_key: str) -> dict[str, Any]:
    """Arguments of `DocumentValues`. Totals are taken verbatim; what Zoho does not say stays unknown."""
    return {
        "zoho_id": record.identifier(id_key),
        "number": record.text(number_key, "", limit=SHORT),
        "reference": record.text("reference_number", "", limit=LINE),
        "date": record.date("date"),
        "status": read_word(record, "status"),
        **read_money(record),
        "payment_terms": read_payment_terms(record),
        "payment_terms_label": record.text("payment_terms_label", "", limit=SHORT),
        "notes": record.text("notes", ""),
        "terms": record.text("terms", ""),
        "billing_address": read_address(record, "billing_address"),
        "shipping_address": read_address(record, "shipping_address"),
        **read_place(record),
        "custom_fields": read_custom_fields(record),
        "zoho_created_at": record.moment("created_time"),
        "zoho_modified_at": record.moment("last_modified_time") or record.moment("updated_time"),
        "is_complete": read_rows(record, "line_items") is not None,
    }


def read_money(record: Record) -> dict[str, Any]:
    """The figures of the head, in the document's currency."""
    return {
        **read_currency(record),
        "sub_total": record.money("sub_total"),
        "discount": record.text("discount", "", limit=WORD),
        "discount_amount": read_discount_amount(record),
        "discount_type": read_word(record, "discount_type"),
        "is_discount_before_tax": record.boolean("is_discount_before_tax"),
        "is_inclusive_tax": record.boolean("is_inclusive_tax"),
        "tax_total": record.money("tax_total"),
        "taxes": [
            {"name": tax.text("tax_name", ""), "amount": tax.text("tax_amount", "")}
            for tax in read_rows(record, "taxes") or []
        ],
        "shipping_charge": record.money("shipping_charge"),
        "adjustment": record.money("adjustment"),
        "adjustment_description": record.text("adjustment_description", "", limit=LINE),
        "rounding": record.money("roundoff_value"),
        "total": record.money("total"),
        "balance": record.money("balance"),
    }


def read_currency(record: Record) -> dict[str, Any]:
    return {
        "currency": record.text("currency_code", "", limit=10).strip(),
        "currency_zoho_id": record.identifier("currency_id", ""),
        "exchange_rate": record.rate("exchange_rate"),
    }


def read_discount_amount(record: Record) -> Decimal | None:
    """What was taken off; `discount` itself holds an amount or a percentage such as "20.00%"."""
    amount = read_first_money(record, "discount_amount", "discount_total")
    if amount is None and not str(record.raw("discount", "")).strip().endswith("%"):
        return record.money("discount")
    return amount


def read_customer(record: Record) -> dict[str, Any]:
    """Arguments of `SalesDocumentValues`: whose document it is, and who sold."""
    return {
        "customer_zoho_id": record.identifier("customer_id"),
        "customer_name": record.text("customer_name", "", limit=LINE),
        "salesperson_zoho_id": record.identifier("salesperson_id", ""),
        "salesperson_name": record.text("salesperson_name", "", limit=LINE),
    }


def read_vendor(record: Record) -> dict[str, Any]:
    """Arguments of `PurchaseDocumentValues`."""
    return {
        "vendor_zoho_id": record.identifier("vendor_id"),
        "vendor_name": record.text("vendor_name", "", limit=LINE),
    }


def read_lines(record: Record, values: type[L], *quantities: str) -> tuple[L, ...] | None:
    """The lines in Zoho's order, or None when Zoho did not send them; `quantities` are keys of more quantities."""
    rows = read_rows(record, "line_items")
    if rows is None:
        return None
    return tuple(values(**_read_line(row) | {key: row.quantity(key) for key in quantities}) for row in rows)


def _read_line(row: Record) -> dict[str, Any]:
    return {
        "zoho_id": row.identifier("line_item_id", ""),
        "product_zoho_id": row.identifier("item_id", ""),
        "product_name": row.text("name", "", limit=PRODUCT),
        "sku": row.text("sku", "", limit=LINE),
        "description": row.text("description", ""),
        "unit": row.text("unit", "", limit=SHORT),
        "quantity": row.quantity("quantity"),
        # Purchase orders call the price `purchase_rate` in the documentation, `rate` on the wire.
        "rate": read_first_money(row, "rate", "purchase_rate"),
        "discount": row.text("discount", "", limit=WORD),
        "discount_amount": read_discount_amount(row),
        "tax_zoho_id": row.identifier("tax_id", ""),
        "tax_name": row.text("tax_name", "", limit=LINE),
        "tax_percentage": row.rate("tax_percentage"),
        "item_total": row.money("item_total"),
        **read_place(row),
    }
