from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.models.parties import Balance, Party
from tsh_erp.common.fields import MoneyField
from tsh_erp.common.history import LocalHistory


class Vendor(Party):
    """Somebody we buy from: a Zoho contact of type vendor."""

    history = LocalHistory(*Party.LOCAL_FIELDS, by_service=True)

    class Meta:
        verbose_name = _("vendor")
        verbose_name_plural = _("vendors")
        ordering = ("name", "id")


class VendorBalance(Balance):
    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="balances", verbose_name=_("vendor"))
    payable = MoneyField(_("payable"), null=True, blank=True)
    payable_base = MoneyField(_("payable in base currency"), null=True, blank=True)

    class Meta:
        verbose_name = _("vendor balance")
        verbose_name_plural = _("vendor balances")
        ordering = ("vendor_id", "currency")
        constraints = (models.UniqueConstraint(fields=["vendor", "currency"], name="one_balance_per_vendor_currency"),)

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.currency}"
