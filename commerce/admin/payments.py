from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from catalog.admin.costs import HidesCosts
from catalog.admin.mirrored import ReadOnlyAdmin, RetiredFilter, shown_custom_fields
from commerce.admin.documents import AllocationAdmin, CurrencyFilter
from commerce.admin.searching import PaperSearch
from commerce.admin.words import WordFilter, with_words
from commerce.models import CustomerPayment, CustomerPaymentAllocation, VendorPayment, VendorPaymentAllocation
from commerce.models.payments import Payment
from tsh_erp.admin_site.figures import show_money, with_figures
from tsh_erp.admin_site.periods import PeriodFilter


@with_figures(Payment)
@with_words(Payment, "status", "mode")
class PaymentAdmin(HidesCosts, PaperSearch, ReadOnlyAdmin):
    """A subclass says who paid or was paid (`party`)."""

    list_filter = (("date", PeriodFilter), ("status", WordFilter), ("mode", WordFilter), CurrencyFilter, RetiredFilter)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.without_costs(request, self._fieldsets())

    def _fieldsets(self) -> Any:
        return (
            (
                None,
                {
                    "fields": (
                        ("number", "reference"),
                        "date",
                        ("shown_mode", "shown_status"),
                        (self.party, f"{self.party}_name"),
                        "account_name",
                        "warehouse_name",
                        "description",
                    )
                },
            ),
            (
                _("Amounts"),
                {
                    "fields": (
                        ("currency", "shown_exchange_rate"),
                        ("shown_amount", "shown_unused_amount", "shown_refunded"),
                        ("shown_bank_charges", "shown_tax_withheld"),
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
                        "shown_custom_fields",
                    )
                },
            ),
        )

    readonly_fields = (
        "shown_exchange_rate",
        "shown_amount",
        "shown_unused_amount",
        "shown_refunded",
        "shown_bank_charges",
        "shown_tax_withheld",
        "shown_custom_fields",
        "zoho_id",
        "retired_at",
        "created_at",
        "updated_at",
    )

    @admin.display(description=_("amount"), ordering="amount")
    def amount_with_currency(self, payment: Payment) -> SafeString | None:
        return show_money(payment.amount, payment.currency)

    @admin.display(description=_("custom fields"))
    def shown_custom_fields(self, payment: Payment) -> SafeString | str:
        return shown_custom_fields(payment.custom_fields)


@admin.register(CustomerPayment)
class CustomerPaymentAdmin(PaymentAdmin):
    party = "customer"
    list_display = (
        "number",
        "date",
        "customer",
        "shown_mode",
        "amount_with_currency",
        "shown_unused_amount",
        "reference",
        "shown_status",
        "retired_at",
    )
    list_select_related = ("customer",)
    list_display_links = ("number", "date")


@admin.register(VendorPayment)
class VendorPaymentAdmin(PaymentAdmin):
    party = "vendor"
    cost_columns = (
        "amount_with_currency",
        "shown_amount",
        "shown_unused_amount",
        "shown_refunded",
        "shown_bank_charges",
        "shown_tax_withheld",
    )
    list_display = (
        "number",
        "date",
        "vendor",
        "shown_mode",
        "amount_with_currency",
        "shown_unused_amount",
        "reference",
        "shown_status",
        "retired_at",
    )
    list_select_related = ("vendor",)
    list_display_links = ("number", "date")


@admin.register(CustomerPaymentAllocation)
class CustomerPaymentAllocationAdmin(AllocationAdmin):
    list_display = ("payment", "invoice", "shown_amount", "shown_tax_withheld")
    list_select_related = ("payment", "invoice")
    search_fields = ("payment__number", "payment__reference", "invoice__number", "invoice__customer__name")


@admin.register(VendorPaymentAllocation)
class VendorPaymentAllocationAdmin(AllocationAdmin):
    cost_columns = ("shown_amount", "shown_tax_withheld")
    list_display = ("payment", "bill", "shown_amount", "shown_tax_withheld")
    list_select_related = ("payment", "bill")
    search_fields = ("payment__number", "payment__reference", "bill__number", "bill__vendor__name")
