from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.models.allocations import Allocation
from commerce.models.documents import DocumentLine, PurchaseDocument
from tsh_erp.common.fields import MoneyField


class VendorCredit(PurchaseDocument):
    """What a vendor gives back, to be applied to bills or refunded."""

    credits_used = MoneyField(_("credits used"), null=True, blank=True)
    refunded = MoneyField(_("refunded"), null=True, blank=True)

    class Meta:
        verbose_name = _("vendor credit")
        verbose_name_plural = _("vendor credits")
        ordering = ("-date", "-id")


class VendorCreditLine(DocumentLine):
    document = models.ForeignKey(
        VendorCredit, on_delete=models.CASCADE, related_name="lines", verbose_name=_("vendor credit")
    )

    class Meta(DocumentLine.Meta):
        verbose_name = _("vendor credit line")
        verbose_name_plural = _("vendor credit lines")
        ordering = ("document_id", "position")


class VendorCreditAllocation(Allocation):
    vendor_credit = models.ForeignKey(
        VendorCredit, on_delete=models.CASCADE, related_name="allocations", verbose_name=_("vendor credit")
    )
    bill = models.ForeignKey(
        "commerce.Bill", on_delete=models.PROTECT, related_name="credit_allocations", verbose_name=_("bill")
    )

    class Meta:
        verbose_name = _("applied credit of a vendor")
        verbose_name_plural = _("applied credits of vendors")
        ordering = ("vendor_credit_id", "position")
