"""What phones send when they buy: lines, choices, and how a quote is asked for with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Subquery
from django.utils.translation import gettext as _
from rest_framework import serializers

from catalog.models import Product
from commerce.checkout import Wanted, quote
from commerce.models import Cart
from commerce.models.carts import MOST_LINES
from commerce.models.promotions import CODE
from commerce.quotes import Obstacle, Quote, UnknownAddress, UnknownProducts
from commerce.services.carts import MOST_CODES
from mobile_bff.bodies import Id, Quantity, StrictSerializer
from mobile_bff.callers import Caller
from mobile_bff.cards import COLUMNS
from mobile_bff.carts import cart_of, lines_of
from mobile_bff.errors import REFUSALS, Refused, bad_value
from mobile_bff.selling import Sent, check_lines, owner_of, unknown_products

# What our own answers say of a line and of a cart: a phone may send it back, and nobody looks at it.
OURS_OF_A_LINE = frozenset(
    {
        "id",
        "product",
        "price",
        "unit_price",
        "unit_price_snapshot",
        "price_source",
        "currency",
        "subtotal",
        "discounts",
        "discount_total",
        "tax",
        "total",
        "line_subtotal",
        "line_discount",
        "line_total",
        "problems",
    }
)
# Of a line and its cart; the columns of the product follow in `read_cart`.
CART_COLUMNS = ("quantity", "unit_price", "currency", "cart__version", "cart__coupon_codes", "cart__currency")
OURS_OF_A_CART = frozenset({"totals", "promotions", "problems", "quote", "can_place_order", "meta"})


class Lines(serializers.ListSerializer[Any]):
    """The lines of a cart; counted before each is looked at, which takes time and errors for each."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list) and len(data) > MOST_LINES:
            raise Refused("too_many_lines", most=MOST_LINES)
        return super().to_internal_value(data)


class LineBody(StrictSerializer):
    ignored = OURS_OF_A_LINE

    class Meta:
        list_serializer_class = Lines

    product_id = Id()
    quantity = Quantity()


class CodesField(serializers.ListField):
    """Codes of promotions. One that is longer than any of ours is simply unknown."""

    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(max_length=4 * CODE)
        super().__init__(child=child, max_length=MOST_CODES, required=False, **options)

    def to_internal_value(self, data: Any) -> Any:
        """Counted before each is looked at."""
        if isinstance(data, list):
            self.run_validators(data)
        return super().to_internal_value(data)


class ChoicesBody(StrictSerializer):
    """Calculate and order take the same body; what only an order needs means nothing to calculate."""

    ignored = OURS_OF_A_CART | {"quote_hash", "note"}

    items = LineBody(many=True, required=False)
    use_cart = serializers.BooleanField(required=False, default=False)
    coupon_codes = CodesField()
    address_id = Id(required=False, allow_null=True, default=None)
    shipping_method_id = Id(required=False, allow_null=True, default=None)
    payment_method = serializers.CharField(max_length=50, required=False, allow_null=True, default=None)
    currency = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")
    cart_version = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be quoted: the lines with what else was chosen. `sent` are the body's lines, for errors."""

    lines: Sequence[Wanted]
    codes: Sequence[str] = ()
    sent: Sent = ()
    cart: Cart | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CartNow:
    """The caller's active cart, if there is one, its lines, and their products as cards need them."""

    cart: Cart | None = None
    lines: Sequence[Wanted] = ()
    products: Mapping[int, Product] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return self.cart.version if self.cart else 0

    @property
    def codes(self) -> Sequence[str]:
        return self.cart.coupon_codes if self.cart else ()


def read_cart(caller: Caller) -> CartNow:
    """One query, two when it is empty; none for guests without a key."""
    owner_of(caller)
    carts, items = cart_of(caller), lines_of(caller)
    if carts is None or items is None:
        return CartNow()
    first = Product.objects.order_by("pk").values("created_at")[:1]
    rows = list(
        items.select_related("cart", "product__rating", "product__sales_rank")
        .only(*CART_COLUMNS, *(f"product__{name}" for name in COLUMNS if name != "pk"))
        .annotate(first_product_at=Subquery(first))
        .order_by("pk")
    )
    for row in rows:  # what `card_columns` adds to a product
        row.product.in_cart, row.product.first_product_at = row.quantity, row.first_product_at  # type: ignore[attr-defined]
    return CartNow(
        cart=rows[0].cart if rows else carts.first(),
        lines=[
            Wanted(
                product_id=row.product_id,
                quantity=row.quantity,
                item_id=row.pk,
                known_price=row.unit_price,
                known_currency=row.currency,
            )
            for row in rows
        ],
        products={row.product_id: row.product for row in rows},
    )


def need_one_source(told: Mapping[str, Any]) -> None:
    """400 unless a body has either its own lines or means those of the cart."""
    if told["use_cart"] == ("items" in told):
        raise bad_value("items", _("Send either items or use_cart."), code="items_or_use_cart")


def asked_of(caller: Caller, told: Mapping[str, Any]) -> Asked:
    """What a body asks for: its own lines, or those of the cart.

    400 for both or neither; 409 when the cart is not the one the phone knows; 422 for nothing at all.
    """
    need_one_source(told)
    choices = {
        "address_id": told["address_id"],
        "delivery_method_id": told["shipping_method_id"],
        "payment_method": told["payment_method"],
        "currency": told["currency"],
    }
    if "items" in told:
        quantities = check_lines(told["items"])
        lines = [Wanted(product_id=key, quantity=count) for key, count in quantities.items()]
        asked = Asked(lines=lines, codes=told.get("coupon_codes", ()), sent=told["items"], choices=choices)
    else:
        now, expected = read_cart(caller), told["cart_version"]
        if expected is not None and expected != now.version:
            raise Refused("cart_version_conflict", version=now.version)
        asked = Asked(lines=now.lines, codes=told.get("coupon_codes", now.codes), cart=now.cart, choices=choices)
    if not asked.lines:
        raise Refused("empty_cart")
    return asked


def quoted(caller: Caller, asked: Asked, *, at: datetime, tells_credit: bool = True) -> Quote:
    """The quote; without `tells_credit` nothing is known of other ways to pay than the chosen one.

    404 for an address of somebody else; 422 for unknown products and for a mixture of currencies."""
    try:
        found = quote(
            customer=caller.customer,
            lines=asked.lines,
            at=at,
            coupon_codes=asked.codes,
            cart_version=asked.cart.version if asked.cart else None,
            app_settings=caller.settings,
            tells_credit=tells_credit,
            **asked.choices,
        )
    except UnknownProducts as unknown:
        raise unknown_products(unknown.product_ids, asked.sent) from unknown
    except UnknownAddress as unknown:
        raise Refused("unknown_address") from unknown
    if asked.sent and (foreign := _foreign(found, asked)):
        detail = REFUSALS["mixed_currency"][1]
        raise Refused(
            "mixed_currency", errors=[{"field": path, "code": "mixed_currency", "detail": detail} for path in foreign]
        )
    return found


def _foreign(found: Quote, asked: Asked) -> list[str]:
    """The lines whose price is in another currency than was asked for."""
    keys = {one.product_id for one in found.all_problems if one.code is Obstacle.WRONG_CURRENCY}
    return [f"items[{place}].product_id" for place, line in enumerate(asked.sent) if line["product_id"] in keys]
