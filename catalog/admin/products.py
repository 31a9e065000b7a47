from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.forms import ModelForm
from django.forms.models import BaseModelFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.admin.costs import HidesCosts
from catalog.admin.exchange import ProductColumns
from catalog.admin.images import ProductImageInline, small_picture
from catalog.admin.mirrored import MirroredAdmin, RetiredFilter, list_link, shown_custom_fields
from catalog.admin.searching import PRODUCT_HELP
from catalog.models import PriceListItem, Product, ProductImage, StockLedgerEntry
from catalog.models.products import is_found_by
from catalog.services.images import save_product_images
from catalog.services.local_fields import save_local_product_fields
from catalog.values import LocalProductFields
from tsh_erp.admin_site.display import NOTHING, Tone, badge
from tsh_erp.admin_site.exchange import ExchangeAdmin
from tsh_erp.admin_site.figures import show_money, with_figures


class StockFilter(admin.SimpleListFilter):
    """How much lies in all warehouses, by the stock of accounting."""

    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("some", _("in stock")),
            ("low", _("at or below the reorder level")),
            ("none", _("out of stock")),
            ("negative", _("negative")),
            ("unknown", _("not known")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        tracked = Product.objects.tracked()
        wanted = {
            "some": tracked.filter(accounting_on_hand__gt=0),
            "low": Product.objects.below_reorder_level(),
            "none": tracked.filter(accounting_on_hand=0),
            "negative": tracked.filter(accounting_on_hand__lt=0),
            "unknown": tracked.filter(accounting_on_hand__isnull=True),
        }.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(pk__in=wanted.order_by().values("pk"))


class PictureFilter(admin.SimpleListFilter):
    title = _("image")
    parameter_name = "picture"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("has one")), ("no", _("has none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        has_one = Exists(ProductImage.objects.filter(product=OuterRef("pk")))
        return queryset.filter({"yes": has_one, "no": ~has_one}.get(self.value() or "", Q()))


@admin.register(Product)
@with_figures(Product)
class ProductAdmin(HidesCosts, ExchangeAdmin, MirroredAdmin):
    resource_classes = (ProductColumns,)
    local_fields = Product.LOCAL_FIELDS
    cost_columns = ("shown_base_cost",)
    list_display = (
        "picture",
        "both_names",
        "sku",
        "category",
        "brand",
        "price",
        "shown_accounting_for_sale",
        "shown_physical_for_sale",
        "states",
    )
    list_display_links = ("both_names",)
    list_filter = (
        StockFilter,
        "is_active",
        "is_hidden",
        "is_featured",
        RetiredFilter,
        PictureFilter,
        "kind",
        "product_type",
        "category",
    )
    list_select_related = ("category",)
    search_fields = ("search_text", "=zoho_id")
    search_help_text = PRODUCT_HELP
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
    inlines = (ProductImageInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        main = ProductImage.objects.order_by("-is_primary", "position", "pk")
        return super().get_queryset(request).prefetch_related(Prefetch("images", queryset=main))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(is_found_by(search_term) | Q(zoho_id=search_term.strip())), False

    @admin.display(description=_("image"))
    def picture(self, product: Product) -> SafeString | str:
        return next((small_picture(image.image) for image in product.images.all()), "")

    @admin.display(description=_("name"), ordering="name")
    def both_names(self, product: Product) -> SafeString | str:
        if not product.name_ar:
            return format_html("<bdi>{}</bdi>", product.name)
        return format_html('<bdi>{}</bdi><bdi class="name-second">{}</bdi>', product.name, product.name_ar)

    @admin.display(description=_("base price"), ordering="base_price")
    def price(self, product: Product) -> SafeString | str:
        return show_money(product.base_price, product.currency or settings.CATALOG_CURRENCY) or NOTHING

    @admin.display(description=_("state"))
    def states(self, product: Product) -> SafeString:
        told = (
            (product.retired_at is not None, _("gone from Zoho"), Tone.BAD),
            (not product.is_active, _("inactive"), Tone.QUIET),
            (product.is_hidden, _("hidden in the apps"), Tone.QUIET),
            (product.is_featured, _("featured"), Tone.GOOD),
            (product.is_low, pgettext_lazy("stock", "low"), Tone.WARNING),
        )
        return format_html_join(" ", "{}", ((badge(text, tone),) for holds, text, tone in told if holds))

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
