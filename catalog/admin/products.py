from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.forms.models import BaseModelFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.images import ProductImageInline
from catalog.admin.mirrored import (
    MirroredAdmin,
    ReadOnlyInline,
    RetiredFilter,
    list_link,
    shown_custom_fields,
)
from catalog.models import EffectivePrice, PriceListItem, Product, ProductImage, StockLedgerEntry, StockLevel
from catalog.models.products import is_found_by
from catalog.services.images import save_product_images
from catalog.services.local_fields import save_local_product_fields
from catalog.values import LocalProductFields
from tsh_erp.admin_site.figures import with_figures


@with_figures(StockLevel)
class StockLevelInline(ReadOnlyInline):
    model = StockLevel
    fields = (
        "warehouse",
        "shown_accounting_on_hand",
        "shown_accounting_committed",
        "shown_accounting_for_sale",
        "shown_physical_on_hand",
        "shown_physical_committed",
        "shown_physical_for_sale",
        "updated_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockLevel]:
        return super().get_queryset(request).select_related("product", "warehouse")


@with_figures(EffectivePrice)
class EffectivePriceInline(ReadOnlyInline):
    model = EffectivePrice
    fields = ("price_list", "shown_price", "currency", "updated_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[EffectivePrice]:
        return super().get_queryset(request).select_related("price_list")


@admin.register(Product)
@with_figures(Product)
class ProductAdmin(MirroredAdmin):
    local_fields = Product.LOCAL_FIELDS
    list_display = (
        "name",
        "name_ar",
        "sku",
        "category",
        "brand",
        "shown_base_price",
        "currency",
        "shown_accounting_for_sale",
        "is_active",
        "is_hidden",
        "is_featured",
        "retired_at",
    )
    list_filter = (
        "is_active",
        "is_hidden",
        "is_featured",
        RetiredFilter,
        "kind",
        "product_type",
        ("category", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("category",)
    search_fields = ("search_text", "=zoho_id")
    search_help_text = _(
        "Words of the name, SKU, barcode, part number, brand or category, however they are spelt; or a Zoho id"
    )
    fieldsets = (
        (None, {"fields": ("name", "name_ar", "name_en", ("is_hidden", "is_featured"), "description_ar")}),
        (
            _("Identification"),
            {
                "fields": (
                    ("sku", "part_number"),
                    ("upc", "ean", "isbn"),
                    ("brand", "manufacturer", "unit"),
                    ("category", "category_name"),
                    ("item_group", "item_group_name"),
                    "chosen_options",
                )
            },
        ),
        (
            _("Selling and buying"),
            {
                "fields": (
                    ("shown_base_price", "shown_base_cost", "currency"),
                    ("tax_name", "shown_tax_percentage"),
                    ("kind", "product_type", "is_active"),
                    ("can_be_sold", "can_be_purchased", "is_combo"),
                    "vendor_name",
                    "listed_prices",
                )
            },
        ),
        (
            _("Stock in all warehouses"),
            {
                "fields": (
                    ("track_inventory", "shown_reorder_level"),
                    (
                        "shown_accounting_on_hand",
                        "shown_accounting_available",
                        "shown_accounting_committed",
                        "shown_accounting_for_sale",
                    ),
                    ("shown_physical_on_hand", "shown_physical_committed", "shown_physical_for_sale"),
                    "ledger",
                )
            },
        ),
        (_("Texts and fields of Zoho"), {"fields": ("description", "purchase_description", "more_fields")}),
        (
            _("Record"),
            {
                "fields": (
                    ("zoho_id", "retired_at"),
                    ("image_name", "image_document_id"),
                    ("created_at", "updated_at"),
                )
            },
        ),
    )
    inlines = (StockLevelInline, EffectivePriceInline, ProductImageInline)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(is_found_by(search_term) | Q(zoho_id=search_term.strip())), False

    @admin.display(description=_("options in its group"))
    def chosen_options(self, product: Product) -> SafeString | str:
        rows = ((row["attribute"], row["option"]) for row in product.options)
        return format_html_join("", "<div><bdi>{}</bdi>: <bdi>{}</bdi></div>", rows) or "—"

    @admin.display(description=_("custom fields"))
    def more_fields(self, product: Product) -> SafeString | str:
        return shown_custom_fields(product.custom_fields)

    @admin.display(description=_("stock ledger"))
    def ledger(self, product: Product) -> SafeString:
        return list_link(StockLedgerEntry, _("movements of this product"), product__id__exact=product.pk)

    @admin.display(description=_("prices in lists"))
    def listed_prices(self, product: Product) -> SafeString:
        return list_link(PriceListItem, _("what price lists say"), product__id__exact=product.pk)

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        values = LocalProductFields(
            name_ar=obj.name_ar,
            name_en=obj.name_en,
            description_ar=obj.description_ar,
            is_hidden=obj.is_hidden,
            is_featured=obj.is_featured,
        )
        save_local_product_fields(obj.pk, values, at=timezone.now())

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseModelFormSet[Any, ModelForm[Any]], change: bool
    ) -> None:
        if formset.model is ProductImage:
            saved = formset.save(commit=False)
            save_product_images(form.instance.pk, saved=saved, removed=formset.deleted_objects, at=timezone.now())
        else:  # the other lines are shown only
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
