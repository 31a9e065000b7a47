from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import ReadOnlyAdmin, RetiredFilter, list_link
from catalog.admin.searching import FoundByProduct
from catalog.models import Freshness, StockLedgerEntry, StockLevel, Warehouse
from tsh_erp.admin_site.figures import with_figures


@admin.register(Warehouse)
class WarehouseAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "city", "is_primary", "is_active", "levels", "retired_at")
    list_filter = ("is_active", RetiredFilter, "is_primary")
    search_fields = ("name", "city", "=zoho_id")
    fieldsets = (
        (None, {"fields": ("name", ("kind", "is_primary", "is_active"), "levels", "movements")}),
        (
            _("Address"),
            {"fields": ("attention", "street", "street2", ("city", "state"), ("postal_code", "country"))},
        ),
        (_("Contact"), {"fields": (("phone", "email"),)}),
        (
            _("Record"),
            {"fields": (("zoho_id", "parent_zoho_id"), "retired_at", ("created_at", "updated_at"))},
        ),
    )
    readonly_fields = ("levels", "movements", "zoho_id", "retired_at", "created_at", "updated_at")

    @admin.display(description=_("stock levels"))
    def levels(self, warehouse: Warehouse) -> SafeString:
        return list_link(StockLevel, _("stock levels"), warehouse__id__exact=warehouse.pk)

    @admin.display(description=_("stock ledger"))
    def movements(self, warehouse: Warehouse) -> SafeString:
        return list_link(StockLedgerEntry, _("movements in this warehouse"), warehouse__id__exact=warehouse.pk)


class OnHandFilter(admin.SimpleListFilter):
    """What a level says by the stock of accounting."""

    title = _("on hand (accounting)")
    parameter_name = "on_hand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("some", _("in stock")),
            ("none", _("nothing")),
            ("negative", _("negative")),
            ("unknown", _("not known")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[StockLevel]) -> QuerySet[StockLevel]:
        wanted = {
            "some": Q(accounting_on_hand__gt=0),
            "none": Q(accounting_on_hand=0),
            "negative": Q(accounting_on_hand__lt=0),
            "unknown": Q(accounting_on_hand__isnull=True),
        }.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


@admin.register(StockLevel)
@with_figures(StockLevel)
class StockLevelAdmin(FoundByProduct, ReadOnlyAdmin):
    list_display = (
        "product",
        "warehouse",
        "shown_accounting_on_hand",
        "shown_accounting_committed",
        "shown_accounting_for_sale",
        "shown_physical_on_hand",
        "shown_physical_committed",
        "shown_physical_for_sale",
        "updated_at",
    )
    list_filter = ("warehouse", OnHandFilter)
    list_select_related = ("product", "warehouse")
    readonly_fields = ("created_at", "updated_at", "movements")

    @admin.display(description=_("stock ledger"))
    def movements(self, level: StockLevel) -> SafeString:
        return list_link(
            StockLedgerEntry,
            _("movements of this level"),
            product__id__exact=level.product_id,
            warehouse__id__exact=level.warehouse_id,
        )


@admin.register(StockLedgerEntry)
@with_figures(StockLedgerEntry)
class StockLedgerEntryAdmin(FoundByProduct, ReadOnlyAdmin):
    list_display = (
        "occurred_at",
        "product",
        "warehouse",
        "measure",
        "shown_delta",
        "shown_balance_after",
        "reason",
        "source",
    )
    list_filter = ("measure", "reason", "warehouse", "occurred_at")
    list_select_related = ("product", "warehouse")


@admin.register(Freshness)
class FreshnessAdmin(ReadOnlyAdmin):
    list_display = ("subject", "version", "updated_at")
