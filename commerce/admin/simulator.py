"""The promotion simulator: what a cart would cost anybody at any time, and why. A GET form; nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product
from commerce.admin.pickers import pick_one
from commerce.admin.selling_words import NO_CODE, REASONS, REFUSALS, tell_problem
from commerce.checkout import quote
from commerce.models import Customer, DeliveryMethod, PaymentMethod, Promotion
from commerce.models.carts import MOST_LINES, MOST_QUANTITY
from commerce.quotes import Delivery, Payment, Quote, QuotedLine, QuotedPromotion, Wanted

LEAST_ROWS = 3
MOST_CODES = 20
PRODUCT, QUANTITY = "product", "quantity"


class SimulatorForm(forms.Form):
    """Who buys, how and when; the products are rows of their own."""

    customer = forms.ModelChoiceField(
        Customer.objects.select_related("price_list"),
        required=False,
        label=capfirst(gettext_lazy("customer")),
        help_text=gettext_lazy("Nobody chosen: a guest."),
        widget=pick_one("customer"),
    )
    skus = forms.CharField(
        required=False,
        label=capfirst(gettext_lazy("more products, by SKU")),
        help_text=gettext_lazy("One in a line, with the quantity behind it; without one it is 1."),
        widget=forms.Textarea(attrs={"rows": 2, "cols": 40, "dir": "ltr"}),
    )
    codes = forms.CharField(
        required=False,
        max_length=400,
        label=capfirst(gettext_lazy("codes")),
        help_text=gettext_lazy("With spaces between them."),
        widget=forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
    )
    delivery = forms.ModelChoiceField(
        DeliveryMethod.objects.filter(is_active=True), required=False, label=capfirst(gettext_lazy("delivery method"))
    )
    payment = forms.ModelChoiceField(
        PaymentMethod.objects.filter(is_active=True),
        required=False,
        label=capfirst(gettext_lazy("payment method")),
        to_field_name="code",
    )
    at = forms.DateTimeField(
        required=False,
        label=capfirst(gettext_lazy("at")),
        help_text=gettext_lazy("Promotions as they run then; prices, stock and uses as they are now. Empty: now."),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def clean_codes(self) -> list[str]:
        return [code for code in re.split(r"[\s,،]+", self.cleaned_data["codes"]) if code][:MOST_CODES]

    def clean_skus(self) -> dict[int, int]:
        """Quantities by product. One query."""
        wanted = dict(_sku_lines(self.cleaned_data["skus"]))
        found = dict(Product.objects.filter(sku__in=wanted).order_by("-pk").values_list("sku", "pk"))
        if missing := [sku for sku in wanted if sku not in found]:
            shown = {"values": ", ".join(missing[:10])}
            raise forms.ValidationError(_("No product has the SKU %(values)s.") % shown, code="unknown")
        return {found[sku]: quantity for sku, quantity in wanted.items()}


class RowForm(forms.Form):
    """One product and how many of it. An empty row is no row."""

    product = forms.ModelChoiceField(
        Product.objects.all(),
        required=False,
        label=capfirst(gettext_lazy("product")),
        widget=pick_one("product"),
    )
    quantity = forms.IntegerField(
        required=False, label=capfirst(gettext_lazy("quantity")), min_value=1, max_value=MOST_QUANTITY, initial=1
    )


@dataclass(frozen=True, kw_only=True)
class ShownLine:
    line: QuotedLine
    discounts: Sequence[tuple[str, Decimal]]
    problems: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ShownPromotion:
    """A promotion that was looked at: `reason` is empty where it counts."""

    promotion: Promotion | None
    code: str
    amount: Decimal
    reason: str


def show_simulator(request: HttpRequest, site_context: Mapping[str, Any]) -> HttpResponse:
    """The form and, once something is asked, the quote of `commerce.checkout` with all its reasons."""
    is_asked = any(request.GET.values())
    form = SimulatorForm(request.GET if is_asked else None)
    if not request.user.has_perm("commerce.view_customer"):
        del form.fields["customer"]  # others ask for guests only
    rows = _rows(request)
    context: dict[str, Any] = {
        **site_context,
        "title": _("Simulator of promotions"),
        "opts": Promotion._meta,
        "form": form,
        "rows": rows,
        "media": form.media + rows[0].media,
    }
    wrong = [row for row in rows if row.is_bound and not row.is_valid()]  # each one says what is wrong with it
    if is_asked and form.is_valid() and not wrong:
        context |= _answer(form.cleaned_data, _wanted(rows, form.cleaned_data["skus"]))
        context["address"] = f"{request.path}?{_short_query(request)}"
    return TemplateResponse(request, "admin/commerce/promotion/simulator.html", context)


def _rows(request: HttpRequest) -> list[RowForm]:
    """The rows that were asked for, and two more to fill in."""
    asked = sorted({int(found[1]) for name in request.GET if (found := re.fullmatch(r"l(\d{1,3})-product", name))})
    filled = [place for place in asked if request.GET.get(f"l{place}-{PRODUCT}")][:MOST_LINES]
    bound = [RowForm(request.GET, prefix=f"l{place}") for place in filled]
    first = max(filled, default=0) + 1
    free = min(max(LEAST_ROWS - len(filled), 2), MOST_LINES - len(filled))
    return [*bound, *(RowForm(prefix=f"l{first + place}") for place in range(free))]


def _wanted(rows: Sequence[RowForm], by_sku: Mapping[int, int]) -> list[Wanted]:
    chosen = [
        Wanted(product_id=row.cleaned_data[PRODUCT].pk, quantity=row.cleaned_data[QUANTITY] or 1)
        for row in rows
        if row.is_bound and row.cleaned_data[PRODUCT]
    ]
    more = (Wanted(product_id=key, quantity=quantity) for key, quantity in by_sku.items())
    return [*chosen, *more][:MOST_LINES]


def _answer(asked: Mapping[str, Any], wanted: Sequence[Wanted]) -> dict[str, Any]:
    at: datetime = asked["at"] or timezone.now()
    payment = asked["payment"]
    found = quote(
        customer=asked.get("customer"),
        lines=wanted,
        at=at,
        coupon_codes=asked["codes"],
        delivery_method_id=asked["delivery"].pk if asked["delivery"] else None,
        payment_method=payment.code if payment else None,
    )
    names = {one.promotion.pk: one.promotion.name for one in found.considered if one.promotion is not None}
    return {
        "quote": found,
        "lines": [_shown_line(line, names) for line in found.lines],
        "promotions": sorted(
            (_shown_promotion(one) for one in found.considered), key=lambda one: (bool(one.reason), one.code)
        ),
        "sums": list(_sums(found)),
        "problems": [tell_problem(one) for one in found.problems],
        "ways": list(_ways(found)),
    }


def _shown_line(line: QuotedLine, names: Mapping[int, str]) -> ShownLine:
    discounts = [(names.get(one.promotion_id, one.code), one.amount) for one in line.discounts]
    return ShownLine(line=line, discounts=discounts, problems=[tell_problem(one) for one in line.problems])


def _shown_promotion(one: QuotedPromotion) -> ShownPromotion:
    reason = str(REFUSALS[one.refusal]) if one.refusal is not None else ""
    return ShownPromotion(promotion=one.promotion, code=one.code or str(NO_CODE), amount=one.amount, reason=reason)


def _sums(found: Quote) -> Iterator[tuple[str, Decimal]]:
    totals = found.totals
    yield _("subtotal"), totals.items_subtotal
    yield _("discount"), -totals.items_discount
    yield _("delivery"), totals.shipping
    yield _("discount on delivery"), -totals.shipping_discount
    yield _("tax"), totals.tax
    yield _("total"), totals.total
    yield _("rounding of cash"), totals.rounding_adjustment


def _ways(found: Quote) -> Iterator[tuple[Any, str]]:
    """Each way of delivery and payment, with what keeps the buyer from it."""
    ways: Sequence[Delivery | Payment] = (*found.deliveries, *found.payments)
    for way in ways:
        yield way.method, "" if way.reason is None else str(REASONS.get(way.reason, way.reason))


def _sku_lines(typed: str) -> Iterator[tuple[str, int]]:
    """SKU and quantity of each line; ValidationError names a quantity that is none."""
    for line in typed.splitlines():
        sku, _space, count = line.strip().rpartition(" ") if re.search(r"\s\d+$", line.strip()) else (line, "", "1")
        if not sku.strip():
            continue
        if not 1 <= int(count[:9]) <= MOST_QUANTITY:
            raise forms.ValidationError(_("%(value)s is not between 1 and 9,999.") % {"value": count}, code="quantity")
        yield sku.strip(), int(count)


def _short_query(request: HttpRequest) -> str:
    """What was asked, without what was left empty: an address to pass on."""
    filled = [(name, value) for name, values in request.GET.lists() for value in values if value]
    products = {name.removesuffix(f"-{PRODUCT}") for name, _value in filled if name.endswith(f"-{PRODUCT}")}
    lone = {name for name, _value in filled if name.endswith(f"-{QUANTITY}")} - {
        f"{prefix}-{QUANTITY}" for prefix in products
    }
    return urlencode([(name, value) for name, value in filled if name not in lone])
