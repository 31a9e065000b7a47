"""Money that moved, and corrections of stock."""

from __future__ import annotations

from tests.comparing import readers as read
from tests.comparing.columns import CURRENCY, FIELDS, IN_PLACE, PLACE, TIMES, Column, Rows, Table, columns, listed
from tests.comparing.documents import allocations

PAYMENT = [
    *columns(
        read.text,
        "description",
        number="payment_number",
        reference="reference_number",
        mode="payment_mode",
    ),
    *columns(read.day, "date"),
    *columns(read.word, "status"),
    *CURRENCY,
    *columns(read.number, "amount", "bank_charges", refunded="amount_refunded", tax_withheld="tax_amount_withheld"),
    *PLACE,
    *FIELDS,
    *TIMES,
]


PAYMENTS = (
    Table(
        "customerpayment",
        "payment_id",
        "commerce.customerpayment",
        [
            *PAYMENT,
            Column("customer__zoho_id", ("customer_id",), read.text),
            *columns(read.text, "customer_name", "account_name", account_zoho_id="account_id"),
            *columns(read.number, "unused_amount"),
        ],
        (
            allocations(
                "commerce.customerpaymentallocation",
                "payment",
                "invoice",
                "invoices",
                "invoice_payment_id",
                "amount_applied",
            ),
        ),
    ),
    Table(
        "vendorpayment",
        "payment_id",
        "commerce.vendorpayment",
        [
            *PAYMENT,
            Column("vendor__zoho_id", ("vendor_id",), read.text),
            *columns(
                read.text,
                "vendor_name",
                account_zoho_id="paid_through_account_id",
                account_name="paid_through_account_name",
            ),
            *columns(read.number, unused_amount="balance"),
        ],
        (
            allocations(
                "commerce.vendorpaymentallocation", "payment", "bill", "bills", "bill_payment_id", "amount_applied"
            ),
        ),
    ),
    Table(
        "inventoryadjustment",
        "inventory_adjustment_id",
        "commerce.inventoryadjustment",
        [
            *columns(read.text, "reason", "description", reference="reference_number", currency="currency_code"),
            *columns(read.word, "status", type="adjustment_type"),
            *columns(read.day, "date"),
            *columns(read.number, "total"),
            *IN_PLACE,
            *FIELDS,
            *TIMES,
        ],
        (
            Rows(
                "line",
                "commerce.inventoryadjustmentline",
                "document__zoho_id",
                [
                    Column("product__zoho_id", ("item_id",), read.text_or_none),
                    *columns(
                        read.text,
                        "description",
                        "unit",
                        zoho_id="line_item_id",
                        product_zoho_id="item_id",
                        product_name="name",
                        account_name="adjustment_account_name",
                    ),
                    *columns(read.number, "quantity_adjusted", "value_adjusted", "item_total"),
                    *IN_PLACE,
                ],
                listed("line_items"),
                ("line_items",),
            ),
        ),
    ),
)
