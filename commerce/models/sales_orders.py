from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import SHORT, WORD
from commerce.models.documents import DocumentLine, SalesDocument
from tsh_erp.common.fields import QuantityField


class SalesOrder(SalesDocument):
    """What a customer ordered."""

    shipment_date = models.DateField(_("shipment date"), null=True, blank=True)
    order_status = models.CharField(_("order status"), max_length=WORD, blank=True)
    invoiced_status = models.CharField(_("invoiced status"), max_length=WORD, blank=True)
    paid_status = models.CharField(_("paid status"), max_length=WORD, blank=True)
    shipped_status = models.CharField(_("shipped status"), max_length=WORD, blank=True)
    delivery_method = models.CharField(_("delivery method"), max_length=SHORT, blank=True)
    sales_channel = models.CharField(_("sales channel"), max_length=SHORT, blank=True)

    class Meta:
        verbose_name = _("sales order")
        verbose_name_plural = _("sales orders")
        ordering = ("-date", "-id")


class SalesOrderLine(DocumentLine):
    document = models.ForeignKey(
        SalesOrder, on_delete=models.CASCADE, related_name="lines", verbose_name=_("sales order")
    )
    quantity_invoiced = QuantityField(_("quantity invoiced"), null=True, blank=True)
    quantity_packed = QuantityField(_("quantity packed"), null=True, blank=True)
    quantity_shipped = QuantityField(_("quantity shipped"), null=True, blank=True)
    quantity_cancelled = QuantityField(_("quantity cancelled"), null=True, blank=True)

    class Meta(DocumentLine.Meta):
        verbose_name = _("sales order line")
        verbose_name_plural = _("sales order lines")
        ordering = ("document_id", "position")
