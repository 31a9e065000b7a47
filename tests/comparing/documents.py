"""What invoices, orders, bills and credits have in common, and each of them."""

from __future__ import annotations

from tests.comparing import readers as read
from tests.comparing.columns import CURRENCY, FIELDS, IN_PLACE, TIMES, Column, Rows, Table, columns, listed

HEAD = [
    *columns(
        read.text, "payment_terms_label", "notes", "terms", "adjustment_description", reference="reference_number"
    ),
    *columns(read.word, "status", "discount_type"),
    *columns(read.day, "date"),
    *CURRENCY,
    *columns(
        read.number,
        "sub_total",
        "tax_total",
        "shipping_charge",
        "adjustment",
        "total",
        "balance",
        "payment_terms",
        rounding="roundoff_value",
        discount_amount=("discount_amount", "discount_total"),
    ),
    *columns(read.discount, "discount", show=read.discount),
    *columns(read.flag, "is_discount_before_tax", "is_inclusive_tax"),
    *columns(read.taxes, "taxes", show=lambda rows: [(row["name"], read.number(row["amount"])) for row in rows]),
    *columns(read.address, "billing_address", "shipping_address"),
    *IN_PLACE,
    *FIELDS,
    *TIMES,
]
SALE = [
    *HEAD,
    Column("customer__zoho_id", ("customer_id",), read.text),
    Column("salesperson__zoho_id", ("salesperson_id",), read.text_or_none),
    *columns(read.text, "customer_name", "salesperson_name", salesperson_zoho_id="salesperson_id"),
]
PURCHASE = [*HEAD, Column("vendor__zoho_id", ("vendor_id",), read.text), *columns(read.text, "vendor_name")]
LINE = [
    Column("product__zoho_id", ("item_id",), read.text_or_none),
    *columns(
        read.text,
        "sku",
        "description",
        "unit",
        "tax_name",
        zoho_id="line_item_id",
        product_zoho_id="item_id",
        product_name="name",
        tax_zoho_id="tax_id",
    ),
    *columns(
        read.number, "quantity", "discount_amount", "tax_percentage", "item_total", rate=("rate", "purchase_rate")
    ),
    *columns(read.discount, "discount", show=read.discount),
    *IN_PLACE,
]


def lines(model: str, *quantities: str) -> Rows:
    more = columns(read.number, *quantities)
    return Rows("line", model, "document__zoho_id", [*LINE, *more], listed("line_items"), ("line_items",))


def allocations(model: str, parent: str, target: str, key: str, row_id: str, amount: str) -> Rows:
    """Money or credit put on documents of `target`, listed under `key`."""
    shown = [
        Column(f"{target}__zoho_id", (f"{target}_id",), read.text),
        *columns(read.text, zoho_id=row_id),
        *columns(read.number, amount=amount, tax_withheld="tax_amount_withheld"),
    ]
    return Rows("allocation", model, f"{parent}__zoho_id", shown, listed(key), (key,))


DOCUMENTS = (
    Table(
        "salesorder",
        "salesorder_id",
        "commerce.salesorder",
        [
            *SALE,
            *columns(read.text, "delivery_method", "sales_channel", number="salesorder_number"),
            *columns(read.day, "shipment_date"),
            *columns(read.word, "order_status", "invoiced_status", "paid_status", "shipped_status"),
        ],
        (
            lines(
                "commerce.salesorderline",
                "quantity_invoiced",
                "quantity_packed",
                "quantity_shipped",
                "quantity_cancelled",
            ),
        ),
    ),
    Table(
        "purchaseorder",
        "purchaseorder_id",
        "commerce.purchaseorder",
        [
            *PURCHASE,
            *columns(
                read.text,
                "attention",
                number="purchaseorder_number",
                delivery_method=("ship_via", "delivery_method"),
                sales_order_zoho_id="salesorder_id",
            ),
            *columns(read.day, "delivery_date", "expected_delivery_date"),
            *columns(read.word, "order_status", "received_status", "billed_status"),
        ],
        (lines("commerce.purchaseorderline", "quantity_received", "quantity_billed", "quantity_cancelled"),),
    ),
    Table(
        "invoice",
        "invoice_id",
        "commerce.invoice",
        [
            *SALE,
            *columns(
                read.text,
                number="invoice_number",
                sales_order_zoho_id="salesorder_id",
                sales_order_name="salesorder_number",
            ),
            Column("sales_order__zoho_id", ("salesorder_id",), read.text_or_none),
            *columns(read.day, "due_date", "payment_expected_date", "last_payment_date"),
            *columns(
                read.number,
                "credits_applied",
                payments_applied="payment_made",
                tax_withheld="tax_amount_withheld",
                write_off="write_off_amount",
            ),
        ],
        (lines("commerce.invoiceline"),),
    ),
    Table(
        "bill",
        "bill_id",
        "commerce.bill",
        [
            *PURCHASE,
            *columns(read.text, number="bill_number", purchase_order_zoho_id="purchaseorder_id"),
            Column("purchase_order__zoho_id", ("purchaseorder_id",), read.text_or_none),
            *columns(read.day, "due_date"),
            *columns(
                read.number,
                payments_applied="payment_made",
                credits_applied="vendor_credits_applied",
                tax_withheld="tax_amount_withheld",
                write_off="write_off_amount",
            ),
        ],
        (lines("commerce.billline"),),
    ),
    Table(
        "creditnote",
        "creditnote_id",
        "commerce.creditnote",
        [
            *SALE,
            *columns(read.text, number="creditnote_number"),
            *columns(read.number, credits_used="total_credits_used", refunded="total_refunded_amount"),
        ],
        (
            lines("commerce.creditnoteline"),
            allocations(
                "commerce.creditnoteallocation", "credit_note", "invoice", "invoices", "creditnote_invoice_id", "amount"
            ),
        ),
    ),
    Table(
        "vendorcredit",
        "vendor_credit_id",
        "commerce.vendorcredit",
        [
            *PURCHASE,
            *columns(read.text, number="vendor_credit_number"),
            *columns(read.number, credits_used="total_credits_used", refunded="total_refunded_amount"),
        ],
        (
            lines("commerce.vendorcreditline"),
            allocations(
                "commerce.vendorcreditallocation", "vendor_credit", "bill", "bills", "vendor_credit_bill_id", "amount"
            ),
        ),
    ),
)
