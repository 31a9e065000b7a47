"""What the pages of documents and payments show besides their fields: lines, what paid them, whether they add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.costs import may_see_costs
from commerce.identities import ITEM_LEVEL
from commerce.models import (
    Bill,
    CreditNote,
    CreditNoteAllocation,
    CustomerPayment,
    CustomerPaymentAllocation,
    Invoice,
    PurchaseOrder,
    SalesOrder,
    VendorCredit,
    VendorCreditAllocation,
    VendorPayment,
    VendorPaymentAllocation,
)
from commerce.models.allocations import Allocation
from commerce.models.documents import Document, PurchaseDocument
from tsh_erp.admin_site.panels import Panel, add_panels

LINES = 100
MOST = 50
PROGRESS: Mapping[type[Document], Sequence[tuple[str, Any]]] = {
    SalesOrder: (
        ("quantity_invoiced", gettext_lazy("invoiced")),
        ("quantity_packed", gettext_lazy("packed")),
        ("quantity_shipped", gettext_lazy("shipped")),
    ),
    PurchaseOrder: (("quantity_received", gettext_lazy("received")), ("quantity_billed", gettext_lazy("billed"))),
}
# Where the parts of a document's money come from and go to: (allocation, its column of this document, of the other).
SHARES: Mapping[type[Model], Sequence[tuple[type[Allocation], str, str]]] = {
    Invoice: ((CustomerPaymentAllocation, "invoice", "payment"), (CreditNoteAllocation, "invoice", "credit_note")),
    CreditNote: ((CreditNoteAllocation, "credit_note", "invoice"),),
    CustomerPayment: ((CustomerPaymentAllocation, "payment", "invoice"),),
    Bill: ((VendorPaymentAllocation, "bill", "payment"), (VendorCreditAllocation, "bill", "vendor_credit")),
    VendorCredit: ((VendorCreditAllocation, "vendor_credit", "bill"),),
    VendorPayment: ((VendorPaymentAllocation, "payment", "bill"),),
}


def hides_money(request: HttpRequest, row: Any) -> bool:
    """Whether the amounts of a row are what we buy at, and this person may not see that."""
    return isinstance(row, PurchaseDocument | VendorPayment) and not may_see_costs(request)


def _lines(request: HttpRequest, document: Any) -> Mapping[str, Any]:
    lines = document.lines.select_related("product", "warehouse").order_by("position", "pk")
    pages = Paginator(lines, LINES)
    page = pages.get_page(request.GET.get("lines"))
    progress = PROGRESS.get(type(document), ())
    return {
        "page": page,
        "lines": [(line, [getattr(line, name) for name, _label in progress]) for line in page.object_list],
        "progress": [label for _name, label in progress],
        "currency": document.currency,
        "with_money": not hides_money(request, document),
    }


def _shares(request: HttpRequest, row: Any) -> Mapping[str, Any] | None:
    """What was applied, each with the document on the other side. One query for each kind."""
    if hides_money(request, row):
        return None
    found = []
    for model, mine, other in SHARES[type(row)]:
        allocations = model._default_manager.filter(**{mine: row}).select_related(other).order_by("pk")
        found += [(getattr(one, other), one) for one in allocations[: MOST + 1]]
    return {"shares": found[:MOST], "has_more": len(found) > MOST, "currency": row.currency} if found else None


def linked(document: Any) -> Iterator[tuple[Any, list[Any]]]:
    """The orders, invoices and bills that a document belongs with, by kind. One query for each kind that may exist."""
    if isinstance(document, Invoice) and document.sales_order:
        yield SalesOrder._meta.verbose_name, [document.sales_order]
    if isinstance(document, Bill) and document.purchase_order:
        yield PurchaseOrder._meta.verbose_name, [document.purchase_order]
    if isinstance(document, PurchaseOrder):
        if document.sales_order:
            yield SalesOrder._meta.verbose_name, [document.sales_order]
        yield Bill._meta.verbose_name_plural, list(document.bills.order_by("-date", "-pk")[:MOST])
    if isinstance(document, SalesOrder):
        yield Invoice._meta.verbose_name_plural, list(document.invoices.order_by("-date", "-pk")[:MOST])
        yield PurchaseOrder._meta.verbose_name_plural, list(document.purchase_orders.order_by("-date", "-pk")[:MOST])


def _links(request: HttpRequest, document: Any) -> Mapping[str, Any] | None:
    links = [
        (kind, rows)
        for kind, rows in linked(document)
        if rows and request.user.has_perm(f"commerce.view_{rows[0]._meta.model_name}")
    ]
    return {"links": links} if links else None


def sum_of_parts(document: Document) -> list[tuple[str, Decimal]]:
    """What a total is made of, as `commerce.identities` adds it up: names and signed amounts, only those there are."""
    on_lines = document.discount_type == ITEM_LEVEL
    parts = (
        (_("subtotal"), document.sub_total, 1),
        (_("discount"), None if on_lines else document.discount_amount, -1),
        (_("tax"), document.tax_total, 1),
        (_("shipping"), document.shipping_charge, 1),
        (document.adjustment_description or _("adjustment"), document.adjustment, 1),
        (_("rounding"), document.rounding, 1),
    )
    return [(name, amount * sign) for name, amount, sign in parts if amount]


def parts_of_balance(document: Any) -> list[tuple[str, Decimal]]:
    """What was taken off a total before its balance was left."""
    names = (
        ("payments_applied", _("payments")),
        ("credits_applied", _("credits")),
        ("credits_used", _("applied")),
        ("refunded", _("refunded")),
        ("tax_withheld", _("tax withheld")),
        ("write_off", _("written off")),
    )
    return [(name, -amount) for column, name in names if (amount := getattr(document, column, None))]


def _figures(request: HttpRequest, document: Document) -> Mapping[str, Any] | None:
    if hides_money(request, document):
        return None
    return {
        "parts": sum_of_parts(document),
        "total": document.total,
        "taken": parts_of_balance(document),
        "balance": document.balance,
        "currency": document.currency,
        "identity_gap": document.identity_gap,
        "balance_gap": document.balance_gap,
    }


def _add(model: type[Document]) -> None:
    name = model._meta.model_name
    add_panels(
        model,
        Panel(
            name="lines",
            title=gettext_lazy("Lines"),
            template="admin/commerce/panels/lines.html",
            read=_lines,
            permissions=(f"commerce.view_{name}line",),
            comes_first=True,
        ),
        Panel(
            name="figures",
            title=gettext_lazy("How it adds up"),
            template="admin/commerce/panels/sums.html",
            read=_figures,
            comes_first=True,
        ),
        Panel(
            name="linked",
            title=gettext_lazy("Belongs with"),
            template="admin/commerce/panels/linked.html",
            read=_links,
        ),
    )


for document in (SalesOrder, Invoice, CreditNote, PurchaseOrder, Bill, VendorCredit):
    _add(document)
for paper, allocations in SHARES.items():
    add_panels(
        paper,
        Panel(
            name="shares",
            title=gettext_lazy("Payments and credits")
            if paper in (Invoice, Bill)
            else gettext_lazy("What it was applied to"),
            template="admin/commerce/panels/shares.html",
            read=_shares,
            permissions=tuple(f"commerce.view_{model._meta.model_name}" for model, _mine, _other in allocations),
            comes_first=True,
        ),
    )
