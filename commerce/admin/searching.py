"""How the lists of parties and documents are searched: exact numbers first, then everything that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commerce.models import Customer, Vendor
from tsh_erp.admin_site.paging import MOST

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


def _keys(found: QuerySet[Any]) -> list[int]:
    """Looked up once, since a list asks for its count and for its rows; no list leads further than so many."""
    return [*found.order_by().values_list("pk", flat=True)[:MOST]]


class PartySearch(ModelAdmin):
    search_fields = ("name", "name_ar", "company_name", "phone", "mobile", "email", "=zoho_id")
    search_help_text = _("A name or company however it is spelt, a phone in any form, an e-mail or a Zoho id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        return queryset.filter(pk__in=_keys(self.model._default_manager.found_by(typed))), False


class PaperSearch(ModelAdmin):
    """For documents and payments. Whose number or Zoho id it is exactly comes alone; else parts of it and of names."""

    party = ""
    search_fields = ("number", "reference", "=zoho_id")
    search_help_text = _(
        "A number, a reference, a Zoho id; or the customer or vendor by name or phone, as people spell it"
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        exact = self.model._default_manager.numbered(typed).order_by().values("pk")[:100]
        if keys := [row["pk"] for row in exact]:
            return queryset.filter(pk__in=keys), False
        parties = (Customer if self.party == "customer" else Vendor).objects.found_by(typed)
        by_party = Q(**{f"{self.party}__in": _keys(parties)})
        named = Q(**{f"{self.party}_name__icontains": typed})
        parts = Q(number__icontains=typed) | Q(reference__icontains=typed)
        return queryset.filter(parts | named | by_party), False
