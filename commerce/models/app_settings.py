from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _

from catalog.choices import Measure
from commerce.choices import CashRoundingWay
from commerce.lengths import WORD
from commerce.models.naming import in_language
from tsh_erp.common.fields import CurrencyField, RateField
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel

THE_ONE = 1

version_number = RegexValidator(r"^\d{1,5}(\.\d{1,5}){0,3}$", _("A version is written like 1.4.0."))
not_negative = MinValueValidator(Decimal(0))


class AppSettingsQuerySet(models.QuerySet["AppSettings"]):
    def current(self) -> AppSettings:
        """The settings in force: the one row, or what holds until somebody saves it. One query."""
        found = self.select_related("consumer_price_list").filter(pk=THE_ONE).first()
        return found or AppSettings(pk=THE_ONE)


class AppSettings(TimeStampedModel):
    """What staff decide for all phones. There is one row at most; without it the defaults hold."""

    minimum_version = models.CharField(
        _("oldest version that may be used"), max_length=WORD, default="1.0.0", validators=[version_number]
    )
    latest_version = models.CharField(
        _("latest version"), max_length=WORD, default="1.0.0", validators=[version_number]
    )
    in_maintenance = models.BooleanField(_("closed for maintenance"), default=False)
    maintenance_message_ar = models.TextField(_("Arabic message while closed"), blank=True, default="")
    maintenance_message_en = models.TextField(_("English message while closed"), blank=True, default="")
    android_store_url = models.URLField(_("address in the Play Store"), blank=True, default="")
    ios_store_url = models.URLField(_("address in the App Store"), blank=True, default="")
    consumer_price_list = models.ForeignKey(
        "catalog.PriceList",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("price list of consumers"),
        help_text=_("For guests, customers without a price list, and whatever a customer's own list does not sell."),
    )
    currency = CurrencyField(
        _("currency"), default="IQD", blank=False, help_text=_("Of carts whose price list names none.")
    )
    stock_clock = models.CharField(
        _("stock counted by"),
        max_length=12,
        choices=Measure,
        default=Measure.ACCOUNTING,
        help_text=_("Accounting stock moves with invoices and bills, physical stock with shipments and receipts."),
    )
    cash_rounding = models.CharField(
        _("rounding of cash"), max_length=10, choices=CashRoundingWay, default=CashRoundingWay.NEAREST
    )
    low_stock_threshold = models.PositiveIntegerField(
        _("low stock"), default=5, help_text=_("So many or fewer are shown as low.")
    )
    shown_stock_cap = models.PositiveIntegerField(
        _("most stock shown to consumers"), default=10, help_text=_("More is shown as “10+”; 0 shows every figure.")
    )
    tax_rate = RateField(_("tax in percent"), default=Decimal(0), validators=[not_negative])
    shipping_tax_rate = RateField(_("tax on delivery in percent"), default=Decimal(0), validators=[not_negative])
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False)

    objects = AppSettingsQuerySet.as_manager()

    history = LocalHistory()

    class Meta:
        verbose_name = _("settings of the apps")
        verbose_name_plural = _("settings of the apps")
        constraints = (
            CheckConstraint(condition=Q(pk=THE_ONE), name="one_row_of_app_settings"),
            CheckConstraint(condition=Q(tax_rate__gte=0, shipping_tax_rate__gte=0), name="app_tax_not_negative"),
        )

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @property
    def maintenance_message(self) -> str:
        return in_language(self.maintenance_message_ar, self.maintenance_message_en)
