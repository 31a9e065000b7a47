"""Which cart is the caller's."""

from __future__ import annotations

from django.db.models import QuerySet

from commerce.models import Cart, CartItem
from commerce.services.carts import Owner, carts_of
from mobile_bff.callers import Caller


def cart_of(caller: Caller) -> QuerySet[Cart] | None:
    """The caller's active cart as a set of at most one row; None for who can have none now."""
    if caller.customer is None and not caller.guest_key:
        return None
    return carts_of(Owner(customer=caller.customer, guest_key=caller.guest_key or "", app_settings=caller.settings))


def lines_of(caller: Caller) -> QuerySet[CartItem] | None:
    """The lines of the caller's active cart; None for who can have none."""
    carts = cart_of(caller)
    return None if carts is None else CartItem.objects.filter(cart__in=carts.values("pk"))
