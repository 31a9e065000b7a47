from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, WORD
from commerce.models.documents import AtWarehouse, OfProduct
from tsh_erp.common.fields import CurrencyField, MoneyField, QuantityField
from tsh_erp.common.models import MirroredModel


class InventoryAdjustment(AtWarehouse, MirroredModel):
    """Stock or its value corrected in Zoho, with the reason."""

    class Type(models.TextChoices):
        QUANTITY = "quantity", _("quantity")
        VALUE = "value", _("value")

    date = models.DateField(_("date"), null=True, blank=True, db_index=True)
    reference = models.CharField(_("reference"), max_length=LINE, blank=True)
    type = models.CharField(_("type"), max_length=WORD, choices=Type.choices, blank=True)
    status = models.CharField(_("status"), max_length=WORD, blank=True)
    reason = models.CharField(_("reason"), max_length=LINE, blank=True)
    description = models.TextField(_("description"), blank=True)
    currency = CurrencyField(_("currency"))
    total = MoneyField(_("total"), null=True, blank=True)
    custom_fields = models.JSONField(_("custom fields"), default=list, blank=True)
    zoho_created_at = models.DateTimeField(_("created in Zoho"), null=True, blank=True)
    zoho_modified_at = models.DateTimeField(_("modified in Zoho"), null=True, blank=True)

    class Meta:
        verbose_name = _("inventory adjustment")
        verbose_name_plural = _("inventory adjustments")
        ordering = ("-date", "-id")

    def __str__(self) -> str:
        return self.reference or str(self.zoho_id or self.pk)


class InventoryAdjustmentLine(AtWarehouse, OfProduct):
    document = models.ForeignKey(
        InventoryAdjustment, on_delete=models.CASCADE, related_name="lines", verbose_name=_("inventory adjustment")
    )
    quantity_adjusted = QuantityField(_("quantity adjusted"), null=True, blank=True)
    value_adjusted = MoneyField(_("value adjusted"), null=True, blank=True)
    item_total = MoneyField(_("line total"), null=True, blank=True)
    account_name = models.CharField(_("account"), max_length=LINE, blank=True)

    class Meta:
        verbose_name = _("inventory adjustment line")
        verbose_name_plural = _("inventory adjustment lines")
        ordering = ("document_id", "position")
        indexes = (
            models.Index(
                fields=["product_zoho_id"],
                condition=models.Q(product__isnull=True),
                name="adjustment_line_unattached",
            ),
        )
