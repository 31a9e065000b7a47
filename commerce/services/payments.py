"""Payments and what they were given to: each allocation is a row, all of them replaced together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from commerce.models import CustomerPayment, CustomerPaymentAllocation, VendorPayment, VendorPaymentAllocation
from commerce.services.mirrored import retire_mirrored, save_mirrored
from commerce.services.parts import Part
from commerce.values import CustomerPaymentValues, VendorPaymentValues
from tsh_erp.common.upsert import Saved


def save_customer_payments(values: Sequence[CustomerPaymentValues], *, at: datetime) -> Saved:
    """Customer and invoices must be here, else MissingParent."""
    parts = [Part("allocations", CustomerPaymentAllocation, "payment")]
    return save_mirrored(CustomerPayment, values, at=at, parts=parts)


def retire_customer_payments(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(CustomerPayment, zoho_ids, at=at)


def save_vendor_payments(values: Sequence[VendorPaymentValues], *, at: datetime) -> Saved:
    """Vendor and bills must be here, else MissingParent."""
    parts = [Part("allocations", VendorPaymentAllocation, "payment")]
    return save_mirrored(VendorPayment, values, at=at, parts=parts)


def retire_vendor_payments(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(VendorPayment, zoho_ids, at=at)
