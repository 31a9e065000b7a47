"""How a cart is added up: one pure function for checkout, calculate and the admin's simulator.

Amounts are Decimals of one currency. They are rounded half up to the currency's digits at the unit
price, the line subtotal, each discount, each allocation, each tax and the shipping, and nowhere else.

The order of the steps (design/mobile.md §3.1): line subtotals, line discounts, promotions on items,
promotions on the order, shipping, tax after discounts, cash rounding as a line of its own. Minimum
orders are compared with the merchandise after line discounts, never with what other promotions left,
so that one promotion cannot disqualify another and raise the total.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from enum import StrEnum

ZERO, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
PRECISION = 60


class Kind(StrEnum):
    """What a promotion gives."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    BUY_X_GET_Y = "buy_x_get_y"
    FREE_SHIPPING = "free_shipping"


class Refusal(StrEnum):
    """Why a promotion does not count for a cart. The first seven are found before the cart is added up."""

    UNKNOWN = "unknown"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    USAGE_LIMIT = "usage_limit"
    CUSTOMER_LIMIT = "customer_limit"
    WRONG_CURRENCY = "wrong_currency"
    NOT_ELIGIBLE = "not_eligible"
    MIN_ORDER = "min_order"
    NOT_COMBINABLE = "not_combinable"


class CashRounding(StrEnum):
    NEAREST = "nearest"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, kw_only=True)
class Money:
    """A currency's smallest unit, as digits after the point, and the smallest amount payable in cash."""

    currency: str
    digits: int
    cash_increment: Decimal | None = None

    def round(self, amount: Decimal) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-self.digits), ROUND_HALF_UP)

    @property
    def unit(self) -> Decimal:
        return Decimal(1).scaleb(-self.digits)


# ISO 4217 gives the dinar three digits; CLDR, and everybody in Iraq, none. 250 is the smallest note.
CURRENCIES = {
    "IQD": Money(currency="IQD", digits=0, cash_increment=Decimal(250)),
    "USD": Money(currency="USD", digits=2),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a cart. `key` is stable and unique in it; rates and percentages are in percent."""

    key: str
    unit_price: Decimal
    quantity: Decimal
    tax_rate: Decimal = ZERO
    discount_percentage: Decimal = ZERO
    discount_amount: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A promotion that may count for this cart: its window, limits and customers have been looked at.

    `lines` are the keys of the lines it is about, None for all: then it works on the order as a
    whole, otherwise on those lines. `value` is a percentage, or an amount that is taken once.
    """

    id: int
    kind: Kind
    value: Decimal = ZERO
    code: str = ""
    lines: frozenset[str] | None = None
    minimum: Decimal = ZERO
    most: Decimal | None = None
    buy: int = 0
    get: int = 0
    priority: int = 0
    is_exclusive: bool = False

    @property
    def is_about_items(self) -> bool:
        return self.lines is not None or self.kind is Kind.BUY_X_GET_Y

    def is_about(self, key: str) -> bool:
        return self.lines is None or key in self.lines


@dataclass(frozen=True, kw_only=True)
class Shipping:
    price: Decimal = ZERO
    tax_rate: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Cart:
    """All that decides a total."""

    money: Money
    lines: Sequence[Line]
    promotions: Sequence[Promotion] = ()
    shipping: Shipping = field(default_factory=Shipping)
    prices_include_tax: bool = False
    is_paid_in_cash: bool = False
    cash_rounding: CashRounding = CashRounding.NEAREST


@dataclass(frozen=True, kw_only=True)
class LineTotal:
    """`total` = `net` + `tax`; `subtotal` less all discounts is the net, or the total where prices include tax."""

    key: str
    unit_price: Decimal
    quantity: Decimal
    subtotal: Decimal
    line_discount: Decimal
    discounts: Mapping[int, Decimal]
    net: Decimal
    tax: Decimal

    @property
    def discount(self) -> Decimal:
        return self.line_discount + sum(self.discounts.values(), ZERO)

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True, kw_only=True)
class PromotionTotal:
    """What a promotion took off, or why it did not."""

    promotion: Promotion
    amount: Decimal = ZERO
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class Totals:
    """A cart added up. `payable` = `total` + `rounding_adjustment`."""

    money: Money
    lines: tuple[LineTotal, ...]
    promotions: tuple[PromotionTotal, ...]
    items_subtotal: Decimal
    items_discount: Decimal
    shipping: Decimal
    shipping_discount: Decimal
    tax: Decimal
    total: Decimal
    rounding_adjustment: Decimal

    @property
    def payable(self) -> Decimal:
        return self.total + self.rounding_adjustment

    @property
    def you_save(self) -> Decimal:
        return self.items_discount + self.shipping_discount


def calculate(cart: Cart) -> Totals:
    """Add up a cart with the promotions that are best for the customer.

    Either all stackable promotions count together, or one exclusive one alone: whatever gives the
    lowest total, then the fewest promotions, then the lowest ids. The order of lines and promotions
    changes nothing. ValueError for a negative amount, a float, or two lines of one key.
    """
    _check(cart)
    with localcontext() as context:
        context.prec = PRECISION
        merchandise = sum((line.remaining for line in _open_lines(cart)), ZERO)
        refused = {one.id: reason for one in cart.promotions if (reason := _refuse(one, cart, merchandise))}
        able = sorted((one for one in cart.promotions if one.id not in refused), key=lambda one: (one.priority, one.id))
        candidates = [[one for one in able if not one.is_exclusive], *([one] for one in able if one.is_exclusive)]
        return min((_add_up(cart, chosen, refused) for chosen in candidates), key=_rank)


# --- inside -----------------------------------------------------------------------------------------


@dataclass
class _Open:
    """A line while promotions work on it."""

    line: Line
    subtotal: Decimal
    line_discount: Decimal
    remaining: Decimal
    discounts: dict[int, Decimal] = field(default_factory=dict)

    def take(self, promotion: Promotion, amount: Decimal) -> Decimal:
        amount = min(amount, self.remaining)
        if amount > 0:
            self.remaining -= amount
            self.discounts[promotion.id] = self.discounts.get(promotion.id, ZERO) + amount
        return amount


def _check(cart: Cart) -> None:
    if len({line.key for line in cart.lines}) != len(cart.lines):
        raise ValueError("two lines have the same key")
    if len({one.id for one in cart.promotions}) != len(cart.promotions):
        raise ValueError("two promotions have the same id")
    for name, amount in _amounts(cart):
        if not isinstance(amount, Decimal):
            raise TypeError(f"{name}: {amount!r} is not a Decimal")
        if not amount.is_finite() or amount < 0:
            raise ValueError(f"{name}: {amount} is not an amount")


def _amounts(cart: Cart) -> Iterator[tuple[str, Decimal]]:
    for line in cart.lines:
        for name in ("unit_price", "quantity", "tax_rate", "discount_percentage", "discount_amount"):
            yield f"{name} of line {line.key}", getattr(line, name)
    for one in cart.promotions:
        yield f"value of promotion {one.id}", one.value
        yield f"minimum of promotion {one.id}", one.minimum
        if one.most is not None:
            yield f"most of promotion {one.id}", one.most
    yield "shipping", cart.shipping.price
    yield "tax of the shipping", cart.shipping.tax_rate


def _open_lines(cart: Cart) -> list[_Open]:
    """The lines in the order of their keys, after their own discounts: percent first, then the amount."""
    opened = []
    for line in sorted(cart.lines, key=lambda line: line.key):
        subtotal = cart.money.round(cart.money.round(line.unit_price) * line.quantity)
        by_percent = min(cart.money.round(subtotal * line.discount_percentage / HUNDRED), subtotal)
        discount = min(by_percent + cart.money.round(line.discount_amount), subtotal)
        opened.append(_Open(line, subtotal, discount, subtotal - discount))
    return opened


def _refuse(promotion: Promotion, cart: Cart, merchandise: Decimal) -> Refusal | None:
    if merchandise < promotion.minimum:
        return Refusal.MIN_ORDER
    if not any(promotion.is_about(line.key) for line in cart.lines):  # an empty cart included
        return Refusal.NOT_ELIGIBLE
    return None


def _add_up(cart: Cart, chosen: Sequence[Promotion], refused: Mapping[int, Refusal]) -> Totals:
    money, opened = cart.money, _open_lines(cart)
    amounts: dict[int, Decimal] = {}
    for about_items in (True, False):
        for one in chosen:
            if one.kind is not Kind.FREE_SHIPPING and one.is_about_items is about_items:
                amounts[one.id] = _take_off(one, opened, money)
    shipping = left = money.round(cart.shipping.price) if opened else ZERO
    for one in chosen:
        if one.kind is Kind.FREE_SHIPPING:
            amounts[one.id] = left if one.most is None else min(left, money.round(one.most))
            left -= amounts[one.id]
    lines = tuple(_close(one, cart) for one in opened)
    shipping_net, shipping_tax = _tax(left, cart.shipping.tax_rate, cart)
    total = sum((line.total for line in lines), shipping_net + shipping_tax)
    return Totals(
        money=money,
        lines=lines,
        promotions=tuple(_outcome(one, amounts, refused) for one in sorted(cart.promotions, key=lambda one: one.id)),
        items_subtotal=sum((line.subtotal for line in lines), ZERO),
        items_discount=sum((line.discount for line in lines), ZERO),
        shipping=shipping,
        shipping_discount=shipping - left,
        tax=sum((line.tax for line in lines), shipping_tax),
        total=total,
        rounding_adjustment=_cash_rounding(total, cart),
    )


def _outcome(one: Promotion, amounts: Mapping[int, Decimal], refused: Mapping[int, Refusal]) -> PromotionTotal:
    if one.id in refused:
        return PromotionTotal(promotion=one, refusal=refused[one.id])
    if one.id not in amounts:
        return PromotionTotal(promotion=one, refusal=Refusal.NOT_COMBINABLE)
    if not amounts[one.id]:
        return PromotionTotal(promotion=one, refusal=Refusal.NOT_ELIGIBLE)
    return PromotionTotal(promotion=one, amount=amounts[one.id])


def _take_off(promotion: Promotion, opened: Sequence[_Open], money: Money) -> Decimal:
    """Take a promotion off the lines it is about; how much that was."""
    lines = [one for one in opened if promotion.is_about(one.line.key)]
    if promotion.kind is Kind.BUY_X_GET_Y:
        wanted = _free_units(promotion, lines, money)
    elif promotion.kind is Kind.PERCENTAGE and promotion.is_about_items:
        wanted = [money.round(one.remaining * _percent(promotion) / HUNDRED) for one in lines]
    else:
        base = sum((one.remaining for one in lines), ZERO)
        share = base * _percent(promotion) / HUNDRED if promotion.kind is Kind.PERCENTAGE else promotion.value
        wanted = allocate(min(money.round(share), base), [one.remaining for one in lines], money)
    taken = sum(wanted, ZERO)
    if promotion.most is not None and taken > money.round(promotion.most):
        wanted = allocate(money.round(promotion.most), wanted, money)
    return sum((one.take(promotion, amount) for one, amount in zip(lines, wanted, strict=True)), ZERO)


def _percent(promotion: Promotion) -> Decimal:
    return min(promotion.value, HUNDRED)


def _free_units(promotion: Promotion, lines: Sequence[_Open], money: Money) -> list[Decimal]:
    """What the free units of complete sets are worth on each line: the cheapest units of the cart, as they cost now."""
    counted = [int(one.line.quantity) if one.line.quantity == int(one.line.quantity) else 0 for one in lines]
    size = promotion.buy + promotion.get
    left = sum(counted) // size * promotion.get if promotion.buy > 0 and promotion.get > 0 else 0
    worth = [ZERO] * len(lines)
    each = [one.remaining / count if count else ZERO for one, count in zip(lines, counted, strict=True)]
    for position in sorted(range(len(lines)), key=lambda at: (each[at], lines[at].line.key)):
        free = min(left, counted[position])
        if free:
            remaining = lines[position].remaining
            worth[position] = min(money.round(remaining * free / counted[position]), remaining)
        left -= free
    return worth


def allocate(amount: Decimal, weights: Sequence[Decimal], money: Money) -> list[Decimal]:
    """Split `amount` in proportion to `weights` without losing a unit, none more than its weight.

    Each share is rounded down, and the units left over go to the largest remainders, the earlier
    one of equals first. `amount` is at most the sum of the weights, all in whole units.
    """
    whole = sum(weights, ZERO)
    if not amount or not whole:
        return [ZERO] * len(weights)
    exact = [amount * weight / whole for weight in weights]
    shares = [share.quantize(money.unit, ROUND_DOWN) for share in exact]
    missing = int((amount - sum(shares, ZERO)) / money.unit)
    by_remainder = sorted(range(len(weights)), key=lambda at: (shares[at] - exact[at], at))
    for position in by_remainder[:missing]:
        shares[position] += money.unit
    return shares


def _close(one: _Open, cart: Cart) -> LineTotal:
    net, tax = _tax(one.remaining, one.line.tax_rate, cart)
    return LineTotal(
        key=one.line.key,
        unit_price=cart.money.round(one.line.unit_price),
        quantity=one.line.quantity,
        subtotal=one.subtotal,
        line_discount=one.line_discount,
        discounts=dict(sorted(one.discounts.items())),
        net=net,
        tax=tax,
    )


def _tax(amount: Decimal, rate: Decimal, cart: Cart) -> tuple[Decimal, Decimal]:
    """Net and tax of a discounted amount. Where prices include tax it is the net that is rounded."""
    if cart.prices_include_tax:
        net = cart.money.round(amount / (ONE + rate / HUNDRED))
        return net, amount - net
    return amount, cart.money.round(amount * rate / HUNDRED)


def _cash_rounding(total: Decimal, cart: Cart) -> Decimal:
    """What cash adds to the total or takes from it. A positive total is never rounded to nothing."""
    increment = cart.money.cash_increment
    if increment is None or not cart.is_paid_in_cash or not total:
        return ZERO
    how = {CashRounding.NEAREST: ROUND_HALF_UP, CashRounding.UP: ROUND_UP, CashRounding.DOWN: ROUND_DOWN}
    steps = (total / increment).quantize(ONE, how[cart.cash_rounding])
    return max(steps, ONE) * increment - total


def _rank(totals: Totals) -> tuple[Decimal, int, Collection[int]]:
    applied = tuple(sorted(one.promotion.id for one in totals.promotions if one.refusal is None))
    return totals.total, len(applied), applied
