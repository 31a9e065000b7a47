from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import ReadOnlyAdmin, RetiredFilter, list_link
from catalog.models import EffectivePrice, PriceList, PriceListItem
from catalog.services.prices import why_price
from tsh_erp.admin_site.figures import with_figures


@admin.register(PriceList)
@with_figures(PriceList)
class PriceListAdmin(ReadOnlyAdmin):
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
    list_filter = ("kind", "trade", "currency", "is_active", RetiredFilter)
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
class PriceListItemAdmin(ReadOnlyAdmin):
    list_display = (
        "shown_product",
        "price_list",
        "shown_rate",
        "shown_discount_percentage",
        "pricing_scheme",
        "product_zoho_id",
    )
    list_filter = ("price_list", "pricing_scheme", ("product", admin.EmptyFieldListFilter))
    list_select_related = ("product", "price_list")
    search_fields = ("product__name", "product__sku", "product_name", "=product_zoho_id")

    @admin.display(description=_("product"), ordering="product__name")
    def shown_product(self, item: PriceListItem) -> str:
        return str(item.product or item)


@admin.register(EffectivePrice)
@with_figures(EffectivePrice)
class EffectivePriceAdmin(ReadOnlyAdmin):
    list_display = ("product", "price_list", "shown_price", "currency", "updated_at")
    list_filter = ("price_list", "currency")
    list_select_related = ("product", "price_list")
    search_fields = ("product__name", "product__sku", "=product__zoho_id")
    readonly_fields = ("why", "created_at", "updated_at")

    @admin.display(description=_("why this price"))
    def why(self, row: EffectivePrice) -> SafeString:
        lines = why_price(row.product, row.price_list).lines()
        return format_html_join("", "<div>{}: <bdi>{}</bdi></div>", ((capfirst(what), value) for what, value in lines))
