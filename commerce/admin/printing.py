"""Documents and statements as they are printed and handed to people: their own layout, in either language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from commerce.admin.document_panels import parts_of_balance, sum_of_parts
from commerce.models import Bill, CreditNote, Customer, Invoice, PurchaseOrder, SalesOrder, Vendor, VendorCredit
from commerce.models.documents import NOT_POSTED, Document

MOST_LINES = 2_000


def print_page(request: HttpRequest, template: str, values: Any) -> HttpResponse:
    """A printed page in the language of `?lang=`, or the reader's. `values` is asked for the words when it is set."""
    language = request.GET.get("lang", "")
    if language not in dict(settings.LANGUAGES):
        language = translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        context = {
            "company": company(),
            "language": language,
            "is_rtl": translation.get_language_bidi(),
            "languages": _other_languages(request, language),
            "printed_at": timezone.localtime(),
            **values(language),
        }
        return TemplateResponse(request, template, context).render()


def print_document(request: HttpRequest, document: Any) -> HttpResponse:
    """A document with its lines, sums and a code of its number."""
    return print_page(
        request, "commerce/print/document.html", lambda language: _document_values(document, language=language)
    )


def company() -> Mapping[str, str]:
    """Who we are, at the head of everything printed."""
    return {
        "name": settings.COMPANY_NAME,
        "address": settings.COMPANY_ADDRESS,
        "phone": settings.COMPANY_PHONE,
    }


def party_name(party: Customer | Vendor, language: str) -> str:
    """Its name as the reader of this language writes it."""
    return (party.name_ar if language == "ar" else "") or party.company_name or party.name


def code_of(text: str) -> SafeString | str:
    """A QR code as SVG, which a scanner turns back into the text."""
    if not text:
        return ""
    drawn = segno.make_qr(text, error="m").svg_inline(scale=3, border=1, omitsize=True, svgclass="code", lineclass=None)
    return mark_safe(drawn)  # noqa: S308 - made of squares by segno; the text itself is not in it


def _document_values(document: Any, *, language: str) -> dict[str, Any]:
    party = document.customer if hasattr(document, "customer_id") else document.vendor
    lines = list(document.lines.select_related("product").order_by("position", "pk")[: MOST_LINES + 1])
    return {
        "title": _titles()[type(document)],
        "document": document,
        "party": party,
        "party_name": party_name(party, language),
        "party_label": _("Customer") if isinstance(party, Customer) else _("Vendor"),
        "address": _address_of(document),
        "lines": [(number, line, _names(line, language)) for number, line in enumerate(lines[:MOST_LINES], 1)],
        "is_cut": len(lines) > MOST_LINES,
        "has_discounts": any(line.discount not in ("", "0", "0.00") for line in lines),
        "has_taxes": any(line.tax_name for line in lines),
        "parts": sum_of_parts(document),
        "taken": parts_of_balance(document),
        "stamp": _stamp(document),
        "code": code_of(document.number),
        "back": reverse(f"admin:commerce_{document._meta.model_name}_change", args=[document.pk]),
    }


def _titles() -> Mapping[type[Document], str]:
    return {
        SalesOrder: _("Sales order"),
        Invoice: _("Invoice"),
        CreditNote: _("Credit note"),
        PurchaseOrder: _("Purchase order"),
        Bill: _("Bill"),
        VendorCredit: _("Vendor credit"),
    }


def _names(line: Any, language: str) -> list[str]:
    """What was sold: as the document says, and before it the Arabic name where we have one and Arabic is read."""
    said = line.product_name or (line.product.name if line.product else "")
    arabic = line.product.name_ar if line.product and language == "ar" else ""
    names = [name for name in (arabic, said) if name]
    more = line.description if line.description not in ("", said) else ""
    return [*dict.fromkeys(names), *([more] if more else [])]


def _address_of(document: Any) -> list[str]:
    """The lines of the billing address; phones and the names of places, without empty ones."""
    return [text for text in (document.billing_address or {}).values() if isinstance(text, str) and text.strip()]


def _stamp(document: Document) -> str:
    """What must not be overlooked: that this is no valid document."""
    if document.retired_at:
        return _("deleted in Zoho")
    if document.status == "void":
        return _("void")
    return _("draft") if document.status in NOT_POSTED else ""


def _other_languages(request: HttpRequest, language: str) -> list[tuple[str, str]]:
    """The same page in the other languages: name in that language, and address."""
    asked = request.GET.copy()
    links = []
    for code, _name in settings.LANGUAGES:
        if code != language:
            asked["lang"] = code
            links.append((translation.get_language_info(code)["name_local"], f"?{asked.urlencode()}"))
    return links
