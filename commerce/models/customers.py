from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import LINE, WORD
from commerce.models.parties import Balance, Party
from tsh_erp.common.fields import MoneyField
from tsh_erp.common.history import LocalHistory


class Customer(Party):
    """Somebody who buys: a Zoho contact of type customer."""

    sub_type = models.CharField(_("kind of customer"), max_length=WORD, blank=True)
    credit_limit = MoneyField(
        _("credit limit"), null=True, blank=True, help_text=_("In the base currency; empty means not known.")
    )
    price_list = models.ForeignKey(
        "catalog.PriceList",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("price list"),
    )
    price_list_zoho_id = models.CharField(_("Zoho id of the price list"), max_length=WORD, blank=True, db_index=True)
    price_list_name = models.CharField(_("name of the price list"), max_length=LINE, blank=True)
    salesperson = models.ForeignKey(
        "commerce.ZohoUser",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("salesperson"),
    )
    salesperson_zoho_id = models.CharField(_("Zoho id of the salesperson"), max_length=WORD, blank=True, db_index=True)
    salesperson_name = models.CharField(_("name of the salesperson"), max_length=LINE, blank=True)

    history = LocalHistory(*Party.LOCAL_FIELDS, by_service=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("name", "id")


class CustomerBalance(Balance):
    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, related_name="balances", verbose_name=_("customer")
    )
    receivable = MoneyField(_("receivable"), null=True, blank=True)
    receivable_base = MoneyField(_("receivable in base currency"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer balance")
        verbose_name_plural = _("customer balances")
        ordering = ("customer_id", "currency")
        constraints = (
            models.UniqueConstraint(fields=["customer", "currency"], name="one_balance_per_customer_currency"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.currency}"
