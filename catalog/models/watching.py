"""What happened to stock and prices: small tables for staff now, and for phones that want to be told."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from catalog.models.price_lists import PriceList
from catalog.models.products import Product
from tsh_erp.common.fields import CurrencyField, MoneyField, QuantityField


class LowStock(models.Model):
    """A product that is at or below its reorder level now; the row goes when it no longer is."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="low_stock", verbose_name=_("product"))
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("product low in stock")
        verbose_name_plural = _("products low in stock")
        ordering = ("-since", "-id")

    def __str__(self) -> str:
        return str(self.product)


class BackInStock(models.Model):
    """A product could be sold again after there had been none of it."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="returns_to_stock", db_index=False, verbose_name=_("product")
    )
    quantity = QuantityField(_("available for sale"))
    at = models.DateTimeField(_("back since"))

    class Meta:
        verbose_name = _("return to stock")
        verbose_name_plural = _("returns to stock")
        ordering = ("-at", "-id")
        constraints = (UniqueConstraint(fields=["product", "at"], name="one_return_to_stock_at_a_time"),)
        indexes = (Index(fields=["at"], name="return_to_stock_at"),)

    def __str__(self) -> str:
        return str(self.product)


class PriceChange(models.Model):
    """A product's price in a list became another, or (`new_price` NULL) it is no longer sold by the list.

    A product's first price in a list is no change.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="price_changes", verbose_name=_("product"))
    price_list = models.ForeignKey(
        PriceList, models.CASCADE, related_name="price_changes", verbose_name=_("price list")
    )
    old_price = MoneyField(_("old price"))
    old_currency = CurrencyField(_("old currency"))
    new_price = MoneyField(_("new price"), null=True, blank=True)
    new_currency = CurrencyField(_("new currency"))
    at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        ordering = ("-id",)
        constraints = (
            CheckConstraint(
                condition=Q(new_price__isnull=True) | ~Q(new_price=F("old_price")) | ~Q(new_currency=F("old_currency")),
                name="price_change_changes_something",
            ),
        )
        indexes = (Index(fields=["at"], name="price_change_at"),)

    def __str__(self) -> str:
        return f"{self.product}: {_shown(self.old_price)} → {_shown(self.new_price)}"


def _shown(price: Decimal | None) -> str:
    return "—" if price is None else f"{price.normalize():f}"
