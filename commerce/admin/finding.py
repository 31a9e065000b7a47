"""How partners, documents and payments are found by the search over everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Model, Q, QuerySet

from catalog.folding import fold
from commerce.admin.words import show_word
from commerce.models import (
    Bill,
    CreditNote,
    Customer,
    CustomerPayment,
    Invoice,
    PurchaseOrder,
    SalesOrder,
    Vendor,
    VendorCredit,
    VendorPayment,
)
from tsh_erp.admin_site.finding import Finder, Words, register

# Zoho begins the numbers of documents with these, unless somebody has changed it.
PREFIXES: dict[type[Model], str] = {SalesOrder: "SO-", Invoice: "INV-", CreditNote: "CN-", PurchaseOrder: "PO-"}
WIDTHS = (5, 6)  # digits of a number, filled up with zeros


def spellings(typed: str, prefix: str) -> list[str]:
    """The numbers that may be meant: as typed, in capitals, and for digits alone with the usual beginning.

    "inv-12" may be "INV-12"; "١٢" may be "12" and, with the prefix "INV-", "INV-12", "INV-00012" and "INV-000012".
    """
    words, digits = {typed, typed.upper()}, fold(typed)
    if digits.isdecimal():
        words |= {digits, *(prefix + digits.zfill(width) for width in (0, *WIDTHS) if prefix)}
    return sorted(words)


def _party(model: type[Customer] | type[Vendor]) -> Finder:
    def find(typed: str) -> QuerySet[Any]:
        return model.objects.found_by(typed).order_by("-is_active", "name", "pk")

    return Finder(
        model=model, find=find, tell=lambda party: Words(party.name, (party.name_ar, party.phone or party.mobile))
    )


def _paper(model: type[Model], party: str) -> Finder:
    """By the number as it may be written, by its beginning, or by the Zoho id: an index serves each."""

    def find(typed: str) -> QuerySet[Any] | None:
        if not any(letter.isdigit() for letter in typed):
            return None
        first = typed.upper()
        begins = Q(number__startswith=first)
        if connection.vendor == "sqlite":  # its LIKE uses no index
            begins = Q(number__gte=first, number__lt=first + "\U0010ffff")
        is_it = Q(number__in=spellings(typed, PREFIXES.get(model, ""))) | begins | Q(zoho_id=typed)
        return model._default_manager.filter(is_it).order_by("-pk")

    return Finder(model=model, find=find, tell=_telling(party), in_list=False)


def _telling(party: str) -> Callable[[Any], Words]:
    def tell(row: Any) -> Words:
        return Words(row, (getattr(row, f"{party}_name"), row.date, show_word(row.status)))

    return tell


register(
    _party(Customer),
    _party(Vendor),
    *(_paper(model, "customer") for model in (Invoice, SalesOrder, CreditNote, CustomerPayment)),
    *(_paper(model, "vendor") for model in (Bill, PurchaseOrder, VendorCredit, VendorPayment)),
)
