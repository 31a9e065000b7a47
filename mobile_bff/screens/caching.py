"""What answers with product cards depend on."""

from __future__ import annotations

from typing import Any

from catalog.choices import Subject
from mobile_bff.callers import Caller
from mobile_bff.carts import cart_of

CARD_SUBJECTS = (
    Subject.PRODUCTS,
    Subject.PRICES,
    Subject.PRICE_LISTS,
    Subject.STOCK,
    Subject.RATINGS,
    Subject.BEST_SELLERS,
    Subject.APPS,
)


class WithCards:
    """For screens with cards: they show how much of a product is in the cart, so that its version counts."""

    caller: Caller

    def scope(self) -> tuple[Any, ...]:
        carts = cart_of(self.caller)
        return () if carts is None else tuple(carts.values_list("pk", "version")[:1])
