"""The statement of one partner, and the ageing of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commerce.admin.party_panels import span_names
from commerce.admin.printing import party_name, print_page
from commerce.ageing import Ageing, age, age_by_party, open_amounts
from commerce.models import Bill, Customer, Invoice, Vendor
from commerce.statements import Movement, Statement, draw_up, movements_of
from tsh_erp.admin_site.display import row_link

MOST_LINES = 2_000
ROWS = 100
EARLIEST = date(1990, 1, 1)


class PeriodForm(forms.Form):
    """The days of a statement; without them it is this year so far."""

    start = forms.DateField(label=gettext_lazy("from day"), widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=gettext_lazy("to day"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        days = super().clean() or {}
        start, end = days.get("start"), days.get("end")
        if start and end and not EARLIEST <= start <= end:
            raise forms.ValidationError(_("The first day must come before the last, and not before 1990."))
        return days


@dataclass(frozen=True, kw_only=True)
class Aged:
    """One row of the ageing of all: a partner and what is open with it in one currency."""

    name: str
    link: Any
    ageing: Ageing


def print_statement(request: HttpRequest, party: Customer | Vendor) -> HttpResponse:
    """The statement of account as people get it, for the days and the currency they asked for."""
    form = PeriodForm(request.GET if "start" in request.GET or "end" in request.GET else None)
    today = timezone.localdate()
    start, end = today.replace(month=1, day=1), today
    if form.is_bound and form.is_valid():
        start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    movements = movements_of(party)
    stated = {*(row.currency for row in party.balances.all()), party.currency} - {""}
    currencies = sorted({*movements, *stated})  # "" where Zoho has told no currency of a document
    asked = request.GET.getlist("currency")[-1:]
    currency = next((code for code in asked if code in currencies), party.currency or next(iter(currencies), ""))
    statement = draw_up(
        movements.get(currency, ()),
        currency=currency,
        opening_balance=party.opening_balance if currency == party.currency else None,
        start=start,
        end=end,
    )
    shown = {
        "party": party,
        "statement": statement,
        "currencies": currencies,
        "errors": [error for errors in form.errors.values() for error in errors] if form.is_bound else [],
        "lines": [_shown(line.movement, line.balance) for line in statement.lines[-MOST_LINES:]],
        "is_cut": len(statement.lines) > MOST_LINES,
        "stated": _stated(party, statement) if end >= today else None,
        "back": reverse(f"admin:commerce_{party._meta.model_name}_change", args=[party.pk]),
    }

    def values(language: str) -> Mapping[str, Any]:
        return {
            **shown,
            "title": _("Statement of account"),
            "party_name": party_name(party, language),
            "party_label": _("Customer") if isinstance(party, Customer) else _("Vendor"),
            "is_customer": isinstance(party, Customer),
        }

    return print_page(request, "commerce/print/statement.html", values)


def _shown(movement: Movement, balance: Decimal | None) -> tuple[Movement, Decimal | None, Decimal | None, Any]:
    """A line: the movement, what it raised, what it lowered, and what is owed after it."""
    change = movement.change
    raised = change if change is not None and change > 0 else None
    lowered = -change if change is not None and change < 0 else None
    return movement, raised, lowered, balance


def _stated(party: Customer | Vendor, statement: Statement) -> Decimal | None:
    """What Zoho says is owed now, less the credits not used yet: what a statement until today should close with."""
    side = "receivable" if isinstance(party, Customer) else "payable"
    for row in party.balances.all():
        owed: Decimal | None = getattr(row, side)
        credits: Decimal | None = row.unused_credits
        if row.currency == statement.currency and owed is not None and credits is not None:
            return owed - credits
    return None


def show_ageing(
    request: HttpRequest, model: type[Customer] | type[Vendor], site_context: Mapping[str, Any]
) -> HttpResponse:
    """What is open with all partners, those with the most overdue first, in one currency at a time."""
    today = timezone.localdate()
    papers = (Invoice if model is Customer else Bill).objects.all()
    amounts = list(open_amounts(papers))
    totals = age(amounts, on=today)
    currencies = [one.currency for one in totals]
    asked = request.GET.get("currency", "")
    currency = asked if asked in currencies else next(iter(currencies), "")
    rows = [
        (party_id, one)
        for party_id, ageings in age_by_party(amounts, on=today).items()
        for one in ageings
        if one.currency == currency
    ]
    rows.sort(key=lambda row: (-row[1].overdue, -row[1].total, row[0]))
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    context = {
        **site_context,
        "title": _("Ageing of receivables") if model is Customer else _("Ageing of payables"),
        "opts": model._meta,
        "span_names": span_names(),
        "currencies": currencies,
        "currency": currency,
        "total": next((one for one in totals if one.currency == currency), None),
        "page": page,
        "rows": _name(model, list(page.object_list)),
        "on": today,
    }
    return TemplateResponse(request, "admin/commerce/ageing.html", context)


def _name(model: type[Customer] | type[Vendor], rows: Sequence[tuple[int, Ageing]]) -> list[Aged]:
    parties = model.objects.in_bulk([party_id for party_id, _ageing in rows])
    return [
        Aged(name=parties[party_id].name, link=row_link(parties[party_id]), ageing=ageing) for party_id, ageing in rows
    ]
