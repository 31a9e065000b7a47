from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.mirrored import list_link
from commerce.admin.documents import (
    ADDRESSES,
    CHECKS,
    MONEY,
    PURCHASE_LINE_MONEY,
    PURCHASE_MONEY,
    RECORD,
    TEXTS,
    AllocationAdmin,
    DocumentAdmin,
    LineAdmin,
)
from commerce.admin.words import WordFilter, with_words
from commerce.models import (
    Bill,
    BillLine,
    PurchaseOrder,
    PurchaseOrderLine,
    VendorCredit,
    VendorCreditAllocation,
    VendorCreditLine,
)
from tsh_erp.admin_site.figures import with_figures

WHO = (("vendor", "vendor_name"), ("warehouse", "warehouse_name"))


@admin.register(BillLine, PurchaseOrderLine, VendorCreditLine)
class PurchaseLineAdmin(LineAdmin):
    cost_columns = PURCHASE_LINE_MONEY


@admin.register(Bill)
@with_figures(Bill)
class BillAdmin(DocumentAdmin):
    party = "vendor"
    cost_columns = (
        *PURCHASE_MONEY,
        "shown_payments_applied",
        "shown_credits_applied",
        "shown_tax_withheld",
        "shown_write_off",
    )
    list_display = (
        "number",
        "date",
        "due_date",
        "vendor",
        "shown_status",
        "total_with_currency",
        "balance_with_currency",
        "agrees",
        "retired_at",
    )
    list_select_related = ("vendor",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "reference"),
                    ("date", "due_date"),
                    "shown_status",
                    *WHO,
                    ("purchase_order", "purchase_order_name"),
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


@admin.register(PurchaseOrder)
@with_words(PurchaseOrder, "order_status", "received_status", "billed_status")
class PurchaseOrderAdmin(DocumentAdmin):
    party = "vendor"
    cost_columns = PURCHASE_MONEY
    list_display = (
        "number",
        "date",
        "delivery_date",
        "vendor",
        "shown_status",
        "shown_received_status",
        "shown_billed_status",
        "total_with_currency",
        "agrees",
        "retired_at",
    )
    list_filter = (
        ("status", WordFilter),
        ("received_status", WordFilter),
        ("billed_status", WordFilter),
        *DocumentAdmin.list_filter[1:],
    )
    list_select_related = ("vendor",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "reference"),
                    ("date", "delivery_date", "expected_delivery_date"),
                    ("shown_status", "shown_order_status", "shown_received_status", "shown_billed_status"),
                    *WHO,
                    ("delivery_method", "attention"),
                    ("sales_order", "sales_order_name"),
                    "bills",
                )
            },
        ),
        (_("Amounts"), {"fields": MONEY}),
        CHECKS,
        TEXTS,
        ADDRESSES,
        RECORD,
    )

    @admin.display(description=_("bills"))
    def bills(self, order: PurchaseOrder) -> SafeString:
        return list_link(Bill, _("bills"), purchase_order__id__exact=order.pk)


@admin.register(VendorCredit)
@with_figures(VendorCredit)
class VendorCreditAdmin(DocumentAdmin):
    party = "vendor"
    cost_columns = (*PURCHASE_MONEY, "shown_credits_used", "shown_refunded")
    list_display = (
        "number",
        "date",
        "vendor",
        "shown_status",
        "total_with_currency",
        "balance_with_currency",
        "agrees",
        "retired_at",
    )
    list_select_related = ("vendor",)
    fieldsets = (
        (None, {"fields": (("number", "reference"), "date", "shown_status", *WHO)}),
        (_("Amounts"), {"fields": (*MONEY, ("shown_credits_used", "shown_refunded"))}),
        CHECKS,
        TEXTS,
        ADDRESSES,
        RECORD,
    )


@admin.register(VendorCreditAllocation)
class VendorCreditAllocationAdmin(AllocationAdmin):
    cost_columns = ("shown_amount", "shown_tax_withheld")
    list_display = ("vendor_credit", "bill", "shown_amount", "date")
    list_select_related = ("vendor_credit", "bill")
    search_fields = ("vendor_credit__number", "bill__number", "bill__vendor__name")
