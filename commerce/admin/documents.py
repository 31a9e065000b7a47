"""What the pages of all documents, lines and allocations have in common. Nothing here can be changed by anyone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import ReadOnlyAdmin, ReadOnlyInline, RetiredFilter, shown_custom_fields
from commerce.admin.shown import Section, show_address, show_money
from commerce.admin.words import WordFilter, with_words
from commerce.models.allocations import Allocation
from commerce.models.documents import Document, DocumentLine
from tsh_erp.admin_site.figures import with_figures

CUSTOMER_SEARCH = (
    "customer_name",
    "customer__name",
    "customer__name_ar",
    "customer__company_name",
    "customer__phone",
    "customer__mobile",
)
VENDOR_SEARCH = (
    "vendor_name",
    "vendor__name",
    "vendor__name_ar",
    "vendor__company_name",
    "vendor__phone",
    "vendor__mobile",
)


class IdentityFilter(admin.SimpleListFilter):
    """Do the figures of a document agree with each other?"""

    title = _("figures")
    parameter_name = "identity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("holds", _("agree")), ("gap", _("disagree")), ("unchecked", _("not checked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        total, balance = Q(identity_gap__isnull=False), Q(balance_gap__isnull=False)
        gap = (total & ~Q(identity_gap=0)) | (balance & ~Q(balance_gap=0))
        wanted = {"holds": (total | balance) & ~gap, "gap": gap, "unchecked": ~total & ~balance}
        return queryset.filter(wanted[self.value() or ""]) if self.value() in wanted else queryset


MONEY = (
    ("currency", "shown_exchange_rate"),
    ("shown_sub_total", "discount", "shown_discount_amount", "shown_discount_type"),
    ("shown_tax_total", "shown_taxes", "is_inclusive_tax", "is_discount_before_tax"),
    ("shown_shipping_charge", "shown_adjustment", "adjustment_description", "shown_rounding"),
    ("shown_total", "shown_balance"),
)
CHECKS: Section = (_("Check of the figures"), {"fields": (("shown_identity_gap", "shown_balance_gap"),)})
TEXTS: Section = (
    _("Terms and notes"),
    {"fields": ("payment_terms", "payment_terms_label", "terms", "notes", "shown_custom_fields")},
)
ADDRESSES: Section = (_("Addresses"), {"fields": (("shown_billing_address", "shown_shipping_address"),)})
RECORD: Section = (
    _("Record"),
    {
        "fields": (
            "zoho_id",
            ("zoho_created_at", "zoho_modified_at"),
            ("voided_at", "retired_at"),
            ("created_at", "updated_at"),
        )
    },
)


@with_figures(Document)
@with_words(Document, "status", "discount_type")
class DocumentAdmin(ReadOnlyAdmin):
    """A subclass names the columns of the other party and of its own."""

    date_hierarchy = "date"
    list_filter: ClassVar[tuple[Any, ...]] = (("status", WordFilter), "currency", IdentityFilter, RetiredFilter)
    ordering = ("-date", "-id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything on the page: what is no column must be named as read-only."""
        names: list[str] = []
        for _title, options in self.fieldsets or ():
            for name in options["fields"]:
                names.extend([name] if isinstance(name, str) else name)
        return names

    @admin.display(description=_("total"), ordering="total")
    def total_with_currency(self, document: Document) -> SafeString | None:
        return show_money(document.total, document.currency)

    @admin.display(description=_("balance"), ordering="balance")
    def balance_with_currency(self, document: Document) -> SafeString | None:
        return show_money(document.balance, document.currency)

    @admin.display(description=_("figures agree"), boolean=True)
    def agrees(self, document: Document) -> bool | None:
        gaps = [gap for gap in (document.identity_gap, document.balance_gap) if gap is not None]
        return not any(gaps) if gaps else None

    @admin.display(description=_("taxes"))
    def shown_taxes(self, document: Document) -> SafeString | str:
        return format_html_join(
            "", "<div><bdi>{}</bdi>: <bdi>{}</bdi></div>", ((tax["name"], tax["amount"]) for tax in document.taxes)
        )

    @admin.display(description=_("billing address"))
    def shown_billing_address(self, document: Document) -> SafeString | str:
        return show_address(document.billing_address)

    @admin.display(description=_("shipping address"))
    def shown_shipping_address(self, document: Document) -> SafeString | str:
        return show_address(document.shipping_address)

    @admin.display(description=_("custom fields"))
    def shown_custom_fields(self, document: Document) -> SafeString | str:
        return shown_custom_fields(document.custom_fields)


def show_product(row: Any) -> SafeString | str:
    """The product of a line with a link to it, or the name that Zoho gave while it is not here."""
    if row.product is None:
        return row.product_name or "—"
    return format_html(
        '<a href="{}"><bdi>{}</bdi></a>', reverse("admin:catalog_product_change", args=[row.product_id]), row.product
    )


@with_figures(DocumentLine)
class LineInline(ReadOnlyInline):
    fields: ClassVar[tuple[str, ...]] = (
        "shown_product",
        "description",
        "shown_quantity",
        "unit",
        "shown_rate",
        "discount",
        "tax_name",
        "shown_item_total",
        "warehouse_name",
    )
    show_change_link = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("product").order_by("position")

    @admin.display(description=_("product"))
    def shown_product(self, line: DocumentLine) -> SafeString | str:
        return show_product(line)


@with_figures(DocumentLine)
class LineAdmin(ReadOnlyAdmin):
    list_display = (
        "document",
        "position",
        "shown_product",
        "shown_quantity",
        "unit",
        "shown_rate",
        "discount",
        "shown_item_total",
        "warehouse_name",
    )
    list_filter = (("product", admin.EmptyFieldListFilter),)
    list_select_related = ("document", "product")
    search_fields = ("document__number", "product_name", "sku", "=product_zoho_id")
    ordering = ("-document_id", "position")

    @admin.display(description=_("product"), ordering="product_name")
    def shown_product(self, line: DocumentLine) -> SafeString | str:
        return show_product(line)


@with_figures(Allocation)
class AllocationInline(ReadOnlyInline):
    """`others` are the columns of both sides; the one of the page itself leaves its own out."""

    show_change_link = False
    others: tuple[str, ...] = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.others, "shown_amount", "shown_tax_withheld", "date"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.others).order_by("pk")


@with_figures(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    """A subclass names giver and receiver."""

    ordering = ("-id",)
