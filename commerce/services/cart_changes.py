"""The work behind every change of a cart: open and lock it, price what is new, store what differs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from catalog.models import Product
from catalog.offers import Offer, UnitPrice, offers_of
from commerce.baskets import is_sold, money_of
from commerce.models import AppSettings, Cart, CartItem, Customer
from commerce.models.carts import MOST_LINES, MOST_QUANTITY, CartQuerySet
from commerce.models.promotions import CODE, fold_code
from commerce.price_lists import currency_of, price_lists_of
from commerce.refusals import CartRefused

GUESTS_KEPT = timedelta(days=30)
MOST_CODES = 10


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose cart: a customer's, or that of a guest known by the secret of the phone. With the prices that count."""

    customer: Customer | None = None
    guest_key: str = ""
    app_settings: AppSettings

    @property
    def price_list_ids(self) -> list[int]:
        return [one.pk for one in price_lists_of(self.customer, self.app_settings)]

    @property
    def currency(self) -> str:
        return currency_of(price_lists_of(self.customer, self.app_settings), self.app_settings)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A cart after a change. `dropped` are products that could not be kept: not sold here, or one line too many."""

    cart: Cart
    dropped: tuple[int, ...] = ()


def carts_of(owner: Owner) -> CartQuerySet:
    """The owner's active cart as a set of one row at most; nothing for a guest without a key."""
    if owner.customer is None and not owner.guest_key:
        return Cart.objects.none()
    return Cart.objects.active().filter(**_whose(owner))


def find_cart(owner: Owner) -> Cart | None:
    """The owner's active cart. One query, none for a guest without a key."""
    return carts_of(owner).first()


@dataclass
class Draft:
    """A locked cart while it is being changed. `forgiving`: what is not sold is dropped instead of refused."""

    cart: Cart
    items: dict[int, CartItem]
    quantities: dict[int, int]
    codes: list[str]
    repriced: bool = False
    forgiving: bool = False

    def product_of(self, item_id: int) -> int:
        found = next((pk for pk, item in self.items.items() if item.pk == item_id), None)
        if found is None:
            raise CartRefused("unknown_line", field="item_id", item_id=item_id)
        return found


@transaction.atomic
def change_cart(
    owner: Owner, change: Callable[[Draft], None], *, at: datetime, expected_version: int | None = None
) -> Changed:
    """Let `change` edit the owner's locked cart, check and price the outcome, and store it; nothing when it is refused.

    CartRefused, also with `cart_version_conflict` where the cart is not of `expected_version`.
    """
    cart = _open(owner, at=at)
    if expected_version is not None and expected_version != cart.version:
        raise CartRefused("cart_version_conflict", field="version", version=cart.version)
    items = {item.product_id: item for item in cart.items.order_by("pk")}
    draft = Draft(cart, items, {pk: item.quantity for pk, item in items.items()}, [*cart.coupon_codes])
    change(draft)
    if cart.currency != owner.currency:  # another price list: every line is priced anew, in its currency
        draft.repriced = draft.forgiving = True
    dropped = _settle(draft)
    prices = _prices(draft, owner, dropped)
    for product_id in dropped:
        del draft.quantities[product_id]
    changed = _store(draft, prices, at=at)
    if changed or draft.codes != cart.coupon_codes or cart.currency != owner.currency:
        cart.version += 1
        cart.coupon_codes, cart.currency = draft.codes, owner.currency
        cart.expires_at = None if owner.customer is not None else at + GUESTS_KEPT
        cart.save(update_fields=["version", "coupon_codes", "currency", "expires_at", "updated_at"])
    return Changed(cart=cart, dropped=tuple(dropped))


def _open(owner: Owner, *, at: datetime) -> Cart:
    """The owner's active cart, locked; made now when there is none. Two who make one at once get the same."""
    found = find_cart(owner)
    if found is None:
        whose = _whose(owner)
        expires_at = None if owner.customer is not None else at + GUESTS_KEPT
        try:
            with transaction.atomic():
                found = Cart.objects.create(**whose, currency=owner.currency, expires_at=expires_at)
        except IntegrityError:
            found = Cart.objects.active().get(**whose)
    return lock_cart(found.pk) or _open(owner, at=at)  # it was ordered or merged meanwhile


def lock_cart(cart_id: int) -> Cart | None:
    """The cart, locked, as long as it is active."""
    return Cart.objects.active().select_for_update(no_key=True, of=("self",)).filter(pk=cart_id).first()


def _whose(owner: Owner) -> dict[str, object]:
    if owner.customer is not None:
        return {"customer": owner.customer}
    if not owner.guest_key:
        raise ValueError("a cart is a customer's or a guest's")
    return {"guest_digest": hashlib.sha256(owner.guest_key.encode()).hexdigest()}


def in_range(quantity: int, product_id: int) -> int:
    """The quantity, where a line may have so many; else CartRefused."""
    if not 1 <= quantity <= MOST_QUANTITY:
        raise CartRefused("quantity_out_of_range", field="quantity", product_id=product_id, value=quantity)
    return quantity


def fold_codes(codes: Sequence[str]) -> list[str]:
    """The codes as they are stored, each once; CartRefused beyond ten. What is too long for a code is none."""
    folded = list(dict.fromkeys(code for code in map(fold_code, codes) if code))
    if len(folded) > MOST_CODES:
        raise CartRefused("too_many_codes", field="coupon_codes", most=MOST_CODES)
    return [code for code in folded if len(code) <= CODE]


def _settle(draft: Draft) -> list[int]:
    """See that quantities and lines are not too many; the products that a forgiving change has to do without."""
    for product_id, count in draft.quantities.items():
        in_range(count, product_id)
    extra = [*draft.quantities][MOST_LINES:]
    if extra and not draft.forgiving:
        raise CartRefused("too_many_lines", field="items", most=MOST_LINES)
    return extra


def _prices(draft: Draft, owner: Owner, dropped: list[int]) -> dict[int, UnitPrice]:
    """Today's prices of the lines that need one; a product that cannot be sold is refused, or noted as dropped."""
    wanted = {pk: Decimal(count) for pk, count in draft.quantities.items() if pk not in dropped}
    asked = {
        pk: count
        for pk, count in wanted.items()
        if draft.repriced or pk not in draft.items or draft.items[pk].quantity != count
    }
    if not asked:
        return {}
    products = Product.objects.in_bulk([*asked])
    offers = offers_of([*asked], owner.price_list_ids)
    found: dict[int, UnitPrice] = {}
    for pk, count in asked.items():
        price = _price(offers.get(pk, ()), count)
        code = _refusal(products.get(pk), price, owner.currency)
        if code is not None and draft.forgiving:
            dropped.append(pk)
        elif code is not None and pk not in draft.items:
            raise CartRefused(code, field="product_id", product_id=pk)
        elif code is None and price is not None and _is_due(draft, pk, offers.get(pk, ())):
            found[pk] = price
    return found


def _is_due(draft: Draft, product_id: int, offers: Sequence[Offer]) -> bool:
    """Whether the line takes the price of today.

    With another quantity it does, for the price may depend on it; but not where the price changed
    meanwhile, for the buyer has not been told yet.
    """
    item = draft.items.get(product_id)
    if item is None or draft.repriced:
        return True
    price = _price(offers, Decimal(item.quantity))
    return price is not None and (price.price, price.currency) == (item.unit_price, item.currency)


def _price(offers: Sequence[Offer], quantity: Decimal) -> UnitPrice | None:
    """The price of the first list that sells so many, in whole units of its currency."""
    price = next((price for offer in offers if (price := offer.at(quantity))), None)
    if price is None:
        return None
    rounded = money_of(price.currency).round(price.price)
    return UnitPrice(price=rounded, currency=price.currency, price_list_id=price.price_list_id)


def _refusal(product: Product | None, price: UnitPrice | None, currency: str) -> str | None:
    if product is None:
        return "unknown_product"
    if not is_sold(product):
        return "unavailable"
    if price is None or not price.price:
        return "no_price"
    return None if price.currency == currency else "mixed_currency"


def _store(draft: Draft, prices: Mapping[int, UnitPrice], *, at: datetime) -> bool:
    """Write the lines that differ; whether any did."""
    keep = draft.quantities
    gone = [item.pk for pk, item in draft.items.items() if pk not in keep]
    changed = []
    for pk, count in keep.items():
        item = draft.items.get(pk) or CartItem(cart=draft.cart, product_id=pk)
        before = (item.quantity, item.unit_price, item.currency)
        item.quantity = count
        if pk in prices:
            price = prices[pk]
            item.unit_price, item.currency, item.price_list_id = price.price, price.currency, price.price_list_id
            item.priced_at = at
        if item.pk is None or before != (item.quantity, item.unit_price, item.currency):
            item.updated_at = at
            changed.append(item)
    if gone:
        CartItem.objects.filter(pk__in=gone).delete()
    CartItem.objects.bulk_create([item for item in changed if item.pk is None])
    columns = ["quantity", "unit_price", "currency", "price_list", "priced_at", "updated_at"]
    CartItem.objects.bulk_update([item for item in changed if item.pk is not None], columns)
    return bool(gone or changed)
