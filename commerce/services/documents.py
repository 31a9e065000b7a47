"""Sales and purchase documents: heads as Zoho sent them, lines replaced as a whole, identities checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commerce.identities import check_balance, check_identity
from commerce.models import (
    Bill,
    BillLine,
    CreditNote,
    CreditNoteAllocation,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
    VendorCredit,
    VendorCreditAllocation,
    VendorCreditLine,
)
from commerce.models.documents import VOID, Document
from commerce.services.mirrored import retire_mirrored, save_mirrored
from commerce.services.parts import Part
from commerce.values import (
    BillValues,
    CreditNoteValues,
    DocumentValues,
    InvoiceValues,
    PurchaseOrderValues,
    SalesOrderValues,
    VendorCreditValues,
)
from tsh_erp.common.upsert import Saved


@dataclass(frozen=True)
class Applied:
    """The names of the figures that lower a document's balance; a document without them has no such identity."""

    payments: str
    credits: str


OWED = Applied(payments="payments_applied", credits="credits_applied")
GIVEN = Applied(payments="refunded", credits="credits_used")


def save_sales_orders(values: Sequence[SalesOrderValues], *, at: datetime) -> Saved:
    return _save(SalesOrder, values, at=at, parts=[Part("lines", SalesOrderLine, "document")])


def save_invoices(values: Sequence[InvoiceValues], *, at: datetime) -> Saved:
    return _save(Invoice, values, at=at, parts=[Part("lines", InvoiceLine, "document")], applied=OWED)


def save_credit_notes(values: Sequence[CreditNoteValues], *, at: datetime) -> Saved:
    parts = [
        Part("lines", CreditNoteLine, "document"),
        Part("allocations", CreditNoteAllocation, "credit_note"),
    ]
    return _save(CreditNote, values, at=at, parts=parts, applied=GIVEN)


def save_bills(values: Sequence[BillValues], *, at: datetime) -> Saved:
    return _save(Bill, values, at=at, parts=[Part("lines", BillLine, "document")], applied=OWED)


def save_purchase_orders(values: Sequence[PurchaseOrderValues], *, at: datetime) -> Saved:
    return _save(PurchaseOrder, values, at=at, parts=[Part("lines", PurchaseOrderLine, "document")])


def save_vendor_credits(values: Sequence[VendorCreditValues], *, at: datetime) -> Saved:
    parts = [
        Part("lines", VendorCreditLine, "document"),
        Part("allocations", VendorCreditAllocation, "vendor_credit"),
    ]
    return _save(VendorCredit, values, at=at, parts=parts, applied=GIVEN)


def retire_sales_orders(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(SalesOrder, zoho_ids, at=at)


def retire_invoices(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(Invoice, zoho_ids, at=at)


def retire_credit_notes(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(CreditNote, zoho_ids, at=at)


def retire_bills(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(Bill, zoho_ids, at=at)


def retire_purchase_orders(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(PurchaseOrder, zoho_ids, at=at)


def retire_vendor_credits(zoho_ids: Sequence[str], *, at: datetime) -> int:
    return retire_mirrored(VendorCredit, zoho_ids, at=at)


def _save(
    model: type[Document],
    values: Sequence[DocumentValues],
    *,
    at: datetime,
    parts: Sequence[Part],
    applied: Applied | None = None,
) -> Saved:
    zoho_ids = [one.zoho_id for one in values]
    voided = dict(model._default_manager.filter(zoho_id__in=zoho_ids).values_list("zoho_id", "voided_at"))

    def derive(one: DocumentValues) -> dict[str, Any]:
        return {
            "voided_at": (voided.get(one.zoho_id) or at) if one.status == VOID else None,
            "identity_gap": _identity_gap(one),
            "balance_gap": _balance_gap(one, applied) if applied else None,
        }

    return save_mirrored(model, values, at=at, parts=parts, derive=derive)


def _identity_gap(one: DocumentValues) -> Any:
    if not one.is_complete:
        return None
    return check_identity(
        sub_total=one.sub_total,
        discount=one.discount,
        discount_amount=one.discount_amount,
        discount_type=one.discount_type,
        tax_total=one.tax_total,
        shipping_charge=one.shipping_charge,
        adjustment=one.adjustment,
        rounding=one.rounding,
        total=one.total,
    )


def _balance_gap(one: DocumentValues, applied: Applied) -> Any:
    if not one.is_complete or one.status == VOID:  # nothing is owed on a void document, whatever its total
        return None
    return check_balance(
        total=one.total,
        payments=getattr(one, applied.payments),
        credits=getattr(one, applied.credits),
        balance=one.balance,
        tax_withheld=getattr(one, "tax_withheld", None),
        write_off=getattr(one, "write_off", None),
    )
