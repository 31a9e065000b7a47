"""Checkout: everything that is needed to order on one screen, and what a choice comes to.

Both ask `commerce.checkout.quote`, so they cannot disagree; neither writes anything.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from mobile_bff import quoting
from mobile_bff.bodies import read_body
from mobile_bff.buying import Asked, ChoicesBody, asked_of, quoted, read_cart
from mobile_bff.errors import bad_value
from mobile_bff.parameters import Id, text_of
from mobile_bff.screens.cart import CUSTOMER, GUEST
from mobile_bff.screens.view import MobileView
from mobile_bff.shapes import BillShape, CheckoutShape
from mobile_bff.throttles import Calculations

TAGS = ["mobile: checkout"]
CHOICES = [
    OpenApiParameter("address_id", OpenApiTypes.STR, description="Without it the default address is meant."),
    OpenApiParameter("shipping_method_id", OpenApiTypes.STR),
    OpenApiParameter("payment_method", OpenApiTypes.STR, description="Its code."),
]


class Checkout(MobileView):
    """The customer's cart with addresses, deliveries, payments, totals and whatever stands in the way."""

    needs_sign_in = True

    @extend_schema(operation_id="mobile_checkout", parameters=[CUSTOMER, *CHOICES], responses=CheckoutShape, tags=TAGS)
    def get(self, request: Request) -> Response:
        self.caller.need_customer()
        now = read_cart(self.caller)
        choices = {
            "address_id": _id_of(request, "address_id"),
            "delivery_method_id": _id_of(request, "shipping_method_id"),
            "payment_method": text_of(request, "payment_method", longest=50) or None,
        }
        asked = Asked(lines=now.lines, codes=now.codes, cart=now.cart, choices=choices)
        quote = quoted(self.caller, asked, at=self.standing.at)
        body = {
            "meta": self.meta(),
            "customer": quoting.customer(quote, self.caller),
            "cart": {
                "id": str(now.cart.pk) if now.cart else None,
                "version": now.version,
                "currency": quote.currency,
                "item_count": len(now.lines),
                "items": quoting.cart_lines(quote, self.caller, now.products),
            },
            "addresses": [quoting.address(one) for one in quote.addresses],
            "shipping_methods": [quoting.delivery(one) for one in quote.deliveries],
            "payment_methods": [quoting.payment(one) for one in quote.payments],
            "coupons": quoting.coupons(quote),
            "promotions": quoting.promotions(quote),
            "totals": quoting.totals(quote),
            "problems": quoting.problems(quote),
            "quote": quoting.agreement(quote, self.standing),
            "can_place_order": quote.can_place_order,
        }
        return Response(body)


class Calculate(MobileView):
    """What lines, codes and choices come to. Nothing is written, reserved or counted."""

    scopes: ClassVar[Any] = (Calculations,)

    @extend_schema(
        operation_id="mobile_calculate",
        parameters=[CUSTOMER, GUEST],
        request=ChoicesBody,
        responses=BillShape,
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        asked = asked_of(self.caller, read_body(ChoicesBody, request))
        quote = quoted(self.caller, asked, at=self.standing.at, tells_credit=False)
        return Response(quoting.bill(quote, self.standing))


def _id_of(request: Request, name: str) -> int | None:
    text = text_of(request, name)
    if not text:
        return None
    if (key := Id.read(text)) is None:
        raise bad_value(name, _("This is no id."))
    return key
