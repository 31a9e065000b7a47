"""A quote as the phones see it: one set of shapes for the cart, for checkout, for calculate and for orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.choices import Subject
from catalog.models import Product
from catalog.offers import offers_of
from commerce.models import CustomerAddress
from commerce.quotes import Delivery, Payment, Problem, Quote, QuotedLine, QuotedPromotion
from mobile_bff.callers import Caller
from mobile_bff.cards import FALLEN_WITHIN, Card, Shelf, days_before, product_images, product_name
from mobile_bff.money import Money, moment, money, money_or_none
from mobile_bff.standing import Standing

Answer = dict[str, Any]
TOTALS = (
    "items_subtotal",
    "items_discount",
    "shipping",
    "shipping_discount",
    "tax",
    "total",
    "rounding_adjustment",
    "payable",
    "you_save",
)


def totals(quote: Quote) -> dict[str, Money]:
    """What it comes to, in the currency of the quote."""
    return {name: money(getattr(quote.totals, name), quote.currency) for name in TOTALS}


def problems(quote: Quote) -> list[Answer]:
    """Everything that the buyer has to know, lines first."""
    return [problem(one) for one in quote.all_problems]


def problem(one: Problem) -> Answer:
    """`{"code": "insufficient_stock", "item_id": "7", "product_id": "12", "available": 2}`; prices as money."""
    details = dict(one.details)
    currency = details.pop("currency", "")
    known = details.pop("old_currency", "") or currency
    for name, of in (("old_price", known), ("new_price", currency)):
        if name in details:
            details[name] = money(details[name], of)
    return {"code": one.code.value, "item_id": _id(one.item_id), "product_id": _id(one.product_id), **details}


def promotions(quote: Quote) -> list[Answer]:
    """What counts, and why not what was asked for."""
    return [_promotion(one, quote.currency) for one in quote.promotions]


def coupons(quote: Quote) -> list[Answer]:
    """The codes that were typed, each with whether it counts."""
    return [
        {
            "code": one.code,
            "label": one.promotion.name if one.promotion else "",
            "applicable": one.is_applied,
            "reason": one.refusal.value if one.refusal else None,
        }
        for one in quote.considered
        if one.is_asked_for
    ]


def bill(quote: Quote, standing: Standing) -> Answer:
    """What calculate answers, and an order that was refused: lines, totals, promotions and what to agree to."""
    return {
        "currency": quote.currency,
        "items": [_billed(line, quote) for line in quote.lines],
        "totals": totals(quote),
        "promotions": promotions(quote),
        "problems": problems(quote),
        "quote": agreement(quote, standing),
        "can_place_order": quote.can_place_order,
    }


def agreement(quote: Quote, standing: Standing) -> Answer:
    """What an order has to agree to: the hash is another as soon as anything that costs or is delivered is."""
    return {
        "hash": quote.hash,
        "expires_at": moment(quote.expires_at),
        "price_list_version": standing.versions.get(Subject.PRICES.value, 0),
    }


def cart_lines(quote: Quote, caller: Caller, products: Mapping[int, Product]) -> list[Answer]:
    """The lines of a cart with their cards, made of its `products`. Two queries, none for an empty cart."""
    if not quote.lines:
        return []
    shelf = _shelf(quote, caller, products)
    return [_cart_line(line, _card(line, shelf), quote.currency) for line in quote.lines]


def delivery(one: Delivery) -> Answer:
    method = one.method
    return {
        "id": str(method.pk),
        "name": method.name,
        "price": money(method.price, method.currency),
        "eta_days": [method.least_days, method.most_days],
        "available": one.is_available,
        "reason": one.reason,
    }


def payment(one: Payment) -> Answer:
    method = one.method
    return {"code": method.code, "name": method.name, "available": one.is_available, "reason": one.reason}


def address(one: CustomerAddress) -> Answer:
    return {
        "id": str(one.pk),
        "label": one.label,
        "is_default": one.is_default,
        "recipient": one.recipient,
        "phone": one.phone,
        "governorate": one.governorate,
        "governorate_name": one.get_governorate_display(),
        "district": one.district,
        "landmark": one.landmark,
        "details": one.details,
        "lat": _degrees(one.latitude),
        "lng": _degrees(one.longitude),
    }


def customer(quote: Quote, caller: Caller) -> Answer:
    """Who buys, what they owe and what they may still owe, in the currency that credit is kept in."""
    buyer, credit = caller.need_customer(), quote.credit
    is_arabic = caller.language.startswith("ar")
    currency = credit.currency if credit else quote.currency
    return {
        "id": str(buyer.pk),
        "name": buyer.name_ar or buyer.name if is_arabic else buyer.name,
        "phone": buyer.mobile or buyer.phone or None,
        "balance": money_or_none(credit.balance if credit else None, currency),
        "credit_limit": money_or_none(credit.limit if credit else None, currency),
        "credit_available": money_or_none(credit.available if credit else None, currency),
        "on_hold": not buyer.is_active,
    }


def _promotion(one: QuotedPromotion, currency: str) -> Answer:
    return {
        "id": _id(one.promotion.pk if one.promotion else None),
        "name": one.promotion.name if one.promotion else "",
        "code": one.code or None,
        "applied": one.is_applied,
        "amount": money(one.amount, currency),
        "reason": one.refusal.value if one.refusal else None,
    }


def _billed(line: QuotedLine, quote: Quote) -> Answer:
    currency = quote.currency
    return {
        "product_id": str(line.product.pk),
        "quantity": line.quantity,
        "unit_price": money_or_none(line.unit_price, currency),
        "price_source": line.price_source.value if line.price_source else None,
        "subtotal": money(line.subtotal, currency),
        "discounts": [
            {"code": one.code or None, "promotion_id": str(one.promotion_id), "amount": money(one.amount, currency)}
            for one in line.discounts
        ],
        "discount_total": money(line.discount_total, currency),
        "tax": {
            "rate": f"{line.tax_rate.normalize():f}",
            "inclusive": quote.settings.prices_include_tax,
            "amount": money(line.tax, currency),
        },
        "total": money(line.total, currency),
        "problems": [problem(one) for one in line.problems],
    }


def _cart_line(line: QuotedLine, card: Card, currency: str) -> Answer:
    return {
        "id": _id(line.item_id),
        "product": card,
        "quantity": line.quantity,
        "unit_price": money_or_none(line.unit_price, currency),
        "unit_price_snapshot": money_or_none(line.known_price, currency),
        "line_subtotal": money(line.subtotal, currency),
        "line_discount": money(line.discount_total, currency),
        "line_total": money(line.total, currency),
        "problems": [problem(one) for one in line.problems],
    }


def _shelf(quote: Quote, caller: Caller, products: Mapping[int, Product]) -> Shelf:
    """What the cards are made of, hidden products included: whoever has one in the cart must see which it is."""
    return Shelf(
        caller=caller,
        products=products,
        images=product_images(products),
        offers=offers_of(products, caller.price_list_ids, fallen_since=days_before(quote.at, FALLEN_WITHIN)),
        held={line.product.pk: Decimal(line.product.held) for line in quote.lines},  # type: ignore[attr-defined]
        at=quote.at,
    )


def _card(line: QuotedLine, shelf: Shelf) -> Card:
    """The card; of a product that cannot be bought now one without a price."""
    key = line.product.pk
    if line.unit_price is not None and shelf.sells(key):
        return shelf.card(key)
    return {
        "id": str(key),
        "sku": line.product.sku or None,
        "name": product_name(line.product, shelf.caller.language),
        "brand": line.product.brand or None,
        "image": shelf.image(key),
        "price": None,
        "compare_at": None,
        "discount_percent": None,
        "stock": {"status": "out", "available": 0, "capped": False},
        "rating": {"average": None, "count": 0},
        "badges": [],
        "in_cart_qty": line.quantity,
        "min_qty": 1,
        "step": 1,
    }


def _id(key: int | None) -> str | None:
    return None if key is None else str(key)


def _degrees(position: Decimal | None) -> str | None:
    return None if position is None else f"{position:f}"
