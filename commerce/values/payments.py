from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Parents = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceAllocationValues:
    """A part of a payment or credit note given to an invoice, in the giver's currency."""

    invoice_zoho_id: str
    zoho_id: str = ""
    amount: Decimal | None = None
    tax_withheld: Decimal | None = None
    date: dt.date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BillAllocationValues:
    """A part of a payment or vendor credit given to a bill, in the giver's currency."""

    bill_zoho_id: str
    zoho_id: str = ""
    amount: Decimal | None = None
    tax_withheld: Decimal | None = None
    date: dt.date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentValues:
    """Money that moved once, in `currency`; the code may have to be found by `currency_zoho_id`."""

    zoho_id: str
    number: str = ""
    reference: str = ""
    date: dt.date | None = None
    mode: str = ""
    status: str = ""
    description: str = ""
    currency: str = ""
    currency_zoho_id: str = ""
    exchange_rate: Decimal | None = None
    amount: Decimal | None = None
    unused_amount: Decimal | None = None
    refunded: Decimal | None = None
    bank_charges: Decimal | None = None
    tax_withheld: Decimal | None = None
    account_zoho_id: str = ""
    account_name: str = ""
    warehouse_zoho_id: str = ""
    warehouse_name: str = ""
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    zoho_created_at: dt.datetime | None = None
    zoho_modified_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerPaymentValues(PaymentValues):
    customer_zoho_id: str
    customer_name: str = ""
    allocations: tuple[InvoiceAllocationValues, ...] | None = None

    @property
    def parents(self) -> Parents:
        return ("commerce.customer", self.customer_zoho_id), *invoices_of(self.allocations)


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorPaymentValues(PaymentValues):
    vendor_zoho_id: str
    vendor_name: str = ""
    allocations: tuple[BillAllocationValues, ...] | None = None

    @property
    def parents(self) -> Parents:
        return ("commerce.vendor", self.vendor_zoho_id), *bills_of(self.allocations)


def invoices_of(allocations: tuple[InvoiceAllocationValues, ...] | None) -> Parents:
    return tuple(("commerce.invoice", one.invoice_zoho_id) for one in allocations or ())


def bills_of(allocations: tuple[BillAllocationValues, ...] | None) -> Parents:
    return tuple(("commerce.bill", one.bill_zoho_id) for one in allocations or ())
