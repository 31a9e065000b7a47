from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import SHORT, WORD
from commerce.models.documents import DocumentLine, SalesDocument
from tsh_erp.common.fields import MoneyField


class Invoice(SalesDocument):
    """What a customer owes for what was sold."""

    due_date = models.DateField(_("due date"), null=True, blank=True, db_index=True)
    payment_expected_date = models.DateField(_("payment expected on"), null=True, blank=True)
    last_payment_date = models.DateField(_("last payment on"), null=True, blank=True)
    payments_applied = MoneyField(_("payments applied"), null=True, blank=True)
    credits_applied = MoneyField(_("credits applied"), null=True, blank=True)
    tax_withheld = MoneyField(_("tax withheld"), null=True, blank=True)
    write_off = MoneyField(_("written off"), null=True, blank=True)
    sales_order = models.ForeignKey(
        "commerce.SalesOrder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="invoices",
        verbose_name=_("sales order"),
    )
    sales_order_zoho_id = models.CharField(_("Zoho id of the sales order"), max_length=WORD, blank=True, db_index=True)
    sales_order_name = models.CharField(_("number of the sales order"), max_length=SHORT, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ("-date", "-id")


class InvoiceLine(DocumentLine):
    document = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines", verbose_name=_("invoice"))

    class Meta(DocumentLine.Meta):
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ("document_id", "position")
        # The latest lines of a product tell what is bought with it.
        indexes = (  # type: ignore[assignment]  # one more than others have
            *DocumentLine.Meta.indexes,
            models.Index(fields=["product", "-id"], name="invoice_lines_of_product"),
        )
