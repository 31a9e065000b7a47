"""Rows about products are found by what the product is found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from catalog.models.products import is_found_by

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

PRODUCT_HELP = _(
    "Words of the name, SKU, barcode, part number, brand or category, however they are spelt; or a Zoho id"
)


class FoundByProduct(ModelAdmin):
    """For a table with a column `product`."""

    search_fields: ClassVar[tuple[str, ...]] = ("product__search_text",)
    search_help_text = PRODUCT_HELP

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        typed = search_term.strip()
        if not typed:
            return queryset, False
        products = Product.objects.filter(is_found_by(typed) | Q(zoho_id=typed))
        return queryset.filter(product__in=products.order_by().values("pk")), False
