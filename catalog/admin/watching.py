"""What ran low, what came back, which prices changed."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.costs import HidesCosts, SeenListsFilter
from catalog.admin.mirrored import ReadOnlyAdmin
from catalog.admin.searching import FoundByProduct
from catalog.models import BackInStock, LowStock, PriceChange
from tsh_erp.admin_site.display import NOTHING, row_link
from tsh_erp.admin_site.figures import show_number, with_figures
from tsh_erp.admin_site.read_only import GrowingTableAdmin


@admin.register(LowStock)
class LowStockAdmin(FoundByProduct, ReadOnlyAdmin):
    list_display = ("product_page", "sku", "on_hand", "reorder_level", "vendor", "since")
    list_filter = (("product__category", admin.RelatedOnlyFieldListFilter), "since")
    list_select_related = ("product",)
    list_display_links = ("since",)
    fields = ("product_page", "sku", "on_hand", "reorder_level", "vendor", "since")
    readonly_fields = ("product_page", "sku", "on_hand", "reorder_level", "vendor")

    @admin.display(description=_("product"), ordering="product__name")
    def product_page(self, row: LowStock) -> SafeString | str:
        return row_link(row.product)

    @admin.display(description=_("SKU"))
    def sku(self, row: LowStock) -> str:
        return row.product.sku or NOTHING

    @admin.display(description=_("on hand (accounting)"), ordering="product__accounting_on_hand")
    def on_hand(self, row: LowStock) -> SafeString | str:
        return show_number(row.product.accounting_on_hand) or NOTHING

    @admin.display(description=_("reorder level"), ordering="product__reorder_level")
    def reorder_level(self, row: LowStock) -> SafeString | str:
        return show_number(row.product.reorder_level) or NOTHING

    @admin.display(description=_("preferred vendor"))
    def vendor(self, row: LowStock) -> str:
        return row.product.vendor_name or NOTHING


@admin.register(BackInStock)
@with_figures(BackInStock)
class BackInStockAdmin(FoundByProduct, GrowingTableAdmin):
    list_display = ("at", "product", "shown_quantity")
    list_filter = ("at",)
    list_select_related = ("product",)
    fields = ("at", "product", "shown_quantity")
    readonly_fields = fields


@admin.register(PriceChange)
@with_figures(PriceChange)
class PriceChangeAdmin(HidesCosts, FoundByProduct, GrowingTableAdmin):
    trade_path = "price_list__trade"
    list_display = ("at", "product", "price_list", "shown_old_price", "shown_new_price", "currency")
    list_filter = (("price_list", SeenListsFilter), "at")
    list_select_related = ("product", "price_list")
    fields = (("product", "price_list"), ("shown_old_price", "old_currency"), ("shown_new_price", "new_currency"), "at")
    readonly_fields = ("shown_old_price", "shown_new_price")

    @admin.display(description=_("currency"))
    def currency(self, change: PriceChange) -> str:
        before, after = change.old_currency, change.new_currency
        return (f"{before} → {after}" if change.new_price is not None and before != after else before) or NOTHING
