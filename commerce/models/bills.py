from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import SHORT, WORD
from commerce.models.documents import DocumentLine, PurchaseDocument
from tsh_erp.common.fields import MoneyField


class Bill(PurchaseDocument):
    """What we owe a vendor for what we bought."""

    due_date = models.DateField(_("due date"), null=True, blank=True, db_index=True)
    payments_applied = MoneyField(_("payments applied"), null=True, blank=True)
    credits_applied = MoneyField(_("credits applied"), null=True, blank=True)
    tax_withheld = MoneyField(_("tax withheld"), null=True, blank=True)
    write_off = MoneyField(_("written off"), null=True, blank=True)
    purchase_order = models.ForeignKey(
        "commerce.PurchaseOrder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="bills",
        verbose_name=_("purchase order"),
    )
    purchase_order_zoho_id = models.CharField(
        _("Zoho id of the purchase order"), max_length=WORD, blank=True, db_index=True
    )
    purchase_order_name = models.CharField(_("number of the purchase order"), max_length=SHORT, blank=True)

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ("-date", "-id")


class BillLine(DocumentLine):
    document = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="lines", verbose_name=_("bill"))

    class Meta(DocumentLine.Meta):
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        ordering = ("document_id", "position")
