from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import CheckConstraint, Exists, Index, OuterRef, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from commerce.choices import CartState
from tsh_erp.common.fields import CurrencyField, MoneyField
from tsh_erp.common.models import TimeStampedModel

MOST_LINES = 100
MOST_QUANTITY = 9_999


class CartQuerySet(models.QuerySet["Cart"]):
    def active(self) -> Self:
        return self.filter(state=CartState.ACTIVE)

    def filled(self) -> Self:
        """Active carts with something in them."""
        return self.active().filter(Exists(CartItem.objects.filter(cart=OuterRef("pk"))))

    def abandoned(self, left_at: datetime) -> Self:
        """Filled carts that nobody has touched since then."""
        return self.filled().filter(updated_at__lte=left_at)

    def in_use(self, since: datetime) -> Self:
        """Filled carts that somebody has touched since then."""
        return self.filled().filter(updated_at__gt=since)

    def forgotten(self, at: datetime) -> Self:
        """Carts of guests who have not come back in time."""
        return self.filter(customer__isnull=True, expires_at__lte=at)


class Cart(TimeStampedModel):
    """What somebody means to buy. A customer has one active cart, and so has a guest's phone.

    A guest is known by a secret of the phone, kept here as its digest. `version` rises with each
    change. All lines are in `currency`.
    """

    customer = models.ForeignKey(
        "commerce.Customer",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="carts",
        verbose_name=_("customer"),
    )
    guest_digest = models.CharField(
        _("digest of the guest's key"), max_length=64, blank=True, default="", editable=False
    )
    state = models.CharField(_("state"), max_length=10, choices=CartState, default=CartState.ACTIVE)
    currency = CurrencyField(_("currency"))
    version = models.PositiveBigIntegerField(_("version"), default=0)
    coupon_codes = models.JSONField(_("codes"), default=list, blank=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True, help_text=_("Only a guest's cart does."))

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ("-updated_at", "-id")
        constraints = (
            UniqueConstraint(
                fields=["customer"],
                condition=Q(state="active", customer__isnull=False),
                name="one_active_cart_per_customer",
            ),
            UniqueConstraint(
                fields=["guest_digest"],
                condition=Q(state="active") & ~Q(guest_digest=""),
                name="one_active_cart_per_guest",
            ),
            CheckConstraint(
                condition=Q(customer__isnull=False, guest_digest="", expires_at__isnull=True)
                | Q(customer__isnull=True, expires_at__isnull=False) & ~Q(guest_digest=""),
                name="cart_has_one_owner",
            ),
        )
        indexes = (
            Index(fields=["expires_at"], condition=Q(customer__isnull=True), name="cart_of_guest_expires"),
            Index(fields=["-updated_at"], condition=Q(state="active"), name="cart_left_behind"),
        )

    def __str__(self) -> str:
        return str(self.customer or self.pk)


class CartItem(TimeStampedModel):
    """So many of a product, and what one of them cost when it was put there or last accepted."""

    cart = models.ForeignKey(
        Cart, on_delete=models.CASCADE, related_name="items", db_index=False, verbose_name=_("cart")
    )
    product = models.ForeignKey(
        "catalog.Product", on_delete=models.CASCADE, related_name="cart_items", verbose_name=_("product")
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = MoneyField(_("price at the time"))
    currency = CurrencyField(_("currency"))
    price_list = models.ForeignKey(
        "catalog.PriceList",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("price list"),
    )
    priced_at = models.DateTimeField(_("priced at"))

    class Meta:
        verbose_name = _("line of a cart")
        verbose_name_plural = _("lines of carts")
        ordering = ("cart_id", "id")
        constraints = (
            UniqueConstraint(fields=["cart", "product"], name="one_line_per_cart_and_product"),
            CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=MOST_QUANTITY), name="cart_quantity_in_range"),
            CheckConstraint(condition=Q(unit_price__gt=0), name="cart_price_above_nothing"),
        )

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"
