"""What a cart costs: the one place where prices, stock, promotions, delivery, payment and credit come together.

Reads only. Checkout, calculate, placing an order and the admin's simulator all ask here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from commerce.baskets import BasketLine, money_of, read_basket
from commerce.choices import PaymentKind
from commerce.credit import read_credit
from commerce.eligibility import Buyer, Considered, consider, line_key
from commerce.models import AppSettings, Customer
from commerce.models.promotions import fold_code
from commerce.price_lists import currency_of, price_lists_of
from commerce.quotes import Discount, Obstacle, Problem, Quote, QuotedLine, QuotedPromotion, Wanted
from commerce.totals import Cart, CashRounding, Line, LineTotal, Refusal, Shipping, Totals, calculate
from commerce.ways import Ways, judge_payments, problems_of_choices, read_ways

__all__ = ["Wanted", "quote"]

ZERO = Decimal(0)
GOOD_FOR = timedelta(minutes=15)


def quote(
    *,
    customer: Customer | None,
    lines: Sequence[Wanted],
    at: datetime,
    coupon_codes: Sequence[str] = (),
    address_id: int | None = None,
    delivery_method_id: int | None = None,
    payment_method: str | None = None,
    currency: str = "",
    cart_version: int | None = None,
    app_settings: AppSettings | None = None,
    tells_credit: bool = True,
) -> Quote:
    """Work out a cart. At most eight queries however many lines, one less with `app_settings`; nothing is written.

    Lines of one product are put together. Prices must be in `currency`, by default that of the price
    list that is asked first. The customer is to be read with its price list. UnknownProducts for
    products that do not exist, UnknownAddress for an address that is not this customer's; everything
    else that is wrong is a problem of the quote. Without `tells_credit` credit is looked at only when
    the chosen payment needs it, and nothing is said of others that do.
    """
    shop = app_settings or AppSettings.objects.current()
    price_lists = price_lists_of(customer, shop)
    currency = currency or currency_of(price_lists, shop)
    list_ids = [one.pk for one in price_lists]
    basket = read_basket(lines, customer=customer, price_list_ids=list_ids, currency=currency, clock=shop.stock_clock)
    codes = tuple(dict.fromkeys(code for code in map(fold_code, coupon_codes) if code))
    buyer = Buyer(customer=customer, price_list_id=list_ids[0] if list_ids else None)
    considered = consider(codes, sold=_sold(basket), buyer=buyer, currency=currency, at=at)
    ways = read_ways(
        customer,
        currency=currency,
        address_id=address_id,
        delivery_method_id=delivery_method_id,
        payment_method=payment_method,
    )
    tax_rate = ZERO if customer is not None and customer.is_taxable is False else shop.tax_rate
    totals = calculate(_cart(basket, considered, ways, shop, currency=currency, tax_rate=tax_rate))
    on_account = ways.method is not None and ways.method.kind == PaymentKind.ON_ACCOUNT
    credit = (
        read_credit(customer, base_currency=shop.currency)
        if customer is not None and (tells_credit or on_account)
        else None
    )
    payments = judge_payments(ways.methods, customer, credit, amount=totals.payable, currency=currency)
    return Quote(
        customer_id=customer.pk if customer is not None else None,
        currency=currency,
        lines=tuple(_quoted_lines(basket, totals, considered, tax_rate)),
        totals=totals,
        considered=tuple(_outcomes(considered, totals, codes)),
        codes=codes,
        problems=(
            *_problems(customer, basket),
            *problems_of_choices(ways, payments, delivery_method_id=delivery_method_id, payment_method=payment_method),
        ),
        addresses=ways.addresses,
        address=ways.address,
        deliveries=ways.deliveries,
        delivery=ways.delivery,
        payments=payments,
        payment=ways.method,
        credit=credit,
        settings=shop,
        cart_version=cart_version,
        at=at,
        expires_at=_expiry(considered, at),
    )


def _sold(basket: Sequence[BasketLine]) -> dict[int, BasketLine]:
    return {line.product.pk: line for line in basket if line.price is not None}


def _cart(
    basket: Sequence[BasketLine],
    considered: Sequence[Considered],
    ways: Ways,
    shop: AppSettings,
    *,
    currency: str,
    tax_rate: Decimal,
) -> Cart:
    """What is added up: the lines that can be sold, at today's prices."""
    shipping_tax = shop.shipping_tax_rate if tax_rate or not shop.tax_rate else ZERO
    return Cart(
        money=money_of(currency),
        lines=[
            Line(
                key=line_key(line.product.pk),
                unit_price=line.price.price,
                quantity=Decimal(line.wanted.quantity),
                tax_rate=tax_rate,
            )
            for line in basket
            if line.price is not None
        ],
        promotions=[one.counting for one in considered if one.counting is not None],
        shipping=Shipping(price=ways.delivery.price if ways.delivery else ZERO, tax_rate=shipping_tax),
        prices_include_tax=shop.prices_include_tax,
        is_paid_in_cash=ways.method is not None and ways.method.kind == PaymentKind.CASH,
        cash_rounding=CashRounding(shop.cash_rounding),
    )


def _quoted_lines(
    basket: Sequence[BasketLine], totals: Totals, considered: Sequence[Considered], tax_rate: Decimal
) -> Iterator[QuotedLine]:
    codes = {one.promotion.pk: one.promotion.code for one in considered}
    by_key = {line.key: line for line in totals.lines}
    for line in basket:
        total = by_key.get(line_key(line.product.pk)) if line.price is not None else None
        yield QuotedLine(
            product=line.product,
            quantity=line.wanted.quantity,
            item_id=line.wanted.item_id,
            unit_price=total.unit_price if total else None,
            known_price=line.wanted.known_price,
            price_list_id=line.price.price_list_id if line.price else None,
            price_source=line.source,
            subtotal=total.subtotal if total else ZERO,
            discounts=_discounts(total, codes),
            discount_total=total.discount if total else ZERO,
            tax_rate=tax_rate,
            tax=total.tax if total else ZERO,
            total=total.total if total else ZERO,
            available=line.available,
            problems=line.problems,
        )


def _discounts(total: LineTotal | None, codes: Mapping[int, str]) -> tuple[Discount, ...]:
    if total is None:
        return ()
    return tuple(Discount(promotion_id=pk, code=codes[pk], amount=amount) for pk, amount in total.discounts.items())


def _outcomes(considered: Sequence[Considered], totals: Totals, codes: Sequence[str]) -> Iterator[QuotedPromotion]:
    """What became of each promotion, and of each code that is nobody's or is switched off."""
    added_up = {one.promotion.id: one for one in totals.promotions}
    unknown = {*codes}
    for one in considered:
        if one.refusal is Refusal.UNKNOWN:
            continue
        unknown.discard(one.promotion.code)
        result = added_up.get(one.promotion.pk)
        yield QuotedPromotion(
            promotion=one.promotion,
            code=one.promotion.code,
            is_asked_for=bool(one.promotion.code),
            amount=result.amount if result else ZERO,
            refusal=result.refusal if result else one.refusal,
        )
    for code in codes:
        if code in unknown:
            yield QuotedPromotion(promotion=None, code=code, is_asked_for=True, refusal=Refusal.UNKNOWN)


def _problems(customer: Customer | None, basket: Sequence[BasketLine]) -> Iterator[Problem]:
    if not basket:
        yield Problem(code=Obstacle.EMPTY_CART)
    if customer is None:
        yield Problem(code=Obstacle.SIGN_IN_REQUIRED)
    elif not customer.is_active or customer.retired_at is not None:
        yield Problem(code=Obstacle.CUSTOMER_INACTIVE)


def _expiry(considered: Sequence[Considered], at: datetime) -> datetime:
    bounds = [bound for one in considered for bound in (one.promotion.starts_at, one.promotion.ends_at)]
    return min([at + GOOD_FOR, *(bound for bound in bounds if bound is not None and bound > at)])
