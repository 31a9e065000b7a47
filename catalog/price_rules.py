"""What a product costs by a price list, and why. Pure: values in, a decision with its reasoning out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from catalog.choices import PriceListKind, PricingScheme, Rounding
from catalog.values import Bracket
from tsh_erp.common.fields import MONEY_DECIMALS, MONEY_DIGITS

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
TENTH, QUARTER, HALF = Decimal("0.10"), Decimal("0.25"), Decimal("0.50")
CENT, TWO_CENTS, FIVE_CENTS, ELEVEN_CENTS = Decimal("0.01"), Decimal("0.02"), Decimal("0.05"), Decimal("0.11")
# The step that a price is rounded to, and what is then taken off it.
STEPS: dict[str, tuple[Decimal, Decimal]] = {
    Rounding.CENT: (CENT, ZERO),
    Rounding.TWO_CENTS: (TWO_CENTS, ZERO),
    Rounding.FIVE_CENTS: (FIVE_CENTS, ZERO),
    Rounding.TEN_CENTS: (TENTH, ZERO),
    Rounding.TEN_CENTS_MINUS_CENT: (TENTH, CENT),
    Rounding.QUARTER: (QUARTER, ZERO),
    Rounding.HALF: (HALF, ZERO),
    Rounding.HALF_MINUS_CENT: (HALF, CENT),
    Rounding.HALF_MINUS_FIVE_CENTS: (HALF, FIVE_CENTS),
    Rounding.WHOLE: (ONE, ZERO),
    Rounding.WHOLE_MINUS_CENT: (ONE, CENT),
    Rounding.WHOLE_MINUS_TWO_CENTS: (ONE, TWO_CENTS),
    Rounding.WHOLE_MINUS_FIVE_CENTS: (ONE, FIVE_CENTS),
    Rounding.WHOLE_MINUS_ELEVEN_CENTS: (ONE, ELEVEN_CENTS),
}
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
    ROUNDING_UNKNOWN = "rounding_unknown", _("the way the list rounds is not known")
    NOT_SOLD = "not_sold", _("the product or the list is gone or not active")
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
    rounding_word: str = ""
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
    bracket: Bracket | None = None


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
            bracket = bracket_for(item.brackets, quantity)
            if bracket is None:
                return PriceDecision(price=None, currency=rule.currency, reason=Reason.NO_BRACKET)
            named = _named(base, rule, bracket.rate, bracket.discount_percentage, Reason.BRACKET)
            return replace(named, bracket=bracket)
        if item.rate is not None:
            return _named(base, rule, item.rate, item.discount_percentage, Reason.ITEM_RATE)
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


def bracket_for(brackets: Sequence[Bracket], quantity: Decimal) -> Bracket | None:
    """The bracket a quantity falls into, whatever order they come in: of several the one that begins last."""
    begun = [row for row in brackets if row.start is None or row.start <= quantity]
    for row in sorted(begun, key=lambda row: ZERO if row.start is None else row.start, reverse=True):
        if _reaches(row, quantity):
            return row
    return None


def round_price(amount: Decimal, rounding: str, decimal_places: int | None) -> Decimal:
    """`amount` by Zoho's rounding choices: half up to a step, then perhaps a little less, never below zero.

    1000.678 becomes 1001 (whole), 1000.99 (whole less a cent), 1000.50 (half), 1000.49 (half less a cent). Not
    rounded, it keeps as many decimal places as the list states; a list that is not rounded states 0 where it
    means none (seen live), documented are 1 to 3. `Rounding.UNKNOWN` cannot be asked for: ValueError.
    """
    if rounding == Rounding.UNKNOWN:
        raise ValueError("an unknown rounding gives no price")
    if rounding in STEPS:
        step, less = STEPS[rounding]
        rounded = (amount / step).quantize(ONE, ROUND_HALF_UP) * step
        return max(rounded - less, ZERO)
    places = decimal_places if rounding == Rounding.DECIMALS else (decimal_places or None)
    places = MONEY_DECIMALS if places is None else min(places, MONEY_DECIMALS)
    return max(amount.quantize(ONE.scaleb(-places), ROUND_HALF_UP), ZERO)


def _named(
    base: BaseAmount, rule: ListRule, rate: Decimal | None, discount: Decimal | None, reason: Reason
) -> PriceDecision:
    """A price the list names. A discount beside it is taken off it, as Zoho does on the lines of a document."""
    if rate is not None and discount:
        return _calculated(Step.RATE, rate, -discount, rule, rule.currency, reason)
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
    return _calculated(Step.BASE, base.amount, percent, rule, base.currency, reason)


def _calculated(
    start: Step, amount: Decimal, percent: Decimal, rule: ListRule, currency: str, reason: Reason
) -> PriceDecision:
    """`amount` raised or lowered by `percent` and rounded as the list rounds."""
    if rule.rounding == Rounding.UNKNOWN:
        return PriceDecision(price=None, currency=currency, reason=Reason.ROUNDING_UNKNOWN)
    with localcontext(prec=PRECISION):
        calculated = amount * (1 + percent / HUNDRED)
        price = round_price(calculated, rule.rounding, rule.decimal_places)
    if price >= LIMIT:
        return PriceDecision(price=None, currency=currency, reason=Reason.OUT_OF_RANGE)
    steps = (
        (start, amount),
        (Step.INCREASE if percent > 0 else Step.DECREASE, abs(percent)),
        (Step.CALCULATED, calculated),
        (Step.ROUNDED, price),
    )
    return PriceDecision(price=price, currency=currency, reason=reason, steps=steps)


def _reaches(bracket: Bracket, quantity: Decimal) -> bool:
    """Brackets are written in whole numbers, 1–10 and 11–20: what lies between two of them belongs to the lower."""
    if bracket.end is None or quantity <= bracket.end:
        return True
    return bracket.end == bracket.end.to_integral_value() and quantity < bracket.end + 1
