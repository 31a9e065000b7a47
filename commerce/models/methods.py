"""How an order comes to the customer, and how it is paid."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _

from commerce.choices import Governorate, PaymentKind
from commerce.lengths import WORD
from commerce.models.naming import NamedModel
from tsh_erp.common.fields import CurrencyField, MoneyField
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel


def known_governorates(codes: object) -> None:
    """ValidationError unless it is a list of governorates' codes."""
    if not isinstance(codes, list):
        raise ValidationError(_("This must be a list of governorates."), code="no_list")
    for code in codes:
        if code not in Governorate.values:
            raise ValidationError(_("“%(code)s” is no governorate."), code="unknown", params={"code": code})


class DeliveryMethod(NamedModel, TimeStampedModel):
    """A way of delivery with its price, for some governorates or for all."""

    price = MoneyField(_("price"), default=Decimal(0), validators=[MinValueValidator(Decimal(0))])
    currency = CurrencyField(_("currency"), default="IQD", blank=False)
    least_days = models.PositiveSmallIntegerField(_("days, at least"), default=1)
    most_days = models.PositiveSmallIntegerField(_("days, at most"), default=2)
    governorates = models.JSONField(
        _("governorates"),
        default=list,
        blank=True,
        validators=[known_governorates],
        help_text=_("Empty: it goes everywhere."),
    )
    needs_address = models.BooleanField(_("needs an address"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    history = LocalHistory()

    class Meta:
        verbose_name = _("delivery method")
        verbose_name_plural = _("delivery methods")
        ordering = ("position", "id")
        constraints = (
            CheckConstraint(condition=Q(price__gte=0), name="delivery_price_not_negative"),
            CheckConstraint(condition=Q(most_days__gte=F("least_days")), name="delivery_days_in_order"),
        )

    def goes_to(self, governorate: str) -> bool:
        return not self.governorates or governorate in self.governorates


class PaymentMethod(NamedModel, TimeStampedModel):
    """A way to pay; phones know it by its code."""

    code = models.SlugField(_("code"), max_length=WORD, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=PaymentKind)
    is_active = models.BooleanField(_("active"), default=True)
    position = models.PositiveIntegerField(_("position"), default=0)

    history = LocalHistory()

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")
        ordering = ("position", "id")
