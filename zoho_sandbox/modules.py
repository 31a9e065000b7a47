"""What Zoho's API offers, one row per kind of record: addresses, keys, what lists leave out (api.md §3, §4).

The keys of a list row are the record's keys without `detail_only`; those of a detail are without `list_only`.
"""

from __future__ import annotations

from dataclasses import dataclass

INVENTORY, BOOKS = "inventory", "books"
BOTH = frozenset({INVENTORY, BOOKS})
NEITHER: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Module:
    """One kind of record. `modified_filter` names the APIs that honour `last_modified_time`; others ignore it."""

    name: str
    path: str
    list_key: str
    detail_key: str
    id_key: str
    report: str
    apis: frozenset[str] = BOTH
    detail_only: frozenset[str] = NEITHER
    list_only: frozenset[str] = NEITHER
    sorted_by: tuple[str, str] = ("created_time", "D")
    sort_columns: frozenset[str] = frozenset({"created_time"})
    modified_filter: frozenset[str] = NEITHER
    has_page_context: bool = True
    has_times: bool = True
    has_detail: bool = True
    unwrapped: bool = False
    webhook: tuple[str, str] | None = None
    """Path below /api/zoho/webhooks/ and root key of the default payload."""


DOCUMENT_DETAIL = frozenset(
    {
        "payment_terms",
        "payment_terms_label",
        "contact_persons_associated",
        "discount",
        "discount_amount",
        "discount_total",
        "is_discount_before_tax",
        "discount_type",
        "is_inclusive_tax",
        "line_items",
        "adjustment_description",
        "sub_total",
        "tax_total",
        "taxes",
        "tax_amount_withheld",
        "price_precision",
        "billing_address",
        "shipping_address",
        "notes",
        "terms",
        "template_id",
        "template_name",
        "custom_field_hash",
    }
)

MODULES = (
    Module(
        name="item",
        path="items",
        list_key="items",
        detail_key="item",
        id_key="item_id",
        report="Items",
        detail_only=frozenset(
            {
                "locations",
                "warehouses",
                "package_details",
                "custom_field_hash",
                "sales_channels",
                "item_tax_preferences",
                "account_name",
                "purchase_account_name",
                "inventory_account_name",
                "preferred_vendors",
            }
        ),
        sorted_by=("name", "A"),
        sort_columns=frozenset(
            {
                "name",
                "sku",
                "rate",
                "purchase_rate",
                "created_time",
                "last_modified_time",
                "reorder_level",
                "stock_on_hand",
            }
        ),
        modified_filter=frozenset({INVENTORY}),
        webhook=("products", "item"),
    ),
    Module(
        name="itemgroup",
        path="itemgroups",
        list_key="itemgroups",
        detail_key="item_group",
        id_key="group_id",
        report="Item Groups",
        detail_only=frozenset({"attributes", "options"}),
        unwrapped=True,
    ),
    Module(
        name="category",
        path="categories",
        list_key="categories",
        detail_key="category",
        id_key="category_id",
        report="Categories",
        apis=frozenset({INVENTORY}),
        has_times=False,
    ),
    Module(
        name="location",
        path="locations",
        list_key="locations",
        detail_key="location",
        id_key="location_id",
        report="Locations",
        has_page_context=False,
        has_times=False,
    ),
    Module(
        name="pricebook",
        path="pricebooks",
        list_key="pricebooks",
        detail_key="pricebook",
        id_key="pricebook_id",
        report="Price Lists",
        detail_only=frozenset({"pricebook_items"}),
        webhook=("prices", "pricebook"),
    ),
    Module(
        name="contact",
        path="contacts",
        list_key="contacts",
        detail_key="contact",
        id_key="contact_id",
        report="Contacts",
        detail_only=frozenset(
            {
                "billing_address",
                "shipping_address",
                "addresses",
                "contact_persons",
                "primary_contact_id",
                "opening_balances",
                "default_templates",
                "notes",
                "credit_limit",
                "pricebook_id",
                "pricebook_name",
                "price_precision",
                "owner_id",
                "owner_name",
                "custom_field_hash",
                "outstanding_receivable_amount_bcy",
                "outstanding_payable_amount_bcy",
                "unused_credits_receivable_amount_bcy",
                "unused_credits_payable_amount_bcy",
            }
        ),
        sorted_by=("contact_name", "A"),
        sort_columns=frozenset({"contact_name", "email", "created_time", "last_modified_time"}),
        webhook=("customers", "contact"),
    ),
    Module(
        name="salesorder",
        path="salesorders",
        list_key="salesorders",
        detail_key="salesorder",
        id_key="salesorder_id",
        report="Sales Orders",
        detail_only=DOCUMENT_DETAIL | {"shipping_charge", "adjustment", "exchange_rate", "invoices", "packages"},
        list_only=frozenset({"quantity", "quantity_invoiced", "quantity_shipped", "bcy_total"}),
        sort_columns=frozenset(
            {"customer_name", "salesorder_number", "date", "total", "created_time", "last_modified_time"}
        ),
        modified_filter=frozenset({BOOKS}),
        webhook=("orders", "salesorder"),
    ),
    Module(
        name="invoice",
        path="invoices",
        list_key="invoices",
        detail_key="invoice",
        id_key="invoice_id",
        report="Invoices",
        detail_only=DOCUMENT_DETAIL | {"payment_made", "credits_applied", "salesorder_id", "salesorder_number"},
        sort_columns=frozenset(
            {"customer_name", "invoice_number", "date", "due_date", "total", "balance", "created_time"}
        ),
        modified_filter=frozenset({BOOKS}),
        webhook=("invoices", "invoice"),
    ),
    Module(
        name="creditnote",
        path="creditnotes",
        list_key="creditnotes",
        detail_key="creditnote",
        id_key="creditnote_id",
        report="Credit Notes",
        detail_only=DOCUMENT_DETAIL | {"invoices", "exchange_rate", "location_id", "location_name", "adjustment"},
        sort_columns=frozenset({"customer_name", "creditnote_number", "balance", "total", "date", "created_time"}),
        modified_filter=frozenset({BOOKS}),
        webhook=("credit-notes", "creditnote"),
    ),
    Module(
        name="bill",
        path="bills",
        list_key="bills",
        detail_key="bill",
        id_key="bill_id",
        report="Bills",
        detail_only=DOCUMENT_DETAIL
        | {"payments", "vendor_credits", "vendor_credits_applied", "payment_made", "adjustment"},
        sort_columns=frozenset({"vendor_name", "bill_number", "date", "due_date", "total", "balance", "created_time"}),
        modified_filter=frozenset({BOOKS}),
        webhook=("bills", "bill"),
    ),
    Module(
        name="purchaseorder",
        path="purchaseorders",
        list_key="purchaseorders",
        detail_key="purchaseorder",
        id_key="purchaseorder_id",
        report="Purchase Orders",
        detail_only=DOCUMENT_DETAIL | {"exchange_rate", "expected_delivery_date", "bills", "adjustment"},
        sort_columns=frozenset(
            {"vendor_name", "purchaseorder_number", "date", "delivery_date", "total", "created_time"}
        ),
        modified_filter=frozenset({BOOKS}),
    ),
    Module(
        name="vendorcredit",
        path="vendorcredits",
        list_key="vendorcredits",
        detail_key="vendor_credit",
        id_key="vendor_credit_id",
        report="Vendor Credits",
        detail_only=DOCUMENT_DETAIL | {"bills", "adjustment", "location_id", "location_name"},
        sort_columns=frozenset(
            {"vendor_name", "vendor_credit_number", "date", "balance", "total", "created_time", "last_modified_time"}
        ),
        modified_filter=BOTH,
    ),
    Module(
        name="customerpayment",
        path="customerpayments",
        list_key="customerpayments",
        detail_key="payment",
        id_key="payment_id",
        report="Customer Payments",
        detail_only=frozenset(
            {"invoices", "amount_refunded", "bank_charges", "tax_amount_withheld", "custom_field_hash"}
        ),
        list_only=frozenset({"invoice_numbers", "bcy_amount"}),
        sorted_by=("date", "D"),
        sort_columns=frozenset({"date", "amount", "customer_name"}),
        has_times=False,
        webhook=("payments", "payment"),
    ),
    Module(
        name="vendorpayment",
        path="vendorpayments",
        list_key="vendorpayments",
        detail_key="vendorpayment",
        id_key="payment_id",
        report="Vendor Payments",
        apis=frozenset({BOOKS}),
        detail_only=frozenset({"bills", "billing_address", "vendorpayment_refunds"}),
        list_only=frozenset({"bill_numbers", "bcy_amount", "bcy_balance"}),
        sort_columns=frozenset({"date", "amount", "vendor_name", "created_time"}),
        modified_filter=frozenset({BOOKS}),
        webhook=("payments", "vendorpayment"),
    ),
    Module(
        name="inventoryadjustment",
        path="inventoryadjustments",
        list_key="inventory_adjustments",
        detail_key="inventory_adjustment",
        id_key="inventory_adjustment_id",
        report="Inventory Adjustments",
        apis=frozenset({INVENTORY}),
        detail_only=frozenset({"line_items"}),
        sorted_by=("date", "D"),
        sort_columns=NEITHER,
        has_times=False,
        webhook=("stock", "inventory_adjustment"),
    ),
    Module(
        name="tax",
        path="settings/taxes",
        list_key="taxes",
        detail_key="tax",
        id_key="tax_id",
        report="Taxes",
        has_times=False,
    ),
    Module(
        name="currency",
        path="settings/currencies",
        list_key="currencies",
        detail_key="currency",
        id_key="currency_id",
        report="Currencies",
        has_page_context=False,
        has_times=False,
    ),
    Module(
        name="user",
        path="users",
        list_key="users",
        detail_key="user",
        id_key="user_id",
        report="Users",
        sorted_by=("name", "A"),
        sort_columns=frozenset({"name"}),
        has_times=False,
        webhook=("users", "user"),
    ),
)
BY_NAME = {module.name: module for module in MODULES}
BY_PATH = {module.path: module for module in MODULES}
