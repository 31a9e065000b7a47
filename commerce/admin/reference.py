from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import MirroredAdmin, ReadOnlyAdmin, ReadOnlyInline, RetiredFilter, list_link
from commerce.admin.shown import show_links
from commerce.admin.words import WordFilter, with_words
from commerce.models import Currency, Customer, ExchangeRate, Invoice, SalesOrder, Tax, ZohoUser
from commerce.services.users import link_login
from tsh_erp.admin_site.figures import with_figures


@with_figures(ExchangeRate)
class ExchangeRateInline(ReadOnlyInline):
    model = ExchangeRate
    show_change_link = False
    fields = ("shown_rate", "effective_date", "recorded_at")
    readonly_fields = fields


@admin.register(Currency)
@with_figures(Currency)
class CurrencyAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "symbol", "shown_exchange_rate", "effective_date", "is_base", "retired_at")
    list_filter = ("is_base", RetiredFilter)
    search_fields = ("code", "name", "=zoho_id")
    inlines = (ExchangeRateInline,)


@admin.register(ExchangeRate)
@with_figures(ExchangeRate)
class ExchangeRateAdmin(ReadOnlyAdmin):
    list_display = ("currency", "shown_rate", "effective_date", "recorded_at")
    list_filter = ("currency",)
    list_select_related = ("currency",)
    search_fields = ("currency__code",)


@admin.register(Tax)
@with_figures(Tax)
@with_words(Tax, "type")
class TaxAdmin(ReadOnlyAdmin):
    list_display = ("name", "shown_percentage", "shown_type", "is_default", "is_value_added", "is_active", "retired_at")
    list_filter = (("type", WordFilter), "is_active", RetiredFilter)
    search_fields = ("name", "authority_name", "=zoho_id")


@admin.register(ZohoUser)
@with_words(ZohoUser, "status", "role")
class ZohoUserAdmin(MirroredAdmin):
    list_display = ("name", "email", "shown_role", "shown_status", "login", "retired_at")
    list_filter = (("status", WordFilter), ("role", WordFilter), ("login", admin.EmptyFieldListFilter), RetiredFilter)
    list_select_related = ("login",)
    search_fields = ("name", "email", "=zoho_id")
    raw_id_fields = ("login",)
    local_fields = ("login",)
    fieldsets = (
        (None, {"fields": ("name", "email", "shown_role", "kind", "shown_status", "documents")}),
        (_("Ours"), {"fields": ("login",)}),
        (_("Record"), {"fields": ("zoho_id", "zoho_created_at", "retired_at", ("created_at", "updated_at"))}),
    )

    @admin.display(description=_("documents"))
    def documents(self, user: ZohoUser) -> SafeString:
        links = (
            list_link(model, model._meta.verbose_name_plural, salesperson__id__exact=user.pk)
            for model in (Customer, SalesOrder, Invoice)
        )
        return show_links(links)

    def save_model(self, request: HttpRequest, obj: ZohoUser, form: ModelForm[Any], change: bool) -> None:
        link_login(obj.pk, form.cleaned_data["login"], at=timezone.now())
