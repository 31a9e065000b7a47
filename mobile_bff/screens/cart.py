"""The cart: of a customer on all their devices, or of a guest on this phone (`X-Cart-Key`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.services.carts import (
    Changed,
    Owner,
    accept_prices,
    add_item,
    new_guest_key,
    remove_item,
    replace_items,
    set_codes,
    set_quantity,
)
from mobile_bff import quoting
from mobile_bff.bodies import Id, Quantity, StrictSerializer, read_body
from mobile_bff.buying import OURS_OF_A_CART, OURS_OF_A_LINE, Asked, CodesField, LineBody, quoted, read_cart
from mobile_bff.errors import Refused
from mobile_bff.guest_carts import HEADER
from mobile_bff.screens.view import MobileView
from mobile_bff.selling import check_lines, owner_of, problem_at, refusals
from mobile_bff.shapes import CartShape

TAGS = ["mobile: cart"]
CUSTOMER = OpenApiParameter("customer_id", OpenApiTypes.STR, description="For salespeople and staff: who buys.")
GUEST = OpenApiParameter(
    HEADER, OpenApiTypes.STR, OpenApiParameter.HEADER, description="A guest's key, as the first answer told it."
)
PARAMETERS = [CUSTOMER, GUEST]


class ExpectedVersion(StrictSerializer):
    cart_version = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)


class CartBody(ExpectedVersion):
    ignored = OURS_OF_A_CART | {"id", "key", "version", "item_count"}

    items = LineBody(many=True)
    coupon_codes = CodesField()
    currency = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")


class ChangeBody(ExpectedVersion):
    coupon_codes = CodesField()
    accept_prices = serializers.BooleanField(required=False, default=False)


class ItemBody(ExpectedVersion):
    ignored = OURS_OF_A_LINE

    product_id = Id()
    quantity = Quantity(required=False, default=1)


class QuantityBody(ExpectedVersion):
    ignored = OURS_OF_A_LINE | {"product_id"}

    quantity = Quantity()


class CartView(MobileView):
    """Every answer is the cart as it is now, worked out at today's prices."""

    owner: Owner

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.owner = owner_of(self.caller)

    def changed(self, change: Changed | None = None) -> Response:
        """The cart; with what could not be kept of a change, and the key that a guest has to keep."""
        now = read_cart(self.caller)
        asked = Asked(lines=now.lines, codes=now.codes, cart=now.cart)
        quote = quoted(self.caller, asked, at=self.standing.at, tells_credit=False)
        body = {
            "meta": self.meta(),
            "cart": {
                "id": str(now.cart.pk) if now.cart else None,
                "key": self.owner.guest_key or None,
                "version": now.version,
                "currency": quote.currency,
                "item_count": len(now.lines),
                "items": quoting.cart_lines(quote, self.caller, now.products),
            },
            "coupons": quoting.coupons(quote),
            "promotions": quoting.promotions(quote),
            "totals": quoting.totals(quote),
            "problems": [quoting.problem(one) for line in quote.lines for one in line.problems],
            "dropped": [str(key) for key in (change.dropped if change else ())],
        }
        return Response(body)

    def give_key(self) -> None:
        """A guest's first line makes a cart, and the key to it."""
        if self.owner.customer is None and not self.owner.guest_key:
            key = new_guest_key()
            self.owner = Owner(guest_key=key, app_settings=self.caller.settings)
            self.caller = replace(self.caller, guest_key=key)


class Cart(CartView):
    @extend_schema(operation_id="mobile_cart", parameters=PARAMETERS, responses=CartShape, tags=TAGS)
    def get(self, request: Request) -> Response:
        return self.changed()

    @extend_schema(
        operation_id="mobile_cart_replace", parameters=PARAMETERS, request=CartBody, responses=CartShape, tags=TAGS
    )
    def put(self, request: Request) -> Response:
        """Make the cart hold exactly these lines."""
        told = read_body(CartBody, request)
        quantities = check_lines(told["items"])
        if told["currency"] and told["currency"] != self.owner.currency:
            raise Refused("mixed_currency", errors=[problem_at("currency", "mixed_currency")])
        self.give_key()
        with refusals(told["items"]):
            change = replace_items(
                self.owner,
                quantities,
                at=timezone.now(),
                coupon_codes=told.get("coupon_codes"),
                expected_version=told["cart_version"],
            )
        return self.changed(change)

    @extend_schema(
        operation_id="mobile_cart_change", parameters=PARAMETERS, request=ChangeBody, responses=CartShape, tags=TAGS
    )
    def patch(self, request: Request) -> Response:
        """Keep these codes with the cart, or accept the prices of today."""
        told = read_body(ChangeBody, request)
        self.give_key()
        at, expected, change = timezone.now(), told["cart_version"], None
        with refusals():
            if "coupon_codes" in told:
                change = set_codes(self.owner, told["coupon_codes"], at=at, expected_version=expected)
                expected = None
            if told["accept_prices"]:
                change = accept_prices(self.owner, at=at, expected_version=expected)
        return self.changed(change)


class Items(CartView):
    @extend_schema(
        operation_id="mobile_cart_add", parameters=PARAMETERS, request=ItemBody, responses=CartShape, tags=TAGS
    )
    def post(self, request: Request) -> Response:
        """Put so many more of a product into the cart."""
        told = read_body(ItemBody, request)
        self.give_key()
        with refusals():
            change = add_item(
                self.owner,
                told["product_id"],
                told["quantity"],
                at=timezone.now(),
                expected_version=told["cart_version"],
            )
        return self.changed(change)


class Item(CartView):
    @extend_schema(
        operation_id="mobile_cart_item", parameters=PARAMETERS, request=QuantityBody, responses=CartShape, tags=TAGS
    )
    def patch(self, request: Request, item: int) -> Response:
        """Have exactly so many of a line's product."""
        told = read_body(QuantityBody, request)
        self._need_cart()
        with refusals():
            change = set_quantity(
                self.owner, item, told["quantity"], at=timezone.now(), expected_version=told["cart_version"]
            )
        return self.changed(change)

    @extend_schema(
        operation_id="mobile_cart_remove", parameters=PARAMETERS, request=None, responses=CartShape, tags=TAGS
    )
    def delete(self, request: Request, item: int) -> Response:
        """Take a line out of the cart."""
        self._need_cart()
        with refusals():
            change = remove_item(self.owner, item, at=timezone.now())
        return self.changed(change)

    def _need_cart(self) -> None:
        if self.owner.customer is None and not self.owner.guest_key:
            raise Refused("unknown_line")
