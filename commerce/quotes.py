"""The shapes of a quote: what a cart costs here and now, why, and what stands in the way of ordering it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from catalog.models import Product
from commerce.choices import PriceSource
from commerce.credit import Credit
from commerce.models import AppSettings, CustomerAddress, DeliveryMethod, PaymentMethod, Promotion
from commerce.totals import Refusal, Totals

ZERO = Decimal(0)


class Obstacle(StrEnum):
    """What is the matter with a line or with the whole; `BLOCKING` keeps the order from being placed."""

    UNAVAILABLE = "unavailable"
    NO_PRICE = "no_price"
    WRONG_CURRENCY = "wrong_currency"
    INSUFFICIENT_STOCK = "insufficient_stock"
    PRICE_CHANGED = "price_changed"
    EMPTY_CART = "empty_cart"
    SIGN_IN_REQUIRED = "sign_in_required"
    CUSTOMER_INACTIVE = "customer_inactive"
    ADDRESS_REQUIRED = "address_required"
    DELIVERY_METHOD_REQUIRED = "delivery_method_required"
    DELIVERY_METHOD_UNAVAILABLE = "delivery_method_unavailable"
    PAYMENT_METHOD_REQUIRED = "payment_method_required"
    PAYMENT_METHOD_UNAVAILABLE = "payment_method_unavailable"


BLOCKING = frozenset(Obstacle) - {Obstacle.PRICE_CHANGED}


class UnknownProducts(LookupError):
    """Products that do not exist, by their primary keys."""

    def __init__(self, product_ids: Sequence[int]) -> None:
        super().__init__(f"unknown products: {', '.join(map(str, product_ids))}")
        self.product_ids = tuple(product_ids)


class UnknownAddress(LookupError):
    """The address is not one of this customer's."""

    def __init__(self, address_id: int) -> None:
        super().__init__(f"unknown address: {address_id}")
        self.address_id = address_id


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many of a product; `known_price` is what the buyer was last told one costs, to notice a change."""

    product_id: int
    quantity: int
    item_id: int | None = None
    known_price: Decimal | None = None
    known_currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something the buyer has to know. Without a product it is about the whole.

    `details`: `available` (units), `old_price`, `new_price`, `currency`, `reason`.
    """

    code: Obstacle
    product_id: int | None = None
    item_id: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_blocking(self) -> bool:
        return self.code in BLOCKING


@dataclass(frozen=True, kw_only=True)
class Discount:
    promotion_id: int
    code: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class QuotedLine:
    """One line. A line that cannot be sold has no price and counts for nothing; its problems say why.

    `available` is what may be had of it, None where no stock is kept.
    """

    product: Product
    quantity: int
    item_id: int | None
    unit_price: Decimal | None
    known_price: Decimal | None
    price_list_id: int | None
    price_source: PriceSource | None
    subtotal: Decimal
    discounts: tuple[Discount, ...]
    discount_total: Decimal
    tax_rate: Decimal
    tax: Decimal
    total: Decimal
    available: Decimal | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True)
class QuotedPromotion:
    """What a promotion does to the cart. `promotion` is None for a code that does not exist.

    `is_asked_for`: its code was typed; the others count by themselves.
    """

    promotion: Promotion | None
    code: str
    is_asked_for: bool
    amount: Decimal = ZERO
    refusal: Refusal | None = None

    @property
    def is_applied(self) -> bool:
        return self.refusal is None

    @property
    def is_told(self) -> bool:
        """Whether the buyer hears of it: what counts, what was asked for, and what is advertised and nearly counts."""
        near = self.refusal in (Refusal.MIN_ORDER, Refusal.NOT_COMBINABLE)
        advertised = self.promotion is not None and self.promotion.is_advertised
        return self.is_applied or self.is_asked_for or (near and advertised)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A way of delivery. `reason` why not: wrong_currency, governorate, address_required."""

    method: DeliveryMethod
    reason: str | None = None

    @property
    def is_available(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A way to pay. `reason` why not: sign_in_required, no_credit, credit_limit, no_exchange_rate, on_hold."""

    method: PaymentMethod
    reason: str | None = None

    @property
    def is_available(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, kw_only=True)
class Quote:
    """A cart worked out. `considered` has every promotion that was looked at, for staff; `promotions` what buyers see.

    `expires_at`: until then no promotion begins or ends by itself; placing an order works everything out again.
    """

    customer_id: int | None
    currency: str
    lines: tuple[QuotedLine, ...]
    totals: Totals
    considered: tuple[QuotedPromotion, ...]
    codes: tuple[str, ...]
    problems: tuple[Problem, ...]
    addresses: tuple[CustomerAddress, ...]
    address: CustomerAddress | None
    deliveries: tuple[Delivery, ...]
    delivery: DeliveryMethod | None
    payments: tuple[Payment, ...]
    payment: PaymentMethod | None
    credit: Credit | None
    settings: AppSettings
    cart_version: int | None
    at: datetime
    expires_at: datetime

    @property
    def promotions(self) -> tuple[QuotedPromotion, ...]:
        return tuple(one for one in self.considered if one.is_told)

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """The problems of the lines and then of the whole."""
        return (*(problem for line in self.lines for problem in line.problems), *self.problems)

    @property
    def can_place_order(self) -> bool:
        return not any(problem.is_blocking for problem in self.all_problems)

    @property
    def hash(self) -> str:
        """What is another text as soon as anything that was agreed is another. Time alone changes nothing."""
        text = json.dumps([*self._agreed()], ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def _agreed(self) -> Iterator[Any]:
        totals = self.totals
        yield [self.customer_id, self.currency]
        for line in sorted(self.lines, key=lambda line: line.product.pk):
            price = None if line.unit_price is None else _text(line.unit_price)
            yield [
                line.product.pk,
                line.quantity,
                price,
                _text(line.discount_total),
                _text(line.tax),
                _text(line.total),
            ]
        for one in self.considered:
            if one.promotion is not None and one.is_applied:
                yield ["promotion", one.promotion.pk, _text(one.amount)]
        yield ["address", self.address.pk if self.address else None]
        yield ["delivery", self.delivery.pk if self.delivery else None]
        yield ["payment", self.payment.code if self.payment else None]
        yield [_text(totals.shipping), _text(totals.shipping_discount), _text(totals.tax)]
        yield [_text(totals.total), _text(totals.payable)]


def _text(amount: Decimal) -> str:
    return f"{amount:f}"
