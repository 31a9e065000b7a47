"""Orders that customers placed on their phones. They are ours until Zoho has a sales order for them."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Index, Q, Sum, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from commerce.choices import OrderStatus, PaymentKind, PriceSource
from commerce.lengths import LINE, PRODUCT, SHORT, WORD
from tsh_erp.common.fields import CurrencyField, MoneyField, RateField
from tsh_erp.common.models import TimeStampedModel

OURS = (OrderStatus.SUBMITTED, OrderStatus.QUEUED, OrderStatus.FAILED)


class AppOrderQuerySet(models.QuerySet["AppOrder"]):
    def ours(self) -> Self:
        """Orders that hold and that Zoho does not count yet, neither in stock nor in what is owed."""
        return self.filter(status__in=OURS)

    def unsent(self) -> Self:
        """Orders that wait to be sent to Zoho, the oldest first."""
        return self.filter(status=OrderStatus.SUBMITTED, sent_at__isnull=True).order_by("placed_at", "id")

    def not_cancelled(self) -> Self:
        return self.exclude(status=OrderStatus.CANCELLED)


class AppOrder(TimeStampedModel):
    """An order as it was agreed: prices, address and totals are copies that nothing changes afterwards.

    Amounts are in `currency`; `total` is before the rounding of cash, `payable` after it.
    `exchange_rate` is the base currency for one unit when it was placed; empty means not known.
    """

    number = models.CharField(_("number"), max_length=WORD, unique=True, null=True, editable=False)
    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.PROTECT, related_name="app_orders", verbose_name=_("customer")
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="placed_orders",
        verbose_name=_("placed by"),
    )
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.SUBMITTED)
    placed_at = models.DateTimeField(_("placed at"))
    cart = models.ForeignKey(
        "commerce.Cart", on_delete=models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("cart")
    )
    quote_hash = models.CharField(_("hash of the quote"), max_length=64)
    currency = CurrencyField(_("currency"), blank=False)
    exchange_rate = RateField(_("exchange rate"), null=True, blank=True)
    exchange_rate_date = models.DateField(_("date of the exchange rate"), null=True, blank=True)
    items_subtotal = MoneyField(_("subtotal"))
    items_discount = MoneyField(_("discount"))
    shipping = MoneyField(_("delivery"))
    shipping_discount = MoneyField(_("discount on delivery"))
    tax = MoneyField(_("tax"))
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False)
    total = MoneyField(_("total"))
    rounding_adjustment = MoneyField(_("rounding of cash"))
    payable = MoneyField(_("payable"))
    coupon_codes = models.JSONField(_("codes"), default=list, blank=True)
    address = models.JSONField(_("delivery address"), default=dict, blank=True)
    delivery_method = models.ForeignKey(
        "commerce.DeliveryMethod",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("delivery method"),
    )
    delivery_name = models.CharField(_("delivery"), max_length=LINE, blank=True, default="")
    payment_code = models.CharField(_("payment method"), max_length=WORD)
    payment_kind = models.CharField(_("kind of payment"), max_length=20, choices=PaymentKind)
    payment_name = models.CharField(_("payment"), max_length=LINE, blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")
    app = models.CharField(_("app"), max_length=SHORT, blank=True, default="")

    sent_at = models.DateTimeField(_("sent to Zoho at"), null=True, blank=True)
    sales_order = models.OneToOneField(
        "commerce.SalesOrder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="app_order",
        verbose_name=_("sales order"),
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cancelled by"),
    )
    cancel_reason = models.CharField(_("reason of the cancellation"), max_length=LINE, blank=True, default="")

    objects = AppOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order from the apps")
        verbose_name_plural = _("orders from the apps")
        ordering = ("-placed_at", "-id")
        permissions = (("act_for_customer", _("Can buy for any customer in the apps")),)
        constraints = (
            CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | ~Q(status="cancelled") & Q(cancelled_at__isnull=True),
                name="app_order_cancelled_at_a_time",
            ),
            CheckConstraint(
                condition=Q(total__gte=0, payable__gte=0, items_discount__gte=0, shipping_discount__gte=0),
                name="app_order_amounts_not_negative",
            ),
        )
        indexes = (
            Index(fields=["customer", "-placed_at", "-id"], name="app_orders_of_customer"),
            Index(
                fields=["placed_at", "id"],
                condition=Q(status="submitted", sent_at__isnull=True),
                name="app_order_unsent",
            ),
            Index(
                fields=["customer"], condition=Q(status__in=["submitted", "queued", "failed"]), name="app_order_ours"
            ),
        )

    def __str__(self) -> str:
        return self.number or str(self.pk)

    @property
    def can_be_cancelled(self) -> bool:
        """Only what Zoho has not heard of yet."""
        return self.status == OrderStatus.SUBMITTED and self.sent_at is None


class AppOrderLineQuerySet(models.QuerySet["AppOrderLine"]):
    def held(self, product_ids: Collection[int]) -> dict[int, Decimal]:
        """How many of these products our orders hold that Zoho does not count yet, by product. One query."""
        rows = (
            self.filter(product_id__in=[*product_ids], is_holding=True)
            .order_by()
            .values_list("product_id")
            .annotate(quantity=Sum("quantity"))
        )
        return {product_id: Decimal(quantity) for product_id, quantity in rows}


class AppOrderLine(models.Model):
    """One line as it was agreed. `is_holding` as long as its order is ours (`AppOrder.objects.ours`)."""

    order = models.ForeignKey(
        AppOrder, on_delete=models.CASCADE, related_name="lines", db_index=False, verbose_name=_("order")
    )
    position = models.PositiveIntegerField(_("position"))
    product = models.ForeignKey(
        "catalog.Product",
        on_delete=models.PROTECT,
        related_name="app_order_lines",
        db_index=False,
        verbose_name=_("product"),
    )
    product_name = models.CharField(_("name of the product"), max_length=PRODUCT)
    product_name_ar = models.CharField(_("Arabic name of the product"), max_length=PRODUCT, blank=True, default="")
    sku = models.CharField(_("SKU"), max_length=LINE, blank=True, default="")
    unit = models.CharField(_("unit"), max_length=SHORT, blank=True, default="")
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = MoneyField(_("price"))
    price_list = models.ForeignKey(
        "catalog.PriceList",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("price list"),
    )
    price_source = models.CharField(_("price from"), max_length=20, choices=PriceSource)
    subtotal = MoneyField(_("subtotal"))
    discount = MoneyField(_("discount"))
    discounts = models.JSONField(_("discounts"), default=list, blank=True)
    tax_rate = RateField(_("tax in percent"), default=Decimal(0))
    tax = MoneyField(_("tax"))
    total = MoneyField(_("total"))
    is_holding = models.BooleanField(_("holds stock"), default=True, editable=False)

    objects = AppOrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of an order from the apps")
        verbose_name_plural = _("lines of orders from the apps")
        ordering = ("order_id", "position")
        constraints = (
            UniqueConstraint(fields=["order", "position"], name="one_app_order_line_per_position"),
            CheckConstraint(condition=Q(quantity__gte=1), name="app_order_line_has_quantity"),
        )
        indexes = (
            Index(fields=["product"], name="app_order_line_product"),
            Index(fields=["product"], condition=Q(is_holding=True), name="app_order_line_holding"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_name}"
