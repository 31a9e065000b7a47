from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.costs import SEE_COSTS, HidesCosts
from catalog.admin.mirrored import (
    MirroredAdmin,
    ReadOnlyAdmin,
    RetiredFilter,
    list_link,
    shown_custom_fields,
)
from commerce.admin.accounts import print_statement, show_ageing
from commerce.admin.documents import CurrencyFilter
from commerce.admin.exchange import CustomerColumns, VendorColumns
from commerce.admin.searching import PartySearch
from commerce.admin.shown import Section, show_links
from commerce.admin.words import WordFilter, with_words
from commerce.models import (
    Bill,
    ContactPerson,
    CreditNote,
    Customer,
    CustomerBalance,
    CustomerPayment,
    Invoice,
    PurchaseOrder,
    SalesOrder,
    Vendor,
    VendorBalance,
    VendorCredit,
    VendorPayment,
    ZohoAddress,
)
from commerce.services.parties import edit_party
from commerce.values import LocalPartyFields
from tsh_erp.admin_site.exchange import ExchangeAdmin
from tsh_erp.admin_site.figures import show_money, with_figures

NAMES: Section = (
    None,
    {
        "fields": (
            ("name", "company_name"),
            ("first_name", "last_name", "legal_name"),
            ("email", "phone", "mobile"),
            ("website", "language"),
            "is_active",
            "documents",
        )
    },
)
OURS: Section = (_("Ours"), {"fields": ("name_ar", "local_notes")})
TAX: Section = (
    _("Tax"),
    {"fields": (("is_taxable", "tax_name", "shown_tax_percentage"), ("tax_treatment", "tax_number", "place"))},
)
RECORD: Section = (
    _("Record"),
    {
        "fields": (
            "notes",
            "shown_custom_fields",
            "zoho_id",
            ("zoho_created_at", "zoho_modified_at"),
            "retired_at",
            ("created_at", "updated_at"),
        )
    },
)


class PartyAdmin(PartySearch, ExchangeAdmin, MirroredAdmin):
    """A subclass says with which documents (`linked`, by `party`) and which balance column.

    Its account is shown to who may see all of `papers` and has `account_permissions` too.
    """

    party = ""
    linked: tuple[Any, ...] = ()
    open_column = ""
    local_fields = ("name_ar", "local_notes")

    papers: tuple[str, ...] = ()
    account_permissions: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("balances")

    def get_urls(self) -> list[URLPattern]:
        name = f"commerce_{self.opts.model_name}"
        return [
            path("ageing/", self.admin_site.admin_view(self.ageing_page), name=f"{name}_ageing"),
            path("<int:pk>/statement/", self.admin_site.admin_view(self.statement_page), name=f"{name}_statement"),
            *super().get_urls(),
        ]

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if not self._may_see_papers(request):
            return []
        name = f"admin:commerce_{self.opts.model_name}_statement"
        return [(gettext("Statement of account"), reverse(name, args=[row.pk]))]

    def list_tools(self, request: HttpRequest) -> list[tuple[str, str]]:
        tools = super().list_tools(request)
        if not self._may_see_papers(request):
            return tools
        return [*tools, (gettext("Ageing"), reverse(f"admin:commerce_{self.opts.model_name}_ageing"))]

    def statement_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self._may_see_papers(request):
            raise PermissionDenied
        party = get_object_or_404(self.get_queryset(request), pk=pk)
        return print_statement(request, party)

    def ageing_page(self, request: HttpRequest) -> HttpResponse:
        if not self._may_see_papers(request):
            raise PermissionDenied
        return show_ageing(request, self.model, self.admin_site.each_context(request))

    def _may_see_papers(self, request: HttpRequest) -> bool:
        """Whether this person sees all that an account is made of; a part of it would be a wrong account."""
        return self.has_view_permission(request) and request.user.has_perms(
            [*(f"commerce.view_{name}" for name in self.papers), *self.account_permissions]
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        """What is open stands in a table of its own, with a permission of its own."""
        columns = super().get_list_display(request)
        needed = (f"commerce.view_{self.opts.model_name}balance", *self.account_permissions)
        return columns if request.user.has_perms(needed) else [name for name in columns if name != "open_balance"]

    @admin.display(description=_("open balance"))
    def open_balance(self, party: Any) -> SafeString:
        shown = (show_money(getattr(row, self.open_column), row.currency) for row in party.balances.all())
        return format_html_join("", "<div>{}</div>", ((text,) for text in shown if text))

    @admin.display(description=_("documents"))
    def documents(self, party: Any) -> SafeString:
        links = (
            list_link(model, model._meta.verbose_name_plural, **{f"{self.party}__id__exact": party.pk})
            for model in self.linked
        )
        return show_links(links)

    @admin.display(description=_("custom fields"))
    def shown_custom_fields(self, party: Any) -> SafeString | str:
        return shown_custom_fields(party.custom_fields)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        fields = LocalPartyFields(name_ar=form.cleaned_data["name_ar"], local_notes=form.cleaned_data["local_notes"])
        edit_party(type(obj), obj.pk, fields, at=timezone.now())


@admin.register(Customer)
@with_figures(Customer)
@with_words(Customer, "sub_type")
class CustomerAdmin(PartyAdmin):
    resource_classes = (CustomerColumns,)
    party = "customer"
    linked = (SalesOrder, Invoice, CreditNote, CustomerPayment)
    open_column = "receivable"
    papers = ("invoice", "creditnote", "customerpayment")
    list_display = (
        "name",
        "name_ar",
        "company_name",
        "phone",
        "mobile",
        "open_balance",
        "shown_credit_limit",
        "price_list",
        "salesperson_name",
        "is_active",
        "retired_at",
    )
    list_filter = ("is_active", ("sub_type", WordFilter), CurrencyFilter, "price_list", "salesperson", RetiredFilter)
    list_select_related = ("price_list",)
    fieldsets = (
        NAMES,
        OURS,
        (
            _("Trade"),
            {
                "fields": (
                    ("shown_sub_type", "currency"),
                    ("payment_terms", "payment_terms_label"),
                    ("shown_credit_limit", "shown_opening_balance"),
                    ("price_list", "price_list_name"),
                    ("salesperson", "salesperson_name"),
                )
            },
        ),
        TAX,
        RECORD,
    )


@admin.register(Vendor)
@with_figures(Vendor)
class VendorAdmin(HidesCosts, PartyAdmin):
    cost_columns = ("shown_opening_balance",)
    resource_classes = (VendorColumns,)
    party = "vendor"
    linked = (PurchaseOrder, Bill, VendorCredit, VendorPayment)
    open_column = "payable"
    papers = ("bill", "vendorcredit", "vendorpayment")
    account_permissions = (SEE_COSTS,)  # it tells what each bill comes to
    list_display = (
        "name",
        "name_ar",
        "company_name",
        "phone",
        "mobile",
        "currency",
        "open_balance",
        "is_active",
        "retired_at",
    )
    list_filter = ("is_active", CurrencyFilter, RetiredFilter)
    fieldsets = (
        NAMES,
        OURS,
        (
            _("Trade"),
            {"fields": ("currency", ("payment_terms", "payment_terms_label"), "shown_opening_balance")},
        ),
        TAX,
        RECORD,
    )


@admin.register(CustomerBalance)
@with_figures(CustomerBalance)
class CustomerBalanceAdmin(ReadOnlyAdmin):
    list_display = ("customer", "currency", "shown_receivable", "shown_unused_credits")
    list_filter = ("currency",)
    list_select_related = ("customer",)
    search_fields = ("customer__name", "customer__name_ar", "=customer__zoho_id")


@admin.register(VendorBalance)
@with_figures(VendorBalance)
class VendorBalanceAdmin(HidesCosts, ReadOnlyAdmin):
    cost_columns = ("shown_payable", "payable_base", "shown_unused_credits", "unused_credits_base")
    list_display = ("vendor", "currency", "shown_payable", "shown_unused_credits")
    list_filter = ("currency",)
    list_select_related = ("vendor",)
    search_fields = ("vendor__name", "vendor__name_ar", "=vendor__zoho_id")


@admin.register(ContactPerson)
class ContactPersonAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "customer", "vendor", "email", "phone", "mobile", "is_primary")
    list_filter = ("is_primary",)
    list_select_related = ("customer", "vendor")
    search_fields = ("first_name", "last_name", "email", "phone", "mobile", "customer__name", "vendor__name")


@admin.register(ZohoAddress)
class ZohoAddressAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "customer", "vendor", "city", "country", "phone")
    list_filter = ("kind",)
    list_select_related = ("customer", "vendor")
    search_fields = ("address", "city", "phone", "customer__name", "vendor__name")
