from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.fields import QuantityField

FIGURES = (
    "accounting_on_hand",
    "accounting_available",
    "accounting_committed",
    "accounting_for_sale",
    "physical_on_hand",
    "physical_committed",
    "physical_for_sale",
)


class StockFiguresModel(models.Model):
    """Stock figures exactly as Zoho states them: unknown is NULL, negative is possible, nothing is calculated.

    Accounting stock moves with invoices and bills, physical stock with shipments and receipts.
    `for_sale` is net of `committed`, on hand is not.
    """

    accounting_on_hand = QuantityField(_("on hand (accounting)"), null=True, blank=True)
    accounting_available = QuantityField(_("available (accounting)"), null=True, blank=True)
    accounting_committed = QuantityField(_("committed (accounting)"), null=True, blank=True)
    accounting_for_sale = QuantityField(_("available for sale (accounting)"), null=True, blank=True)
    physical_on_hand = QuantityField(_("on hand (physical)"), null=True, blank=True)
    physical_committed = QuantityField(_("committed (physical)"), null=True, blank=True)
    physical_for_sale = QuantityField(_("available for sale (physical)"), null=True, blank=True)

    class Meta:
        abstract = True
