"""Do the figures of a document agree with each other? Pure; nothing here changes a figure.

Both checks answer the gap, stated minus expected, exactly: 0 when it holds, `None` when a needed
figure is unknown.
"""

from __future__ import annotations

from decimal import Decimal

ITEM_LEVEL = "item_level"
ZERO = Decimal(0)


def check_identity(
    *,
    sub_total: Decimal | None,
    discount: str = "",
    discount_amount: Decimal | None = None,
    discount_type: str = "",
    tax_total: Decimal | None,
    shipping_charge: Decimal | None = None,
    adjustment: Decimal | None = None,
    rounding: Decimal | None = None,
    total: Decimal | None,
) -> Decimal | None:
    """Total minus (subtotal − discount + tax + shipping + adjustment + rounding).

    Subtotal, tax and total stand in every complete document. Of the other parts a document has
    only those it needs (a bill has no shipping), so what is absent was not charged; only a discount
    told as a percentage without its amount cannot be checked. A discount given on the lines
    (`item_level`) is already taken off the subtotal.
    """
    if sub_total is None or tax_total is None or total is None:
        return None
    if discount_type == ITEM_LEVEL:
        discount_amount = ZERO
    elif discount_amount is None:
        if discount.endswith("%"):
            return None
        discount_amount = ZERO
    parts = sub_total - discount_amount + tax_total
    return total - sum((part for part in (shipping_charge, adjustment, rounding) if part is not None), parts)


def check_balance(
    *,
    total: Decimal | None,
    payments: Decimal | None,
    credits: Decimal | None,
    balance: Decimal | None,
    tax_withheld: Decimal | None = None,
    write_off: Decimal | None = None,
) -> Decimal | None:
    """Balance minus (total − payments − credits − tax withheld − written off).

    The last two are absent from documents that have none.
    """
    if total is None or payments is None or credits is None or balance is None:
        return None
    return balance - (total - payments - credits - (tax_withheld or ZERO) - (write_off or ZERO))
