from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, SHORT, WORD
from commerce.models.documents import DocumentLine, PurchaseDocument
from tsh_erp.common.fields import QuantityField


class PurchaseOrder(PurchaseDocument):
    """What we ordered from a vendor."""

    delivery_date = models.DateField(_("delivery date"), null=True, blank=True)
    expected_delivery_date = models.DateField(_("delivery expected on"), null=True, blank=True)
    order_status = models.CharField(_("order status"), max_length=WORD, blank=True)
    received_status = models.CharField(_("received status"), max_length=WORD, blank=True)
    billed_status = models.CharField(_("billed status"), max_length=WORD, blank=True)
    delivery_method = models.CharField(_("delivery method"), max_length=SHORT, blank=True)
    attention = models.CharField(_("attention"), max_length=LINE, blank=True)
    sales_order = models.ForeignKey(
        "commerce.SalesOrder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="purchase_orders",
        verbose_name=_("sales order"),
    )
    sales_order_zoho_id = models.CharField(_("Zoho id of the sales order"), max_length=WORD, blank=True, db_index=True)
    sales_order_name = models.CharField(_("number of the sales order"), max_length=SHORT, blank=True)

    class Meta:
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        ordering = ("-date", "-id")


class PurchaseOrderLine(DocumentLine):
    document = models.ForeignKey(
        PurchaseOrder, on_delete=models.CASCADE, related_name="lines", verbose_name=_("purchase order")
    )
    quantity_received = QuantityField(_("quantity received"), null=True, blank=True)
    quantity_billed = QuantityField(_("quantity billed"), null=True, blank=True)
    quantity_cancelled = QuantityField(_("quantity cancelled"), null=True, blank=True)

    class Meta(DocumentLine.Meta):
        verbose_name = _("purchase order line")
        verbose_name_plural = _("purchase order lines")
        ordering = ("document_id", "position")
