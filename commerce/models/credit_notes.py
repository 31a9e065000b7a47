from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.models.allocations import Allocation
from commerce.models.documents import DocumentLine, SalesDocument
from tsh_erp.common.fields import MoneyField


class CreditNote(SalesDocument):
    """What a customer gets back, to be applied to invoices or refunded."""

    credits_used = MoneyField(_("credits used"), null=True, blank=True)
    refunded = MoneyField(_("refunded"), null=True, blank=True)

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        ordering = ("-date", "-id")


class CreditNoteLine(DocumentLine):
    document = models.ForeignKey(
        CreditNote, on_delete=models.CASCADE, related_name="lines", verbose_name=_("credit note")
    )

    class Meta(DocumentLine.Meta):
        verbose_name = _("credit note line")
        verbose_name_plural = _("credit note lines")
        ordering = ("document_id", "position")


class CreditNoteAllocation(Allocation):
    credit_note = models.ForeignKey(
        CreditNote, on_delete=models.CASCADE, related_name="allocations", verbose_name=_("credit note")
    )
    invoice = models.ForeignKey(
        "commerce.Invoice", on_delete=models.PROTECT, related_name="credit_allocations", verbose_name=_("invoice")
    )

    class Meta:
        verbose_name = _("applied credit of a customer")
        verbose_name_plural = _("applied credits of customers")
        ordering = ("credit_note_id", "position")
