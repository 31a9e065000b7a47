"""How money and credits are spread over documents: one row for each application."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import WORD
from tsh_erp.common.fields import MoneyField


class Allocation(models.Model):
    """A part of a payment or credit, given to one document; the amount is in the giver's currency."""

    position = models.PositiveIntegerField(_("position"))
    zoho_id = models.CharField(_("Zoho id"), max_length=WORD, blank=True)
    amount = MoneyField(_("amount applied"), null=True, blank=True)
    tax_withheld = MoneyField(_("tax withheld"), null=True, blank=True)
    date = models.DateField(_("date"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.amount)
