from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import (
    MirroredAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
    RetiredFilter,
    list_link,
    shown_custom_fields,
)
from commerce.admin.shown import Section, show_links, show_money
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
from tsh_erp.admin_site.figures import with_figures

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
SEARCH = (
    "name",
    "name_ar",
    "company_name",
    "phone",
    "mobile",
    "email",
    "contactpersons__phone",
    "contactpersons__mobile",
    "=zoho_id",
)


@with_figures(CustomerBalance)
class CustomerBalanceInline(ReadOnlyInline):
    model = CustomerBalance
    show_change_link = False
    fields = (
        "currency",
        "shown_receivable",
        "shown_receivable_base",
        "shown_unused_credits",
        "shown_unused_credits_base",
    )
    readonly_fields = fields


@with_figures(VendorBalance)
class VendorBalanceInline(ReadOnlyInline):
    model = VendorBalance
    show_change_link = False
    fields = ("currency", "shown_payable", "shown_payable_base", "shown_unused_credits", "shown_unused_credits_base")
    readonly_fields = fields


class ContactPersonInline(ReadOnlyInline):
    model = ContactPerson
    show_change_link = False
    fields = ("salutation", "first_name", "last_name", "email", "phone", "mobile", "designation", "is_primary")


class ZohoAddressInline(ReadOnlyInline):
    model = ZohoAddress
    show_change_link = False
    fields = ("kind", "attention", "address", "street2", "city", "state", "zip", "country", "phone")


class PartyAdmin(MirroredAdmin):
    """A subclass says with which documents (`linked`, by `party`) and which balance column."""

    party = ""
    linked: tuple[Any, ...] = ()
    open_column = ""
    search_fields = SEARCH
    local_fields = ("name_ar", "local_notes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("balances")

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
    party = "customer"
    linked = (SalesOrder, Invoice, CreditNote, CustomerPayment)
    open_column = "receivable"
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
    list_filter = ("is_active", ("sub_type", WordFilter), "currency", "price_list", "salesperson", RetiredFilter)
    list_select_related = ("price_list",)
    inlines = (CustomerBalanceInline, ContactPersonInline, ZohoAddressInline)
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
class VendorAdmin(PartyAdmin):
    party = "vendor"
    linked = (PurchaseOrder, Bill, VendorCredit, VendorPayment)
    open_column = "payable"
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
    list_filter = ("is_active", "currency", RetiredFilter)
    inlines = (VendorBalanceInline, ContactPersonInline, ZohoAddressInline)
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
class VendorBalanceAdmin(ReadOnlyAdmin):
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
    list_filter = ("kind", "city")
    list_select_related = ("customer", "vendor")
    search_fields = ("address", "city", "phone", "customer__name", "vendor__name")
