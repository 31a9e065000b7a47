"""What a product costs by a price list, and why. Pure: values in, a decision with its reasoning out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from catalog.choices import PriceListKind, PricingScheme, Rounding
from catalog.values import Bracket
from tsh_erp.common.fields import MONEY_DECIMALS, MONEY_DIGITS

ZERO, ONE, HUNDRED, CENT = Decimal(0), Decimal(1), Decimal(100), Decimal("0.01")
LIMIT = Decimal(10) ** (MONEY_DIGITS - MONEY_DECIMALS)
# Two stored numbers of 24 digits multiply to 48; nothing is lost before the one rounding at the end.
PRECISION = 60


class Reason(TextChoices):
    """Where a price comes from, or why there is none."""

    ITEM_RATE = "item_rate", _("the list names a price for the product")
    BRACKET = "bracket", _("the list names a price for this quantity")
    DISCOUNT = "discount", _("the list names a discount for the product")
    PERCENTAGE = "percentage", _("the list's percentage on the base price")
    NOT_IN_LIST = "not_in_list", _("the list says nothing about the product")
    NO_BRACKET = "no_bracket", _("the list has no price for this quantity")
    NO_PERCENTAGE = "no_percentage", _("the list's percentage is not known")
    NO_BASE_PRICE = "no_base_price", _("the product has no base price")
    CURRENCY_UNKNOWN = "currency_unknown", _("the currency of the base price is not known")
    CURRENCY_DIFFERS = "currency_differs", _("the base price is in another currency")
    OUT_OF_RANGE = "out_of_range", _("the result is no price that can be stored")


class Step(TextChoices):
    """A line of the reasoning."""

    BASE = "base", _("base price")
    RATE = "rate", _("price named by the list")
    INCREASE = "increase", _("raised by percent")
    DECREASE = "decrease", _("lowered by percent")
    CALCULATED = "calculated", _("calculated")
    ROUNDED = "rounded", _("rounded")


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseAmount:
    """A product's own price or cost; either part may be unknown."""

    amount: Decimal | None
    currency: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRule:
    """What a price list says about every product."""

    kind: str = ""
    percentage: Decimal | None = None
    is_increase: bool | None = None
    currency: str = ""
    rounding: str = ""
    decimal_places: int | None = None
    pricing_scheme: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemRule:
    """What a price list says about one product."""

    rate: Decimal | None = None
    discount_percentage: Decimal | None = None
    pricing_scheme: str = ""
    brackets: Sequence[Bracket] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceDecision:
    """The price of one unit (None: not sold by this list), its currency, and how it came about."""

    price: Decimal | None
    currency: str
    reason: Reason
    steps: tuple[tuple[Step, Decimal], ...] = ()


def effective_price(
    base: BaseAmount, rule: ListRule, item: ItemRule | None, *, quantity: Decimal = ONE
) -> PriceDecision:
    """The price of one unit when `quantity` are taken.

    What the list says about the product wins over its percentage on the base price; a named price
    stands as it is, a calculated one is rounded by the list's rule. There is no fall-back to the
    bare base price, and amounts of two currencies never meet: a percentage in a list with a
    currency needs a base price known to be in that currency.
    """
    if item is not None:
        if bracket_wanted(rule, item):
            bracket = next((row for row in item.brackets if _covers(row, quantity)), None)
            if bracket is None:
                return PriceDecision(price=None, currency=rule.currency, reason=Reason.NO_BRACKET)
            return _named(base, rule, bracket.rate, bracket.discount_percentage, Reason.BRACKET)
        if item.rate is not None:
            return _named(base, rule, item.rate, None, Reason.ITEM_RATE)
        if item.discount_percentage is not None:
            return _named(base, rule, None, item.discount_percentage, Reason.DISCOUNT)
    if rule.kind != PriceListKind.PERCENTAGE:
        return PriceDecision(price=None, currency=rule.currency, reason=Reason.NOT_IN_LIST)
    if rule.percentage is None or (rule.is_increase is None and rule.percentage != 0):
        return PriceDecision(price=None, currency=rule.currency, reason=Reason.NO_PERCENTAGE)
    return _on_base(base, rule, rule.percentage if rule.is_increase else -rule.percentage, Reason.PERCENTAGE)


def bracket_wanted(rule: ListRule, item: ItemRule) -> bool:
    """Whether the quantity decides: by the pricing scheme, or because brackets are all there is."""
    if not item.brackets:
        return False
    if (item.pricing_scheme or rule.pricing_scheme) == PricingScheme.VOLUME:
        return True
    return item.rate is None and item.discount_percentage is None


def round_price(amount: Decimal, rounding: str, decimal_places: int | None) -> Decimal:
    """`amount` by Zoho's rounding choices, half up, never below zero.

    1000.678 becomes 1000.68 (not rounded, two decimal places), 1001 (whole), 1000.99 (whole less a
    cent), 1000.50 (half), 1000.49 (half less a cent).
    """
    whole = amount.quantize(ONE, ROUND_HALF_UP)
    half = (amount * 2).quantize(ONE, ROUND_HALF_UP) / 2
    if rounding == Rounding.WHOLE:
        result = whole
    elif rounding == Rounding.WHOLE_MINUS_CENT:
        result = whole - CENT
    elif rounding == Rounding.HALF:
        result = half
    elif rounding == Rounding.HALF_MINUS_CENT:
        result = half - CENT
    else:
        places = MONEY_DECIMALS if decimal_places is None else min(decimal_places, MONEY_DECIMALS)
        result = amount.quantize(ONE.scaleb(-places), ROUND_HALF_UP)
    return max(result, ZERO)


def _named(
    base: BaseAmount, rule: ListRule, rate: Decimal | None, discount: Decimal | None, reason: Reason
) -> PriceDecision:
    if rate is not None:
        return PriceDecision(price=rate, currency=rule.currency, reason=reason, steps=((Step.RATE, rate),))
    if discount is not None:
        return _on_base(base, rule, -discount, reason)
    return PriceDecision(price=None, currency=rule.currency, reason=Reason.NOT_IN_LIST)


def _on_base(base: BaseAmount, rule: ListRule, percent: Decimal, reason: Reason) -> PriceDecision:
    if base.amount is None:
        return PriceDecision(price=None, currency=rule.currency, reason=Reason.NO_BASE_PRICE)
    if rule.currency and rule.currency != base.currency:
        refusal = Reason.CURRENCY_DIFFERS if base.currency else Reason.CURRENCY_UNKNOWN
        return PriceDecision(price=None, currency=rule.currency, reason=refusal)
    with localcontext(prec=PRECISION):
        calculated = base.amount * (1 + percent / HUNDRED)
        price = round_price(calculated, rule.rounding, rule.decimal_places)
    if price >= LIMIT:
        return PriceDecision(price=None, currency=base.currency, reason=Reason.OUT_OF_RANGE)
    steps = (
        (Step.BASE, base.amount),
        (Step.INCREASE if percent > 0 else Step.DECREASE, abs(percent)),
        (Step.CALCULATED, calculated),
        (Step.ROUNDED, price),
    )
    return PriceDecision(price=price, currency=base.currency, reason=reason, steps=steps)


def _covers(bracket: Bracket, quantity: Decimal) -> bool:
    return (bracket.start is None or bracket.start <= quantity) and (bracket.end is None or quantity <= bracket.end)
