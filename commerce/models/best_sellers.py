from __future__ import annotations

from django.db import models
from django.db.models import Index
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.fields import QuantityField


class BestSeller(models.Model):
    """The place of a product among all that were sold lately, net of what came back. No row: not sold."""

    product = models.OneToOneField(
        "catalog.Product",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="sales_rank",
        verbose_name=_("product"),
    )
    rank = models.PositiveIntegerField(_("rank"))
    quantity = QuantityField(_("quantity sold"))
    orders = models.PositiveIntegerField(_("invoices"))
    computed_at = models.DateTimeField(_("counted at"))

    class Meta:
        verbose_name = _("best seller")
        verbose_name_plural = _("best sellers")
        ordering = ("rank",)
        indexes = (Index(fields=["rank"], name="best_seller_rank"),)

    def __str__(self) -> str:
        return f"{self.rank}. {self.product_id}"
