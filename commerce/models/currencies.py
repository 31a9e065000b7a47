from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commerce.lengths import SHORT, WORD
from tsh_erp.common.fields import CurrencyField, RateField
from tsh_erp.common.models import MirroredModel


class Currency(MirroredModel):
    """A currency of the organisation, with the rate that Zoho last told."""

    code = CurrencyField(_("code"), db_index=True)
    name = models.CharField(_("name"), max_length=SHORT, blank=True)
    symbol = models.CharField(_("symbol"), max_length=WORD, blank=True)
    price_precision = models.PositiveSmallIntegerField(_("decimals of prices"), null=True, blank=True)
    number_format = models.CharField(_("number format"), max_length=WORD, blank=True)
    is_base = models.BooleanField(_("base currency"), default=False)
    exchange_rate = RateField(
        _("exchange rate"), null=True, blank=True, help_text=_("Base currency for one unit; empty means not known.")
    )
    effective_date = models.DateField(_("effective from"), null=True, blank=True)

    class Meta:
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")
        ordering = ("code", "id")

    def __str__(self) -> str:
        return self.code or self.name


class ExchangeRate(models.Model):
    """A rate that was in force from a date on. Append only: a new rate is a new row."""

    currency = models.ForeignKey(Currency, on_delete=models.CASCADE, related_name="rates", verbose_name=_("currency"))
    rate = RateField(_("rate"))
    effective_date = models.DateField(_("effective from"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ("-recorded_at", "-id")
        indexes = (models.Index(fields=["currency", "-effective_date", "-id"], name="exchange_rate_latest"),)

    def __str__(self) -> str:
        return f"{self.currency_id} {self.rate}"
