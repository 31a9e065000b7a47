"""What the pages of customers and vendors show besides their fields: what is owed, since when, and on which papers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.costs import SEE_COSTS
from commerce.ageing import Ageing, Span, age, days_past_due, open_amounts, open_documents, spans
from commerce.models import Bill, ContactPerson, Customer, Invoice, Vendor, ZohoAddress
from tsh_erp.admin_site.panels import Panel, add_panels

MOST = 10
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is open in one currency: by Zoho's word (None: not stated) and by the open documents."""

    currency: str
    stated: Decimal | None
    unused_credits: Decimal | None
    ageing: Ageing

    @property
    def beyond(self) -> Decimal | None:
        """What Zoho states beyond the open documents: an opening balance, or a document that is not here."""
        if self.stated is None or self.ageing.unknown:
            return None
        return self.stated - self.ageing.total


def standings(party: Customer | Vendor) -> list[Standing]:
    """What is open with a partner, by currency. Two queries."""
    side = "receivable" if isinstance(party, Customer) else "payable"
    mine = Invoice.objects.filter(customer=party) if isinstance(party, Customer) else Bill.objects.filter(vendor=party)
    aged = {one.currency: one for one in age(open_amounts(mine), on=timezone.localdate())}
    stated = {balance.currency: balance for balance in party.balances.all()}
    nothing = tuple(ZERO for _span in spans())
    return [
        Standing(
            currency=currency,
            stated=getattr(stated.get(currency), side, None),
            unused_credits=getattr(stated.get(currency), "unused_credits", None),
            ageing=aged.get(currency) or Ageing(currency=currency, buckets=nothing, documents=0, unknown=0),
        )
        for currency in sorted({*aged, *stated})
    ]


def span_name(span: Span) -> str:
    """How a column of an ageing table is headed."""
    if span.first is None:
        return _("not due yet")
    if span.last is None:
        return _("over %(days)d days") % {"days": span.first - 1}
    return _("%(first)d–%(last)d days") % {"first": span.first, "last": span.last}


def span_names() -> Sequence[str]:
    return [span_name(span) for span in spans()]


def _standing(request: HttpRequest, party: Customer | Vendor) -> Mapping[str, Any]:
    return {
        "standings": standings(party),
        "span_names": span_names(),
        "is_customer": isinstance(party, Customer),
    }


def _open_papers(request: HttpRequest, party: Customer | Vendor) -> Mapping[str, Any] | None:
    today = timezone.localdate()
    papers = list(open_documents(party)[: MOST + 1])
    if not papers:
        return None
    return {
        "papers": [(paper, _overdue(paper, today)) for paper in papers[:MOST]],
        "has_more": len(papers) > MOST,
        "list": f"admin:commerce_{papers[0]._meta.model_name}_changelist",
        "party": "customer" if isinstance(party, Customer) else "vendor",
    }


def _overdue(paper: Any, today: Any) -> int | None:
    days = days_past_due(paper.due_date or paper.date, on=today)
    return days if days is not None and days > 0 else None


def _people(request: HttpRequest, party: Customer | Vendor) -> Mapping[str, Any] | None:
    people: Iterable[ContactPerson] = party.contactpersons.all()
    return {"people": people} if people else None


def _addresses(request: HttpRequest, party: Customer | Vendor) -> Mapping[str, Any] | None:
    addresses: Iterable[ZohoAddress] = party.zohoaddresss.all()
    return {"addresses": addresses} if addresses else None


def _panels(papers: str) -> list[Panel]:
    """`papers` is the permission to see what is owed on; what bills come to is what we buy at."""
    owner = "customer" if papers.endswith("invoice") else "vendor"
    amounts = (papers,) if owner == "customer" else (papers, SEE_COSTS)
    return [
        Panel(
            name="standing",
            title=gettext_lazy("What is open, and since when"),
            template="admin/commerce/panels/standing.html",
            read=_standing,
            permissions=(f"commerce.view_{owner}balance", *amounts),
            comes_first=True,
        ),
        Panel(
            name="open-documents",
            title=gettext_lazy("Open documents, those due longest first"),
            template="admin/commerce/panels/open_documents.html",
            read=_open_papers,
            permissions=amounts,
            comes_first=True,
        ),
        Panel(
            name="people",
            title=gettext_lazy("Contact persons"),
            template="admin/commerce/panels/people.html",
            read=_people,
            permissions=("commerce.view_contactperson",),
        ),
        Panel(
            name="addresses",
            title=gettext_lazy("Addresses in Zoho"),
            template="admin/commerce/panels/addresses.html",
            read=_addresses,
            permissions=("commerce.view_zohoaddress",),
        ),
    ]


add_panels(Customer, *_panels("commerce.view_invoice"))
add_panels(Vendor, *_panels("commerce.view_bill"))
