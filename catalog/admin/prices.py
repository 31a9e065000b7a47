from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from catalog.admin.costs import HidesCosts, SeenListsFilter
from catalog.admin.mirrored import ReadOnlyAdmin, RetiredFilter, list_link
from catalog.admin.searching import FoundByProduct
from catalog.models import EffectivePrice, PriceList, PriceListItem
from catalog.services.prices import why_price
from tsh_erp.admin_site.figures import show_money, with_figures


@admin.register(PriceList)
@with_figures(PriceList)
class PriceListAdmin(HidesCosts, ReadOnlyAdmin):
    trade_path = "trade"
    list_display = (
        "name",
        "kind",
        "trade",
        "shown_percentage",
        "is_increase",
        "currency",
        "rounding",
        "is_default",
        "is_active",
        "items",
        "retired_at",
    )
    list_filter = ("kind", "trade", "is_active", RetiredFilter)
    search_fields = ("name", "description", "=zoho_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    "description",
                    ("kind", "trade", "pricing_scheme"),
                    ("shown_percentage", "is_increase"),
                    "currency",
                    ("rounding", "rounding_word", "decimal_places"),
                    ("is_active", "is_default"),
                    "items",
                    "effective",
                )
            },
        ),
        (
            _("Record"),
            {"fields": (("zoho_id", "currency_zoho_id"), "retired_at", ("created_at", "updated_at"))},
        ),
    )
    readonly_fields = ("shown_percentage", "items", "effective", "zoho_id", "retired_at", "created_at", "updated_at")

    @admin.display(description=_("prices in lists"))
    def items(self, price_list: PriceList) -> SafeString:
        return list_link(PriceListItem, _("prices in this list"), price_list__id__exact=price_list.pk)

    @admin.display(description=_("effective prices"))
    def effective(self, price_list: PriceList) -> SafeString:
        return list_link(EffectivePrice, _("effective prices"), price_list__id__exact=price_list.pk)


@admin.register(PriceListItem)
@with_figures(PriceListItem)
class PriceListItemAdmin(HidesCosts, FoundByProduct, ReadOnlyAdmin):
    trade_path = "price_list__trade"
    list_display = (
        "shown_product",
        "price_list",
        "shown_rate",
        "shown_discount_percentage",
        "pricing_scheme",
        "product_zoho_id",
    )
    list_filter = (("price_list", SeenListsFilter), "pricing_scheme", ("product", admin.EmptyFieldListFilter))
    list_select_related = ("product", "price_list")
    search_fields: ClassVar[tuple[str, ...]] = ("product_name", "=product_zoho_id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PriceListItem], search_term: str
    ) -> tuple[QuerySet[PriceListItem], bool]:
        """Also by the name and id that Zoho gave, while the product is not here."""
        found, _duplicates = super().get_search_results(request, queryset, search_term)
        typed = search_term.strip()
        named = Q(product__isnull=True) & (Q(product_name__icontains=typed) | Q(product_zoho_id=typed))
        return (found | queryset.filter(named) if typed else found), False

    @admin.display(description=_("product"), ordering="product__name")
    def shown_product(self, item: PriceListItem) -> str:
        return str(item.product or item)


@admin.register(EffectivePrice)
@with_figures(EffectivePrice)
class EffectivePriceAdmin(HidesCosts, FoundByProduct, ReadOnlyAdmin):
    trade_path = "price_list__trade"
    list_display = ("product", "price_list", "price_with_currency", "updated_at")
    list_filter = (("price_list", SeenListsFilter),)
    list_select_related = ("product", "price_list")
    readonly_fields = ("why", "created_at", "updated_at")

    @admin.display(description=_("price"), ordering="price")
    def price_with_currency(self, row: EffectivePrice) -> SafeString | None:
        return show_money(row.price, row.currency)

    @admin.display(description=_("why this price"))
    def why(self, row: EffectivePrice) -> SafeString:
        lines = why_price(row.product, row.price_list).lines()
        return format_html_join("", "<div>{}: <bdi>{}</bdi></div>", ((capfirst(what), value) for what, value in lines))
