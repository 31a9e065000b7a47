"""Place and cancel the orders of the phones, each in one transaction.

Locks are taken in one order, so that nobody waits crosswise: customer, cart (or, to cancel, the order), promotions by
key, products by Zoho id as the sync does, version rows last. They let foreign keys of others through (no_key).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from catalog.choices import Subject
from catalog.models import Product
from commerce.checkout import quote
from commerce.choices import CartState, OrderStatus
from commerce.models import AppOrder, AppOrderLine, Cart, Customer, Promotion, PromotionUse
from commerce.models.promotions import fold_code
from commerce.quotes import Quote, QuotedLine, QuotedPromotion, Wanted
from commerce.refusals import OrderRefused
from commerce.services.carts import wanted_of
from commerce.services.selling import tell, touch_last


@dataclass(frozen=True, kw_only=True)
class Placing:
    """What the buyer agreed to. Either `lines` or the customer's active cart with the `cart_version` that was seen.

    `quote_hash` is of the quote that was shown: any other outcome is refused.
    """

    quote_hash: str
    lines: Sequence[Wanted] | None = None
    cart_version: int | None = None
    coupon_codes: Sequence[str] = ()
    address_id: int | None = None
    delivery_method_id: int | None = None
    payment_method: str | None = None
    currency: str = ""
    note: str = ""
    app: str = ""


def place(customer_id: int, wanted: Placing, *, placed_by: AbstractBaseUser | None, at: datetime) -> AppOrder:
    """Place an order: everything is worked out again under lock, and kept only if it is what was agreed to.

    OrderRefused with `quote_changed` or `cannot_be_placed` carries the quote of now; `cart_version_conflict`
    the present version. UnknownProducts and UnknownAddress as in a quote. Nothing is left of what is refused.
    """
    with transaction.atomic():
        customer = _lock_customer(customer_id)
        cart = _lock_cart(customer) if wanted.lines is None else None
        if wanted.lines is None and wanted.cart_version is not None:
            version = cart.version if cart else 0
            if version != wanted.cart_version:
                raise OrderRefused("cart_version_conflict", field="cart_version", version=version)
        lines = wanted.lines if wanted.lines is not None else (wanted_of(cart) if cart else [])
        _lock_promotions(customer, wanted.coupon_codes, at=at)
        _lock_products(lines)
        agreed = quote(
            customer=customer,
            lines=lines,
            at=at,
            coupon_codes=wanted.coupon_codes,
            address_id=wanted.address_id,
            delivery_method_id=wanted.delivery_method_id,
            payment_method=wanted.payment_method,
            currency=wanted.currency,
            cart_version=cart.version if cart else None,
        )
        if not agreed.can_place_order:
            raise OrderRefused("cannot_be_placed", quote=agreed)
        if agreed.hash != wanted.quote_hash:
            raise OrderRefused("quote_changed", field="quote_hash", quote=agreed)
        return _write(agreed, wanted, cart, placed_by=placed_by, at=at)


def cancel(
    order_id: int,
    *,
    cancelled_by: AbstractBaseUser | None,
    at: datetime,
    reason: str = "",
    customer_id: int | None = None,
) -> AppOrder:
    """Cancel an order that Zoho has not heard of: its uses of promotions and its stock are given back.

    With `customer_id` only an order of that customer. Cancelling twice does nothing the second time.
    OrderRefused: unknown_order, cannot_be_cancelled.
    """
    with transaction.atomic():
        orders = AppOrder.objects.select_for_update(no_key=True, of=("self",)).filter(pk=order_id)
        order = orders.filter(customer_id=customer_id).first() if customer_id is not None else orders.first()
        if order is None:
            raise OrderRefused("unknown_order", field="order_id")
        if order.status == OrderStatus.CANCELLED:
            return order
        if not order.can_be_cancelled:
            raise OrderRefused("cannot_be_cancelled", field="order_id", status=order.status)
        order.status, order.cancelled_at, order.cancel_reason = OrderStatus.CANCELLED, at, reason[:255]
        order.cancelled_by_id = cancelled_by.pk if cancelled_by is not None else None
        order.save(update_fields=["status", "cancelled_at", "cancel_reason", "cancelled_by", "updated_at"])
        order.lines.update(is_holding=False)
        is_open_again = _give_back(order, at=at)
        tell("cancelled", order, at=at, number=order.number)
        touch_last(*([Subject.STOCK, Subject.PROMOTIONS] if is_open_again else [Subject.STOCK]), at=at)
        return order


# --- locks ------------------------------------------------------------------------------------------


def _lock_customer(customer_id: int) -> Customer:
    customers = Customer.objects.select_for_update(no_key=True, of=("self",)).select_related("price_list")
    customer = customers.filter(pk=customer_id).first()
    if customer is None:
        raise OrderRefused("unknown_customer", field="customer_id")
    return customer


def _lock_cart(customer: Customer) -> Cart | None:
    return Cart.objects.active().select_for_update(no_key=True, of=("self",)).filter(customer=customer).first()


def _lock_promotions(customer: Customer, coupon_codes: Sequence[str], *, at: datetime) -> None:
    """Whatever may count: nobody else counts it up until we are done."""
    codes = [code for code in map(fold_code, coupon_codes) if code]
    keys = Promotion.objects.for_cart(codes, customer_id=customer.pk, at=at).values_list("pk", flat=True)
    list(Promotion.objects.select_for_update(no_key=True).filter(pk__in=[*keys]).order_by("pk").values_list("pk"))


def _lock_products(lines: Sequence[Wanted]) -> None:
    """Nobody else orders them, nor changes their stock, until we are done."""
    products = Product.objects.filter(pk__in=[line.product_id for line in lines]).order_by("zoho_id", "pk")
    list(products.select_for_update(no_key=True).values_list("pk"))


# --- writing ----------------------------------------------------------------------------------------


def _write(
    agreed: Quote, wanted: Placing, cart: Cart | None, *, placed_by: AbstractBaseUser | None, at: datetime
) -> AppOrder:
    order = _new_order(agreed, wanted, cart, placed_by=placed_by, at=at)
    order.save()
    order.number = f"APP-{order.pk:06d}"
    AppOrder.objects.filter(pk=order.pk).update(number=order.number)
    AppOrderLine.objects.bulk_create(_new_line(order, place, line) for place, line in enumerate(agreed.lines, start=1))
    applied = [one for one in agreed.considered if one.promotion is not None and one.is_applied]
    is_used_up = _use(order, applied, at=at)
    if cart is not None:
        Cart.objects.filter(pk=cart.pk).update(state=CartState.ORDERED, version=F("version") + 1, updated_at=at)
    tell("placed", order, at=at, number=order.number)
    touch_last(*([Subject.STOCK, Subject.PROMOTIONS] if is_used_up else [Subject.STOCK]), at=at)
    return order


def _new_order(
    agreed: Quote, wanted: Placing, cart: Cart | None, *, placed_by: AbstractBaseUser | None, at: datetime
) -> AppOrder:
    totals, payment = agreed.totals, agreed.payment
    if payment is None or agreed.customer_id is None:
        raise ValueError("a quote that can be ordered has a customer and a payment method")
    address = agreed.address if agreed.delivery is not None and agreed.delivery.needs_address else None
    return AppOrder(
        customer_id=agreed.customer_id,
        placed_by_id=placed_by.pk if placed_by is not None else None,
        placed_at=at,
        cart=cart,
        quote_hash=agreed.hash,
        currency=agreed.currency,
        **_exchange(agreed),
        items_subtotal=totals.items_subtotal,
        items_discount=totals.items_discount,
        shipping=totals.shipping,
        shipping_discount=totals.shipping_discount,
        tax=totals.tax,
        prices_include_tax=agreed.settings.prices_include_tax,
        total=totals.total,
        rounding_adjustment=totals.rounding_adjustment,
        payable=totals.payable,
        coupon_codes=[one.code for one in agreed.considered if one.is_asked_for and one.is_applied],
        address=address.snapshot() if address is not None else {},
        delivery_method=agreed.delivery,
        delivery_name=agreed.delivery.name if agreed.delivery is not None else "",
        payment_code=payment.code,
        payment_kind=payment.kind,
        payment_name=payment.name,
        note=wanted.note,
        app=wanted.app[:100],
    )


def _exchange(agreed: Quote) -> dict[str, Any]:
    credit = agreed.credit
    rate = credit.rate(agreed.currency) if credit is not None else None
    day = credit.rates.get(agreed.currency, (None, None))[1] if credit is not None else None
    return {"exchange_rate": rate, "exchange_rate_date": day}


def _new_line(order: AppOrder, position: int, line: QuotedLine) -> AppOrderLine:
    if line.unit_price is None or line.price_source is None:
        raise ValueError("a line that can be ordered has a price")
    return AppOrderLine(
        order=order,
        position=position,
        product=line.product,
        product_name=line.product.name,
        product_name_ar=line.product.name_ar,
        sku=line.product.sku or "",
        unit=line.product.unit,
        quantity=line.quantity,
        unit_price=line.unit_price,
        price_list_id=line.price_list_id,
        price_source=line.price_source,
        subtotal=line.subtotal,
        discount=line.discount_total,
        discounts=[
            {"promotion_id": one.promotion_id, "code": one.code, "amount": f"{one.amount:f}"} for one in line.discounts
        ],
        tax_rate=line.tax_rate,
        tax=line.tax,
        total=line.total,
    )


def _use(order: AppOrder, applied: Sequence[QuotedPromotion], *, at: datetime) -> bool:
    """Count the promotions up, those with room only; whether one of them has none left now."""
    keys = [one.promotion.pk for one in applied if one.promotion is not None]
    if not keys:
        return False
    counted = Promotion.objects.filter(pk__in=keys).left().update(used=F("used") + 1)
    if counted != len(keys):
        raise RuntimeError(f"promotions {keys} were locked and had room, but {counted} were counted")
    PromotionUse.objects.bulk_create(_uses(order, applied, at=at))
    return Promotion.objects.filter(pk__in=keys, used__gte=F("usage_limit")).exists()


def _uses(order: AppOrder, applied: Sequence[QuotedPromotion], *, at: datetime) -> Iterator[PromotionUse]:
    for one in applied:
        yield PromotionUse(
            promotion=one.promotion,
            order=order,
            customer_id=order.customer_id,
            code=one.code,
            amount=one.amount,
            currency=order.currency,
            used_at=at,
        )


def _give_back(order: AppOrder, *, at: datetime) -> bool:
    """Count the order's promotions down again; whether one of them has room again."""
    uses = PromotionUse.objects.counting().filter(order=order)
    keys = list(
        Promotion.objects.select_for_update(no_key=True)
        .filter(pk__in=uses.values("promotion"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not keys:
        return False
    was_used_up = Promotion.objects.filter(pk__in=keys, used=F("usage_limit")).exists()
    Promotion.objects.filter(pk__in=keys, used__gt=0).update(used=F("used") - 1)
    uses.update(returned_at=at)
    return was_used_up
