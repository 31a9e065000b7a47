"""What the rows of several resources have in common."""

from __future__ import annotations

from tsh_erp.rest.filters import MirroredFilter
from tsh_erp.rest.resources import Row

MIRRORED = ("id", "zoho_id", "retired_at", "created_at", "updated_at")
WAREHOUSE = ("warehouse", "warehouse_name")
SINCE = ["gte", "lt"]

DOCUMENT = (
    *MIRRORED,
    *("number", "reference", "date", "status", "voided_at", "currency", "exchange_rate"),
    *("sub_total", "discount_amount", "tax_total", "shipping_charge", "adjustment", "rounding", "total", "balance"),
    *WAREHOUSE,
)
DOCUMENT_DETAIL = (
    *("discount", "discount_type", "is_discount_before_tax", "is_inclusive_tax", "taxes", "adjustment_description"),
    *("payment_terms", "payment_terms_label", "notes", "terms", "billing_address", "shipping_address"),
    *("custom_fields", "lines"),
)
SALE = (*DOCUMENT, "customer", "customer_name", "salesperson", "salesperson_name")
PURCHASE = (*DOCUMENT, "vendor", "vendor_name")
LINE = (
    *("id", "position", "product", "product_name", "sku", "description", "unit", "quantity", "rate", "discount"),
    *("discount_amount", "tax_name", "tax_percentage", "item_total", *WAREHOUSE),
)
ALLOCATION = ("id", "position", "amount", "tax_withheld", "date")

# What tells what things cost to buy, on documents of vendors and on their lines.
DOCUMENT_MONEY = (
    *("sub_total", "discount", "discount_amount", "tax_total", "taxes", "shipping_charge", "adjustment", "rounding"),
    *("total", "balance", "payments_applied", "credits_applied", "tax_withheld", "write_off", "credits_used"),
    "refunded",
)
LINE_MONEY = ("rate", "discount", "discount_amount", "item_total")
DOCUMENT_FILTERS = {
    **{name: ["exact"] for name in ("number", "status", "currency", "warehouse")},
    "date": ["exact", *SINCE],
    "updated_at": SINCE,
}


class PurchaseLine(Row):
    """A line of a document of a vendor."""

    costs = LINE_MONEY


class PurchaseRow(Row):
    """A document of a vendor."""

    costs = DOCUMENT_MONEY


class DocumentFilter(MirroredFilter):
    """By number, state, currency, place and time."""
