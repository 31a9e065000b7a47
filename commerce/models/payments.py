from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commerce.lengths import LINE, SHORT, WORD
from commerce.models.allocations import Allocation
from commerce.models.documents import AtWarehouse, D, PostedQuerySet
from tsh_erp.common.fields import CurrencyField, MoneyField, RateField
from tsh_erp.common.models import MirroredModel


class PaymentQuerySet(PostedQuerySet[D]):
    def numbered(self, typed: str) -> Self:
        """Payments with exactly this number, reference or Zoho id."""
        return self.filter(Q(number__iexact=typed) | Q(reference__iexact=typed) | Q(zoho_id=typed))


class Payment(AtWarehouse, MirroredModel):
    """Money that moved once; its allocations say what for."""

    number = models.CharField(_("number"), max_length=SHORT, blank=True, db_index=True)
    reference = models.CharField(_("reference"), max_length=LINE, blank=True)
    date = models.DateField(_("date"), null=True, blank=True, db_index=True)
    mode = models.CharField(pgettext_lazy("payment", "mode"), max_length=SHORT, blank=True)
    status = models.CharField(_("status"), max_length=WORD, blank=True, db_index=True)
    description = models.TextField(_("description"), blank=True)
    currency = CurrencyField(_("currency"))
    currency_zoho_id = models.CharField(_("Zoho id of the currency"), max_length=WORD, blank=True)
    exchange_rate = RateField(_("exchange rate"), null=True, blank=True)
    amount = MoneyField(_("amount"), null=True, blank=True)
    unused_amount = MoneyField(_("not applied"), null=True, blank=True)
    refunded = MoneyField(_("refunded"), null=True, blank=True)
    bank_charges = MoneyField(_("bank charges"), null=True, blank=True)
    tax_withheld = MoneyField(_("tax withheld"), null=True, blank=True)
    account_zoho_id = models.CharField(_("Zoho id of the account"), max_length=WORD, blank=True)
    account_name = models.CharField(_("account"), max_length=LINE, blank=True)
    custom_fields = models.JSONField(_("custom fields"), default=list, blank=True)
    zoho_created_at = models.DateTimeField(_("created in Zoho"), null=True, blank=True)
    zoho_modified_at = models.DateTimeField(_("modified in Zoho"), null=True, blank=True)

    objects: PaymentQuerySet[Self] = PaymentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number or self.reference or str(self.zoho_id or self.pk)


class CustomerPayment(Payment):
    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.PROTECT, related_name="payments", verbose_name=_("customer")
    )
    customer_name = models.CharField(_("name of the customer"), max_length=LINE, blank=True)

    class Meta:
        verbose_name = _("customer payment")
        verbose_name_plural = _("customer payments")
        ordering = ("-date", "-id")


class CustomerPaymentAllocation(Allocation):
    payment = models.ForeignKey(
        CustomerPayment, on_delete=models.CASCADE, related_name="allocations", verbose_name=_("payment")
    )
    invoice = models.ForeignKey(
        "commerce.Invoice", on_delete=models.PROTECT, related_name="payment_allocations", verbose_name=_("invoice")
    )

    class Meta:
        verbose_name = _("applied customer payment")
        verbose_name_plural = _("applied customer payments")
        ordering = ("payment_id", "position")


class VendorPayment(Payment):
    vendor = models.ForeignKey(
        "commerce.Vendor", on_delete=models.PROTECT, related_name="payments", verbose_name=_("vendor")
    )
    vendor_name = models.CharField(_("name of the vendor"), max_length=LINE, blank=True)

    class Meta:
        verbose_name = _("vendor payment")
        verbose_name_plural = _("vendor payments")
        ordering = ("-date", "-id")


class VendorPaymentAllocation(Allocation):
    payment = models.ForeignKey(
        VendorPayment, on_delete=models.CASCADE, related_name="allocations", verbose_name=_("payment")
    )
    bill = models.ForeignKey(
        "commerce.Bill", on_delete=models.PROTECT, related_name="payment_allocations", verbose_name=_("bill")
    )

    class Meta:
        verbose_name = _("applied vendor payment")
        verbose_name_plural = _("applied vendor payments")
        ordering = ("payment_id", "position")
