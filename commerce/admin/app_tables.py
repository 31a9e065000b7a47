"""The remaining tables of the apps: looked at to understand what happened, written by services only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.searching import FoundByProduct
from commerce.models import BestSeller, IdempotencyKey, PromotionUse
from tsh_erp.admin_site.display import NOTHING
from tsh_erp.admin_site.figures import show_money, with_figures
from tsh_erp.admin_site.read_only import GrowingTableAdmin


@admin.register(PromotionUse)
class PromotionUseAdmin(GrowingTableAdmin):
    list_display = ("order", "promotion", "customer", "code", "taken_off", "used_at", "returned_at")
    list_filter = (("returned_at", admin.EmptyFieldListFilter), "used_at")
    list_select_related = ("order", "promotion", "customer")
    search_fields = ("=order__number", "=code")

    @admin.display(description=_("amount"))
    def taken_off(self, use: PromotionUse) -> SafeString | str:
        return show_money(use.amount, use.currency) or NOTHING


@admin.register(BestSeller)
@with_figures(BestSeller)
class BestSellerAdmin(FoundByProduct, GrowingTableAdmin):
    list_display = ("rank", "product", "shown_quantity", "orders", "computed_at")
    list_select_related = ("product",)
    ordering = ("rank",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(GrowingTableAdmin):
    """Requests that must have one effect. Answers are left out: they are the caller's."""

    list_display = ("created_at", "principal", "route", "key", "status", "expires_at")
    list_filter = ("status", "created_at")
    search_fields = ("=key", "=principal")
    heavy = ("body",)
    exclude = ("body", "token")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [column.name for column in self.opts.concrete_fields if column.name not in self.exclude]
