from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from commerce.values.payments import (
    BillAllocationValues,
    InvoiceAllocationValues,
    Parents,
    bills_of,
    invoices_of,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LineValues:
    """One line; `discount` as Zoho writes it ("5%" or an amount), amounts in the document's currency."""

    zoho_id: str = ""
    product_zoho_id: str = ""
    product_name: str = ""
    sku: str = ""
    description: str = ""
    unit: str = ""
    quantity: Decimal | None = None
    rate: Decimal | None = None
    discount: str = ""
    discount_amount: Decimal | None = None
    tax_zoho_id: str = ""
    tax_name: str = ""
    tax_percentage: Decimal | None = None
    item_total: Decimal | None = None
    warehouse_zoho_id: str = ""
    warehouse_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesOrderLineValues(LineValues):
    quantity_invoiced: Decimal | None = None
    quantity_packed: Decimal | None = None
    quantity_shipped: Decimal | None = None
    quantity_cancelled: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseOrderLineValues(LineValues):
    quantity_received: Decimal | None = None
    quantity_billed: Decimal | None = None
    quantity_cancelled: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentValues:
    """The head of a document, its figures exactly as Zoho sent them, in `currency`.

    `is_complete` says that head and lines were told together, so that the identities of the
    figures may be checked.
    """

    zoho_id: str
    number: str = ""
    reference: str = ""
    date: dt.date | None = None
    status: str = ""
    currency: str = ""
    currency_zoho_id: str = ""
    exchange_rate: Decimal | None = None
    sub_total: Decimal | None = None
    discount: str = ""
    discount_amount: Decimal | None = None
    discount_type: str = ""
    is_discount_before_tax: bool | None = None
    is_inclusive_tax: bool | None = None
    tax_total: Decimal | None = None
    taxes: list[dict[str, str]] = field(default_factory=list)
    shipping_charge: Decimal | None = None
    adjustment: Decimal | None = None
    adjustment_description: str = ""
    rounding: Decimal | None = None
    total: Decimal | None = None
    balance: Decimal | None = None
    payment_terms: int | None = None
    payment_terms_label: str = ""
    notes: str = ""
    terms: str = ""
    billing_address: dict[str, str] = field(default_factory=dict)
    shipping_address: dict[str, str] = field(default_factory=dict)
    warehouse_zoho_id: str = ""
    warehouse_name: str = ""
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    zoho_created_at: dt.datetime | None = None
    zoho_modified_at: dt.datetime | None = None
    lines: Sequence[LineValues] | None = None
    is_complete: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesDocumentValues(DocumentValues):
    customer_zoho_id: str
    customer_name: str = ""
    salesperson_zoho_id: str = ""
    salesperson_name: str = ""

    @property
    def parents(self) -> Parents:
        return (("commerce.customer", self.customer_zoho_id),)


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseDocumentValues(DocumentValues):
    vendor_zoho_id: str
    vendor_name: str = ""

    @property
    def parents(self) -> Parents:
        return (("commerce.vendor", self.vendor_zoho_id),)


@dataclass(frozen=True, kw_only=True, slots=True)
class SalesOrderValues(SalesDocumentValues):
    shipment_date: dt.date | None = None
    order_status: str = ""
    invoiced_status: str = ""
    paid_status: str = ""
    shipped_status: str = ""
    delivery_method: str = ""
    sales_channel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceValues(SalesDocumentValues):
    due_date: dt.date | None = None
    payment_expected_date: dt.date | None = None
    last_payment_date: dt.date | None = None
    payments_applied: Decimal | None = None
    credits_applied: Decimal | None = None
    tax_withheld: Decimal | None = None
    write_off: Decimal | None = None
    sales_order_zoho_id: str = ""
    sales_order_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditNoteValues(SalesDocumentValues):
    credits_used: Decimal | None = None
    refunded: Decimal | None = None
    allocations: tuple[InvoiceAllocationValues, ...] | None = None

    @property
    def parents(self) -> Parents:
        return ("commerce.customer", self.customer_zoho_id), *invoices_of(self.allocations)


@dataclass(frozen=True, kw_only=True, slots=True)
class BillValues(PurchaseDocumentValues):
    due_date: dt.date | None = None
    payments_applied: Decimal | None = None
    credits_applied: Decimal | None = None
    tax_withheld: Decimal | None = None
    write_off: Decimal | None = None
    purchase_order_zoho_id: str = ""
    purchase_order_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseOrderValues(PurchaseDocumentValues):
    delivery_date: dt.date | None = None
    expected_delivery_date: dt.date | None = None
    order_status: str = ""
    received_status: str = ""
    billed_status: str = ""
    delivery_method: str = ""
    attention: str = ""
    sales_order_zoho_id: str = ""
    sales_order_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorCreditValues(PurchaseDocumentValues):
    credits_used: Decimal | None = None
    refunded: Decimal | None = None
    allocations: tuple[BillAllocationValues, ...] | None = None

    @property
    def parents(self) -> Parents:
        return ("commerce.vendor", self.vendor_zoho_id), *bills_of(self.allocations)
