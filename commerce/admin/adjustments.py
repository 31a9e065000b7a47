from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.costs import HidesCosts, may_see_costs
from catalog.admin.mirrored import ReadOnlyAdmin, ReadOnlyInline, RetiredFilter, shown_custom_fields
from commerce.admin.documents import show_product
from commerce.admin.words import WordFilter, with_words
from commerce.models import InventoryAdjustment, InventoryAdjustmentLine
from tsh_erp.admin_site.figures import with_figures

# Stock is corrected at what it cost.
LINE_COSTS = ("shown_value_adjusted", "shown_item_total")


@with_figures(InventoryAdjustmentLine)
class AdjustmentLineInline(ReadOnlyInline):
    model = InventoryAdjustmentLine
    show_change_link = False
    fields = (
        "shown_product",
        "description",
        "shown_quantity_adjusted",
        "unit",
        "shown_value_adjusted",
        "shown_item_total",
        "account_name",
        "warehouse_name",
    )
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in self.fields if name not in LINE_COSTS or may_see_costs(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[InventoryAdjustmentLine]:
        return super().get_queryset(request).select_related("product").order_by("position")

    @admin.display(description=_("product"))
    def shown_product(self, line: InventoryAdjustmentLine) -> SafeString | str:
        return show_product(line)


@admin.register(InventoryAdjustment)
@with_figures(InventoryAdjustment)
@with_words(InventoryAdjustment, "status", "type")
class InventoryAdjustmentAdmin(HidesCosts, ReadOnlyAdmin):
    cost_columns = ("shown_total",)
    date_hierarchy = "date"
    list_display = (
        "date",
        "reference",
        "reason",
        "shown_type",
        "warehouse_name",
        "shown_total",
        "shown_status",
        "retired_at",
    )
    list_display_links = ("date", "reference")
    list_filter = (("type", WordFilter), ("status", WordFilter), "warehouse", RetiredFilter)
    search_fields = ("reference", "reason", "description", "=zoho_id", "lines__product_name")
    inlines = (AdjustmentLineInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "date",
                    "reference",
                    ("shown_type", "shown_status"),
                    "reason",
                    "description",
                    ("warehouse", "warehouse_name"),
                    ("shown_total", "currency"),
                    "shown_custom_fields",
                )
            },
        ),
        (
            _("Record"),
            {
                "fields": (
                    "zoho_id",
                    ("zoho_created_at", "zoho_modified_at"),
                    "retired_at",
                    ("created_at", "updated_at"),
                )
            },
        ),
    )
    readonly_fields = ("shown_total", "shown_custom_fields", "zoho_id", "retired_at", "created_at", "updated_at")

    @admin.display(description=_("custom fields"))
    def shown_custom_fields(self, adjustment: InventoryAdjustment) -> SafeString | str:
        return shown_custom_fields(adjustment.custom_fields)


@admin.register(InventoryAdjustmentLine)
@with_figures(InventoryAdjustmentLine)
class InventoryAdjustmentLineAdmin(HidesCosts, ReadOnlyAdmin):
    cost_columns = LINE_COSTS
    list_display = (
        "document",
        "position",
        "shown_product",
        "shown_quantity_adjusted",
        "unit",
        "shown_value_adjusted",
        "warehouse_name",
    )
    list_filter = (("product", admin.EmptyFieldListFilter),)
    list_select_related = ("document", "product")
    search_fields = ("document__reference", "product_name", "=product_zoho_id")
    ordering = ("-document_id", "position")

    @admin.display(description=_("product"), ordering="product_name")
    def shown_product(self, line: InventoryAdjustmentLine) -> SafeString | str:
        return show_product(line)
