"""Carts: filled, changed, and handed from a guest to the customer that the guest turns out to be.

Every change locks its cart, raises its version once, and only when something changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from commerce.choices import CartState
from commerce.models import Cart, CartItem
from commerce.models.carts import MOST_QUANTITY
from commerce.quotes import Wanted
from commerce.services.cart_changes import (
    GUESTS_KEPT,
    MOST_CODES,
    Changed,
    Draft,
    Owner,
    carts_of,
    change_cart,
    find_cart,
    fold_codes,
    in_range,
    lock_cart,
)

__all__ = [
    "GUESTS_KEPT",
    "MOST_CODES",
    "Changed",
    "Owner",
    "carts_of",
    "find_cart",
]


def new_guest_key() -> str:
    """A secret for a guest's phone to keep; nobody can guess it, and only its digest is stored."""
    return secrets.token_urlsafe(32)


def wanted_of(cart: Cart) -> list[Wanted]:
    """The lines of a cart as a quote asks for them, in the order they were added. One query."""
    return [
        Wanted(
            product_id=item.product_id,
            quantity=item.quantity,
            item_id=item.pk,
            known_price=item.unit_price,
            known_currency=item.currency,
        )
        for item in cart.items.order_by("pk")
    ]


def add_item(
    owner: Owner, product_id: int, quantity: int, *, at: datetime, expected_version: int | None = None
) -> Changed:
    """Put so many more of a product into the cart. CartRefused when that is not possible."""

    def change(draft: Draft) -> None:
        draft.quantities[product_id] = draft.quantities.get(product_id, 0) + in_range(quantity, product_id)

    return change_cart(owner, change, at=at, expected_version=expected_version)


def set_quantity(
    owner: Owner, item_id: int, quantity: int, *, at: datetime, expected_version: int | None = None
) -> Changed:
    """Have exactly so many of a line's product."""

    def change(draft: Draft) -> None:
        product_id = draft.product_of(item_id)
        draft.quantities[product_id] = in_range(quantity, product_id)

    return change_cart(owner, change, at=at, expected_version=expected_version)


def remove_item(owner: Owner, item_id: int, *, at: datetime, expected_version: int | None = None) -> Changed:
    """Take a line out of the cart."""

    def change(draft: Draft) -> None:
        del draft.quantities[draft.product_of(item_id)]

    return change_cart(owner, change, at=at, expected_version=expected_version)


def replace_items(
    owner: Owner,
    quantities: Mapping[int, int],
    *,
    at: datetime,
    coupon_codes: Sequence[str] | None = None,
    expected_version: int | None = None,
) -> Changed:
    """Make the cart hold exactly this, by product; `coupon_codes` None keeps the codes as they are."""

    def change(draft: Draft) -> None:
        checked = {product_id: in_range(count, product_id) for product_id, count in quantities.items()}
        draft.quantities = {pk: checked[pk] for pk in [*(pk for pk in draft.quantities if pk in checked), *checked]}
        if coupon_codes is not None:
            draft.codes = fold_codes(coupon_codes)

    return change_cart(owner, change, at=at, expected_version=expected_version)


def set_codes(
    owner: Owner, coupon_codes: Sequence[str], *, at: datetime, expected_version: int | None = None
) -> Changed:
    """Keep these promotion codes with the cart. Whether they count, a quote says."""

    def change(draft: Draft) -> None:
        draft.codes = fold_codes(coupon_codes)

    return change_cart(owner, change, at=at, expected_version=expected_version)


def accept_prices(owner: Owner, *, at: datetime, expected_version: int | None = None) -> Changed:
    """Take note of today's prices: the buyer has seen what changed."""

    def change(draft: Draft) -> None:
        draft.repriced = True

    return change_cart(owner, change, at=at, expected_version=expected_version)


def merge_guest_cart(guest_key: str, owner: Owner, *, at: datetime) -> Changed | None:
    """Put what a guest had into the customer's cart, at the customer's prices; None when the guest had no cart.

    Quantities are added, at most 9,999 of each, 100 lines; what the customer cannot buy is dropped and
    told. The guest's cart ends, so that a second merge does nothing.
    """
    if owner.customer is None:
        raise ValueError("a guest's cart is merged into a customer's")
    guest = Owner(guest_key=guest_key, app_settings=owner.app_settings)
    with transaction.atomic():
        found = find_cart(guest)
        found = lock_cart(found.pk) if found else None
        if found is None:
            return None
        brought = {item.product_id: item.quantity for item in found.items.order_by("pk")}
        codes = [*found.coupon_codes]
        Cart.objects.filter(pk=found.pk).update(state=CartState.MERGED, version=found.version + 1, updated_at=at)

        def change(draft: Draft) -> None:
            draft.forgiving = True
            for product_id, count in brought.items():
                draft.quantities[product_id] = min(draft.quantities.get(product_id, 0) + count, MOST_QUANTITY)
            draft.codes = list(dict.fromkeys([*draft.codes, *codes]))[:MOST_CODES]

        return change_cart(owner, change, at=at)


def prune_guest_carts(*, at: datetime) -> int:
    """Remove the carts of guests who did not come back for thirty days; how many."""
    keys = list(Cart.objects.forgotten(at).order_by("pk").values_list("pk", flat=True)[:10_000])
    with transaction.atomic():
        CartItem.objects.filter(cart_id__in=keys).delete()
        return Cart.objects.filter(pk__in=keys).forgotten(at).delete()[0]
