from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import list_link
from commerce.admin.documents import (
    ADDRESSES,
    CHECKS,
    MONEY,
    RECORD,
    TEXTS,
    AllocationAdmin,
    DocumentAdmin,
    LineAdmin,
)
from commerce.admin.shown import show_links
from commerce.admin.words import WordFilter, with_words
from commerce.models import (
    CreditNote,
    CreditNoteAllocation,
    CreditNoteLine,
    Invoice,
    InvoiceLine,
    PurchaseOrder,
    SalesOrder,
    SalesOrderLine,
)
from tsh_erp.admin_site.figures import with_figures

WHO = (("customer", "customer_name"), ("salesperson", "salesperson_name"), ("warehouse", "warehouse_name"))

admin.site.register([SalesOrderLine, InvoiceLine, CreditNoteLine], LineAdmin)


@admin.register(SalesOrder)
@with_words(SalesOrder, "order_status", "invoiced_status", "paid_status", "shipped_status")
class SalesOrderAdmin(DocumentAdmin):
    party = "customer"
    list_display = (
        "number",
        "date",
        "customer",
        "shown_status",
        "shown_invoiced_status",
        "shown_paid_status",
        "shown_shipped_status",
        "total_with_currency",
        "salesperson_name",
        "agrees",
        "retired_at",
    )
    list_filter = (
        ("status", WordFilter),
        ("invoiced_status", WordFilter),
        ("paid_status", WordFilter),
        ("shipped_status", WordFilter),
        *DocumentAdmin.list_filter[1:],
    )
    list_select_related = ("customer",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "reference"),
                    ("date", "shipment_date"),
                    (
                        "shown_status",
                        "shown_order_status",
                        "shown_invoiced_status",
                        "shown_paid_status",
                        "shown_shipped_status",
                    ),
                    *WHO,
                    ("delivery_method", "sales_channel"),
                    "documents",
                )
            },
        ),
        (_("Amounts"), {"fields": MONEY}),
        CHECKS,
        TEXTS,
        ADDRESSES,
        RECORD,
    )

    @admin.display(description=_("documents"))
    def documents(self, order: SalesOrder) -> SafeString:
        return show_links(
            list_link(model, model._meta.verbose_name_plural, sales_order__id__exact=order.pk)
            for model in (Invoice, PurchaseOrder)
        )


@admin.register(Invoice)
@with_figures(Invoice)
class InvoiceAdmin(DocumentAdmin):
    party = "customer"
    list_display = (
        "number",
        "date",
        "due_date",
        "customer",
        "shown_status",
        "total_with_currency",
        "balance_with_currency",
        "salesperson_name",
        "agrees",
        "retired_at",
    )
    list_select_related = ("customer",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "reference"),
                    ("date", "due_date", "payment_expected_date", "last_payment_date"),
                    "shown_status",
                    *WHO,
                    ("sales_order", "sales_order_name"),
                )
            },
        ),
        (
            _("Amounts"),
            {
                "fields": (
                    *MONEY,
                    ("shown_payments_applied", "shown_credits_applied", "shown_tax_withheld", "shown_write_off"),
                )
            },
        ),
        CHECKS,
        TEXTS,
        ADDRESSES,
        RECORD,
    )


@admin.register(CreditNote)
@with_figures(CreditNote)
class CreditNoteAdmin(DocumentAdmin):
    party = "customer"
    list_display = (
        "number",
        "date",
        "customer",
        "shown_status",
        "total_with_currency",
        "balance_with_currency",
        "agrees",
        "retired_at",
    )
    list_select_related = ("customer",)
    fieldsets = (
        (None, {"fields": (("number", "reference"), "date", "shown_status", *WHO)}),
        (_("Amounts"), {"fields": (*MONEY, ("shown_credits_used", "shown_refunded"))}),
        CHECKS,
        TEXTS,
        ADDRESSES,
        RECORD,
    )


@admin.register(CreditNoteAllocation)
class CreditNoteAllocationAdmin(AllocationAdmin):
    list_display = ("credit_note", "invoice", "shown_amount", "date")
    list_select_related = ("credit_note", "invoice")
    search_fields = ("credit_note__number", "invoice__number", "invoice__customer__name")
