from __future__ import annotations

from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models import Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from catalog.choices import PriceListKind, PricingScheme, Rounding, Trade
from catalog.models.products import Product
from tsh_erp.common.fields import CurrencyField, MoneyField, RateField
from tsh_erp.common.models import MirroredModel, MirroredQuerySet, TimeStampedModel


class PriceListQuerySet(MirroredQuerySet["PriceList"]):
    pass


class PriceList(MirroredModel):
    """Prices for a kind of customer or vendor: a percentage on the base price, or a price per product."""

    name = models.CharField(_("name"), max_length=300)
    description = models.TextField(_("description"), blank=True, default="")
    kind = models.CharField(_("kind"), max_length=20, choices=PriceListKind, blank=True, default="")
    trade = models.CharField(_("for"), max_length=20, choices=Trade, blank=True, default="")
    percentage = RateField(_("percentage"), null=True, blank=True)
    is_increase = models.BooleanField(_("raises the base price"), null=True, blank=True)
    currency = CurrencyField(_("currency"))
    currency_zoho_id = models.CharField(_("Zoho id of the currency"), max_length=50, blank=True, default="")
    rounding = models.CharField(_("rounding"), max_length=40, choices=Rounding, blank=True, default="")
    rounding_word = models.CharField(_("rounding in Zoho's words"), max_length=100, blank=True, default="")
    decimal_places = models.PositiveSmallIntegerField(_("decimal places"), null=True, blank=True)
    pricing_scheme = models.CharField(_("pricing scheme"), max_length=10, choices=PricingScheme, blank=True, default="")
    is_active = models.BooleanField(_("active"), default=True)
    is_default = models.BooleanField(_("default"), null=True, blank=True)

    objects = PriceListQuerySet.as_manager()

    class Meta:
        verbose_name = _("price list")
        verbose_name_plural = _("price lists")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class PriceListItem(models.Model):
    """What a price list says about one product; the product may not be here yet.

    `brackets` is a list of {"start", "end", "rate", "discount_percentage"}, numbers as text, unknown or open as null.
    """

    price_list = models.ForeignKey(
        PriceList, models.CASCADE, related_name="items", db_index=False, verbose_name=_("price list")
    )
    product = models.ForeignKey(
        Product,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="price_list_items",
        verbose_name=_("product"),
    )
    product_zoho_id = models.CharField(_("Zoho id of the product"), max_length=50)
    product_name = models.CharField(_("product name in Zoho"), max_length=500, blank=True, default="")
    zoho_id = models.CharField(_("Zoho id"), max_length=50, blank=True, default="")
    rate = MoneyField(_("price"), null=True, blank=True)
    discount_percentage = RateField(_("discount in percent"), null=True, blank=True)
    pricing_scheme = models.CharField(_("pricing scheme"), max_length=10, choices=PricingScheme, blank=True, default="")
    brackets = models.JSONField(_("prices by quantity"), default=list, blank=True)

    class Meta:
        verbose_name = _("price in a list")
        verbose_name_plural = _("prices in lists")
        ordering = ("price_list", "id")
        constraints = (
            UniqueConstraint(fields=["price_list", "product_zoho_id"], name="one_price_per_list_and_product"),
        )
        indexes = (Index(fields=["product_zoho_id"], condition=Q(product__isnull=True), name="price_without_product"),)

    def __str__(self) -> str:
        return self.product_name or self.product_zoho_id


class EffectivePriceQuerySet(models.QuerySet["EffectivePrice"]):
    def selling(self, price_list_ids: Collection[int]) -> Self:
        """Prices that something is sold at by these lists: above nothing, with a currency, not of a list to buy by."""
        prices = self.filter(price_list_id__in=[*price_list_ids], price__gt=0)
        # Lists to buy by are looked up once, not for each price.
        return prices.exclude(currency="").exclude(price_list__in=PriceList.objects.filter(trade=Trade.PURCHASES))


class EffectivePrice(TimeStampedModel):
    """What one unit of a product costs by a price list, worked out beforehand. No row: not sold by that list."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="effective_prices", db_index=False, verbose_name=_("product")
    )
    price_list = models.ForeignKey(
        PriceList, models.CASCADE, related_name="effective_prices", verbose_name=_("price list")
    )
    price = MoneyField(_("price"))
    currency = CurrencyField(_("currency"))

    objects = EffectivePriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("effective price")
        verbose_name_plural = _("effective prices")
        ordering = ("product", "price_list")
        constraints = (
            UniqueConstraint(fields=["product", "price_list"], name="one_effective_price_per_product_and_list"),
        )
        # What a product costs is read from the index alone.
        indexes = (Index(fields=["product", "price_list", "price", "currency"], name="effective_price_of_product"),)

    def __str__(self) -> str:
        return f"{self.price:f} {self.currency}".strip()
