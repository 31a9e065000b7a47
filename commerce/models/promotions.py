from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Count, F, Index, OuterRef, Q, Subquery, UniqueConstraint, Value
from django.db.models.functions import Coalesce, Upper
from django.utils.translation import gettext_lazy as _

from catalog.models.picture_field import PictureField
from commerce.choices import PromotionKind
from commerce.lengths import SHORT, WORD
from commerce.models.naming import NamedModel, in_language
from tsh_erp.common.fields import CurrencyField, MoneyField
from tsh_erp.common.history import LocalHistory
from tsh_erp.common.models import TimeStampedModel

CODE = 40
ITEM_TARGETS = ("product", "category", "brand")
CUSTOMER_TARGETS = ("customer", "customer_kind", "price_list")
TARGETS = (*ITEM_TARGETS, *CUSTOMER_TARGETS)
TEXTS = ("brand", "customer_kind")


def fold_code(typed: str) -> str:
    """A promotion code as it is stored and compared: without spaces around, in capitals, digits as 0–9."""
    text = unicodedata.normalize("NFKC", typed).strip().upper()
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in text)


def names_target(target: str) -> Q:
    """The condition that a target names something of this sort (one of `TARGETS`)."""
    return ~Q(**{target: ""}) if target in TEXTS else Q(**{f"{target}__isnull": False})


def _names_only(target: str) -> Q:
    condition = names_target(target)
    for other in TARGETS:
        if other != target:
            condition &= ~names_target(other) if other in TEXTS else Q(**{f"{other}__isnull": True})
    return condition


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def running(self, at: datetime) -> Self:
        """Active promotions whose window [start, end) holds this moment."""
        begun = Q(starts_at__isnull=True) | Q(starts_at__lte=at)
        not_over = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
        return self.filter(begun & not_over, is_active=True)

    def left(self) -> Self:
        """Those whose total limit has not been reached."""
        return self.filter(Q(usage_limit__isnull=True) | Q(used__lt=F("usage_limit")))

    def advertised(self, at: datetime) -> Self:
        """What the phones show to everybody who may look: running, with uses left, meant to be seen."""
        return self.running(at).left().filter(is_advertised=True).order_by("priority", "id")

    def for_cart(self, codes: Sequence[str], *, customer_id: int | None, at: datetime) -> Self:
        """What may count for a cart: what runs without a code, and whatever has one of these (folded) codes.

        Those with a code come in any state, so that the refusal can be named. Annotated with
        `used_by_customer`, the uses of this customer that count.
        """
        own = (
            PromotionUse.objects.counting()
            .filter(promotion=OuterRef("pk"), customer_id=customer_id or 0)
            .order_by()
            .values("promotion")
            .annotate(count=Count("pk"))
            .values("count")
        )
        uses = Value(0) if customer_id is None else Coalesce(Subquery(own), Value(0))
        automatic = Q(pk__in=self.running(at).filter(code="").values("pk"))
        return self.filter(automatic | Q(code__in=codes) & ~Q(code="")).annotate(used_by_customer=uses).order_by("id")

    def in_state(self, state: str, at: datetime) -> Self:
        """Those of which `promotion_rules.state_of` says this state; none for a word that is no state."""
        is_over, is_to_come = Q(ends_at__isnull=False, ends_at__lte=at), Q(starts_at__isnull=False, starts_at__gt=at)
        is_used_up = Q(usage_limit__isnull=False, used__gte=F("usage_limit"))
        conditions = {
            "off": Q(is_active=False),
            "over": Q(is_over, is_active=True),
            "exhausted": Q(~is_over, is_used_up, is_active=True),
            "planned": Q(~is_over, ~is_used_up, is_to_come, is_active=True),
            "running": Q(~is_over, ~is_used_up, ~is_to_come, is_active=True),
        }
        return self.filter(conditions[state]) if state in conditions else self.none()

    def clashing_with(self, promotion: Promotion) -> Self:
        """Other active exclusive promotions of the same priority that run at some moment when this one does."""
        others = self.filter(is_active=True, is_exclusive=True, priority=promotion.priority).exclude(pk=promotion.pk)
        if promotion.starts_at is not None:
            others = others.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=promotion.starts_at))
        if promotion.ends_at is not None:
            others = others.filter(Q(starts_at__isnull=True) | Q(starts_at__lt=promotion.ends_at))
        if promotion.currency:
            others = others.filter(currency__in=["", promotion.currency])
        return others


class Promotion(NamedModel, TimeStampedModel):
    """Something off the price, for those who qualify, while it lasts.

    Runs from `starts_at` on, until just before `ends_at`; empty means open. `value` is a percentage,
    or an amount that is taken once. Without targets it is for everything and everybody: targets on
    items narrow the lines, targets on customers who gets it, and of each sort one is enough.
    `used` counts the orders that took it and were not cancelled; only the order services write it.
    """

    description_ar = models.TextField(_("Arabic description"), blank=True, default="")
    description_en = models.TextField(_("English description"), blank=True, default="")
    image = PictureField(_("image"), blank=True, default="")
    kind = models.CharField(_("kind"), max_length=20, choices=PromotionKind)
    value = MoneyField(
        _("value"), default=Decimal(0), help_text=_("A percentage or an amount; nothing for the other kinds.")
    )
    currency = CurrencyField(
        _("currency"), help_text=_("Of the amounts here. Empty means any, where there is no amount.")
    )
    most = MoneyField(_("takes off at most"), null=True, blank=True)
    buy = models.PositiveIntegerField(_("buy"), default=0, help_text=_("So many units are paid in a set."))
    get = models.PositiveIntegerField(_("get free"), default=0, help_text=_("So many more are free in it."))
    minimum = MoneyField(_("from an order of"), default=Decimal(0))
    minimum_quantity = models.PositiveIntegerField(
        _("from so many units"), default=0, help_text=_("Of the products that it is about.")
    )
    code = models.CharField(
        _("code"), max_length=CODE, blank=True, default="", help_text=_("Empty: it counts without being asked for.")
    )
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True, help_text=_("The first moment without it."))
    is_active = models.BooleanField(_("active"), default=True)
    is_advertised = models.BooleanField(_("shown in the apps"), default=True)
    usage_limit = models.PositiveIntegerField(
        _("orders in total"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    per_customer_limit = models.PositiveIntegerField(
        _("orders of each customer"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    used = models.PositiveIntegerField(_("orders so far"), default=0, editable=False)
    priority = models.IntegerField(_("priority"), default=0, help_text=_("The lowest number is taken off first."))
    is_exclusive = models.BooleanField(
        _("never together with others"), default=False, help_text=_("The customer gets whatever is better for them.")
    )

    objects = PromotionQuerySet.as_manager()

    history = LocalHistory(besides=["used"])

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        ordering = ("priority", "id")
        constraints = (
            UniqueConstraint(Upper("code"), condition=~Q(code=""), name="one_promotion_per_code"),
            CheckConstraint(condition=Q(value__gte=0, minimum__gte=0), name="promotion_amounts_not_negative"),
            CheckConstraint(condition=Q(most__isnull=True) | Q(most__gt=0), name="promotion_cap_above_nothing"),
            CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="promotion_ends_after_start",
            ),
            CheckConstraint(
                condition=Q(kind="percentage", value__gt=0, value__lte=100)
                | Q(kind="fixed", value__gt=0)
                | Q(kind="buy_x_get_y", buy__gt=0, get__gt=0, value=0)
                | Q(kind="free_shipping", value=0),
                name="promotion_gives_what_it_says",
            ),
            CheckConstraint(
                condition=~Q(currency="") | ~Q(kind="fixed") & Q(minimum=0, most__isnull=True),
                name="promotion_amounts_have_currency",
            ),
            CheckConstraint(
                condition=Q(Q(usage_limit__isnull=True) | Q(usage_limit__gt=0))
                & Q(Q(per_customer_limit__isnull=True) | Q(per_customer_limit__gt=0)),
                name="promotion_limits_above_nothing",
            ),
        )
        indexes = (
            Index(fields=["ends_at", "id"], condition=Q(is_active=True), name="promotion_running"),
            Index(fields=["code"], condition=~Q(code=""), name="promotion_code"),
        )

    @property
    def description(self) -> str:
        return in_language(self.description_ar, self.description_en)

    def clean(self) -> None:
        """ValidationError naming the field and what is wrong with its value."""
        from commerce.promotion_rules import check_promotion

        self.code = fold_code(self.code)
        check_promotion(self)


class PromotionTarget(models.Model):
    """One thing that a promotion is about: a product, a category with all below it, a brand, or who buys."""

    promotion = models.ForeignKey(
        Promotion, on_delete=models.CASCADE, related_name="targets", verbose_name=_("promotion")
    )
    product = models.ForeignKey(
        "catalog.Product", on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    category = models.ForeignKey(
        "catalog.Category",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("category"),
    )
    brand = models.CharField(_("brand"), max_length=200, blank=True, default="")
    customer = models.ForeignKey(
        "commerce.Customer",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer"),
    )
    customer_kind = models.CharField(
        _("kind of customer"), max_length=WORD, blank=True, default="", help_text=_("As Zoho writes it: business, …")
    )
    price_list = models.ForeignKey(
        "catalog.PriceList",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("price list"),
    )

    class Meta:
        verbose_name = _("target of a promotion")
        verbose_name_plural = _("targets of promotions")
        ordering = ("promotion_id", "id")
        constraints = (
            CheckConstraint(
                condition=_names_only("product")
                | _names_only("category")
                | _names_only("brand")
                | _names_only("customer")
                | _names_only("customer_kind")
                | _names_only("price_list"),
                name="promotion_target_is_one_thing",
            ),
            *(
                UniqueConstraint(
                    fields=["promotion", target], condition=names_target(target), name=f"promotion_{target}_once"
                )
                for target in TARGETS
            ),
        )

    def __str__(self) -> str:
        return str(next((value for value in self._named() if value), ""))

    @property
    def kind(self) -> str:
        """Which of `TARGETS` it names."""
        keys = {name: getattr(self, name if name in TEXTS else f"{name}_id") for name in TARGETS}
        return next(name for name, value in keys.items() if value)

    def _named(self) -> list[Any]:
        return [getattr(self, name) for name in TARGETS]


class PromotionUseQuerySet(models.QuerySet["PromotionUse"]):
    def counting(self) -> Self:
        """Uses by orders that were not cancelled."""
        return self.filter(returned_at__isnull=True)


class PromotionUse(models.Model):
    """An order that took a promotion. When the order is cancelled the use is given back."""

    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, related_name="uses", db_index=False, verbose_name=_("promotion")
    )
    order = models.ForeignKey(
        "commerce.AppOrder", on_delete=models.CASCADE, related_name="promotion_uses", verbose_name=_("order")
    )
    customer = models.ForeignKey(
        "commerce.Customer", on_delete=models.PROTECT, related_name="promotion_uses", verbose_name=_("customer")
    )
    code = models.CharField(_("code"), max_length=SHORT, blank=True, default="")
    amount = MoneyField(_("amount"))
    currency = CurrencyField(_("currency"))
    used_at = models.DateTimeField(_("used at"))
    returned_at = models.DateTimeField(_("given back at"), null=True, blank=True)

    objects = PromotionUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a promotion")
        verbose_name_plural = _("uses of promotions")
        ordering = ("-id",)
        constraints = (UniqueConstraint(fields=["promotion", "order"], name="one_use_per_promotion_and_order"),)
        indexes = (
            Index(
                fields=["promotion", "customer"], condition=Q(returned_at__isnull=True), name="promotion_use_counting"
            ),
        )

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.order_id}"
