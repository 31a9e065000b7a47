"""Synonyms of the search, and a page to try a search as customers do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.choices import Measure
from catalog.models import Product, SearchSynonym
from catalog.search.finding import Asked, Hit, Shelf
from catalog.search.searching import Answer, search, understand
from catalog.search.suggesting import similar_words
from catalog.search.terms import Fit, Term
from catalog.services.synonyms import delete_synonyms, save_synonym
from tsh_erp.admin_site.lists import ListAdmin

LONGEST = 80  # characters, as the phones are allowed
SHOWN_HITS = 20


class TrialForm(forms.Form):
    """What a customer would type."""

    q = forms.CharField(
        label=gettext_lazy("Search for"), max_length=LONGEST, widget=forms.TextInput(attrs={"dir": "auto", "size": 40})
    )


@admin.register(SearchSynonym)
class SearchSynonymAdmin(ListAdmin):
    change_list_template = "admin/catalog/searchsynonym/change_list.html"
    list_display = ("__str__", "is_unit", "is_active", "note", "updated_at")
    list_filter = ("is_active", "is_unit")
    search_fields = ("phrases", "note")
    fields = ("phrases", "is_unit", "is_active", "note")

    def get_urls(self) -> list[URLPattern]:
        trial = path("try/", self.admin_site.admin_view(self.try_search), name="catalog_searchsynonym_try")
        return [trial, *super().get_urls()]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        return [*super().list_tools(request), (_("Try a search"), reverse("admin:catalog_searchsynonym_try"))]

    def save_model(self, request: HttpRequest, obj: SearchSynonym, form: Any, change: bool) -> None:
        save_synonym(obj, at=timezone.now())

    def delete_model(self, request: HttpRequest, obj: SearchSynonym) -> None:
        delete_synonyms([obj.pk], at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SearchSynonym]) -> None:
        delete_synonyms([*queryset.values_list("pk", flat=True)], at=timezone.now())

    def try_search(self, request: HttpRequest) -> TemplateResponse:
        """What a search finds among everything customers may see, in which order and why; prices do not count here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TrialForm(request.GET if "q" in request.GET else None)
        tried = _try(form.cleaned_data["q"]) if form.is_valid() else {}
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Try a search"), "form": form}
        return TemplateResponse(request, "admin/catalog/searchsynonym/try.html", {**context, **tried})


def _try(typed: str) -> dict[str, Any]:
    shelf = Shelf(products=Product.objects.shown(), price_list_ids=(), clock=Measure.ACCOUNTING)
    answer = search(understand(typed), shelf, Asked(size=SHOWN_HITS))
    products = Product.objects.in_bulk([hit.product_id for hit in answer.found.hits])
    return {
        "answer": answer,
        "rows": [_row(hit, products[hit.product_id]) for hit in answer.found.hits if hit.product_id in products],
        "terms": [_explain(term) for term in answer.understood.terms],
        "similar": _similar(answer, shelf),
    }


def _similar(answer: Answer, shelf: Shelf) -> list[str]:
    return [] if answer.found.total else similar_words(answer.understood, shelf)


def _row(hit: Hit, product: Product) -> dict[str, Any]:
    return {"product": product, "why": hit.tier.label, "in_stock": (product.quantity_for_sale or 0) > 0}


def _explain(term: Term) -> dict[str, Any]:
    """The term as typed, the words that do as well, and those it may be a misspelling of."""
    own = {term.typed, ("".join(term.typed),)}
    same = [" ".join(way.words) for way in term.exact_ways if way.words not in own and way.fit is Fit.WHOLE]
    near = [" ".join(way.words) for way in term.ways if way.is_typo]
    return {"typed": " ".join(term.typed), "same": list(dict.fromkeys(same)), "near": list(dict.fromkeys(near))}
