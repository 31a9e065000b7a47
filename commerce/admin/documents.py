"""What the pages of all documents, lines and allocations have in common. Nothing here can be changed by anyone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.admin.costs import HidesCosts
from catalog.admin.mirrored import ReadOnlyAdmin, RetiredFilter, shown_custom_fields
from commerce.admin.document_panels import hides_money
from commerce.admin.printing import print_document
from commerce.admin.searching import PaperSearch
from commerce.admin.shown import Section, show_address
from commerce.admin.words import WordFilter, with_words
from commerce.models import Currency
from commerce.models.allocations import Allocation
from commerce.models.documents import NOT_POSTED, Document, DocumentLine
from tsh_erp.admin_site.figures import show_money, with_figures
from tsh_erp.admin_site.periods import PeriodFilter

USUAL_CURRENCIES = ("IQD", "USD")  # offered before Zoho's list of currencies has come


class CurrencyFilter(admin.SimpleListFilter):
    title = _("currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = Currency.objects.filter(retired_at__isnull=True).values_list("code", flat=True)
        return [(code, code) for code in sorted({*USUAL_CURRENCIES, *known} - {""})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(currency=self.value()) if self.value() else queryset


class OpenFilter(admin.SimpleListFilter):
    """Whether something is still owed; overdue is known of documents with a due date only."""

    title = _("payment")
    parameter_name = "payment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        overdue = [("overdue", _("overdue"))] if _is_due(model_admin.model) else []
        return [("open", _("open")), *overdue]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("open", "overdue"):
            return queryset
        rows: Any = queryset.model._default_manager.all()
        is_overdue = self.value() == "overdue" and _is_due(queryset.model)
        rows = rows.overdue(timezone.localdate()) if is_overdue else rows.open()
        return queryset.filter(pk__in=rows.order_by().values("pk"))


class PostedFilter(admin.SimpleListFilter):
    """Whether a document counts."""

    title = _("in the books")
    parameter_name = "posted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("it counts")), ("no", _("draft, void or deleted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: Any = queryset
        if self.value() == "no":
            return queryset.filter(Q(retired_at__isnull=False) | Q(status__in=NOT_POSTED))
        return rows.posted() if self.value() == "yes" else queryset


def _is_due(model: type[Model]) -> bool:
    return any(column.name == "due_date" for column in model._meta.get_fields())


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
PURCHASE_MONEY = (
    *(name for row in MONEY for name in row if name not in ("currency", "shown_exchange_rate")),
    "shown_identity_gap",
    "shown_balance_gap",
    "total_with_currency",
    "balance_with_currency",
    "agrees",
)
PURCHASE_LINE_MONEY = ("shown_rate", "discount", "shown_discount_amount", "shown_item_total")
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
class DocumentAdmin(HidesCosts, PaperSearch, ReadOnlyAdmin):
    """A subclass names the columns of the other party (`party`) and of its own."""

    list_filter: ClassVar[tuple[Any, ...]] = (
        ("status", WordFilter),
        PostedFilter,
        OpenFilter,
        ("date", PeriodFilter),
        CurrencyFilter,
        IdentityFilter,
        RetiredFilter,
    )
    ordering = ("-date", "-id")

    def get_urls(self) -> list[URLPattern]:
        name = f"commerce_{self.opts.model_name}_print"
        page = path("<int:pk>/print/", self.admin_site.admin_view(self.print_page), name=name)
        return [page, *super().get_urls()]

    def page_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        if hides_money(request, row):
            return []
        return [(gettext("Print"), reverse(f"admin:commerce_{self.opts.model_name}_print", args=[row.pk]))]

    def print_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The document as it is printed and handed over."""
        if not self.has_view_permission(request) or hides_money(request, self.model()):
            raise PermissionDenied
        document = get_object_or_404(self.get_queryset(request).select_related(self.party), pk=pk)
        return print_document(request, document)

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
class LineAdmin(HidesCosts, ReadOnlyAdmin):
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
class AllocationAdmin(HidesCosts, ReadOnlyAdmin):
    """A subclass names giver and receiver."""

    ordering = ("-id",)
