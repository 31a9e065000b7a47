"""Orders: place one with an Idempotency-Key, look at them, cancel one that Zoho has not heard of yet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.models import AppOrder
from commerce.quotes import Quote, UnknownAddress, UnknownProducts, Wanted
from commerce.refusals import KeyRefused, OrderRefused, SellingRefused
from commerce.services import idempotency
from commerce.services.carts import find_cart
from commerce.services.orders import Placing, cancel, place
from mobile_bff import quoting
from mobile_bff.authentication import signed_in
from mobile_bff.bodies import StrictSerializer, read_body
from mobile_bff.buying import ChoicesBody, need_one_source
from mobile_bff.cards import product_images
from mobile_bff.errors import Refused, bad_value, exception_handler
from mobile_bff.obstacles import OBSTACLES
from mobile_bff.ordering import order_detail, order_head
from mobile_bff.pages import Key, after, cursor_info, read_cursor, size_of, write_cursor
from mobile_bff.screens.cart import CUSTOMER
from mobile_bff.screens.reviews import PAGING
from mobile_bff.screens.view import MobileView
from mobile_bff.selling import Sent, check_lines, owner_of, problem_at, refusals, told, unknown_products
from mobile_bff.shapes import OrderAnswerShape, OrdersShape

TAGS = ["mobile: orders"]
NEWEST_FIRST = (Key("placed_at", is_descending=True), Key("pk", is_descending=True))
KEY = "Idempotency-Key"
_SANE_KEY = re.compile(r"[\x21-\x7e]{8,200}")
KEY_PARAMETER = OpenApiParameter(
    KEY,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="8 to 200 printable characters, a new one for each order; the same one again repeats the answer.",
)
PLACED, PROBLEM = 201, "application/problem+json"


class OrderBody(ChoicesBody):
    """What calculate takes, with the hash of the quote that the buyer saw."""

    quote_hash = serializers.CharField(max_length=64)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class CancelBody(StrictSerializer):
    reason = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")


class OrderView(MobileView):
    needs_sign_in = True

    def detail(self, order: AppOrder) -> dict[str, Any]:
        lines = list(order.lines.order_by("position"))
        images = product_images([line.product_id for line in lines])
        return {"order": order_detail(order, lines, images, self.caller.language)}


class Orders(OrderView):
    @extend_schema(operation_id="mobile_orders", parameters=[CUSTOMER, *PAGING], responses=OrdersShape, tags=TAGS)
    def get(self, request: Request) -> Response:
        """The customer's orders, the newest first."""
        customer = self.caller.need_customer()
        size, query = size_of(request), ("orders", customer.pk)
        behind = read_cursor(request, query, NEWEST_FIRST)
        if behind is not None:
            behind[0] = datetime.fromisoformat(behind[0])
        orders = AppOrder.objects.filter(customer=customer)
        rows = list(after(orders.annotate(item_count=Count("lines")), NEWEST_FIRST, behind)[: size + 1])
        page = rows[:size]
        last = [page[-1].placed_at.isoformat(), page[-1].pk] if len(rows) > size else None
        info = cursor_info(
            write_cursor(query, last) if last else None, size=size, total=orders.count() if behind is None else None
        )
        items = [order_head(row, row.item_count) for row in page]  # type: ignore[attr-defined]
        return Response({"items": items, "page_info": info})

    @extend_schema(
        operation_id="mobile_order_place",
        parameters=[CUSTOMER, KEY_PARAMETER],
        request=OrderBody,
        responses={PLACED: OrderAnswerShape},
        tags=TAGS,
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Place an order: what was calculated, at what was agreed to, once."""
        customer, key = self.caller.need_customer(), _key_of(request)
        body = read_body(OrderBody, request)
        need_one_source(body)
        quantities = check_lines(body["items"]) if "items" in body else None

        def work() -> idempotency.Answer:
            try:
                with transaction.atomic():
                    order = place(
                        customer.pk, self._placing(body, quantities), placed_by=signed_in(request), at=timezone.now()
                    )
                    return idempotency.Answer(PLACED, json.dumps(self.detail(order), ensure_ascii=False))
            except (SellingRefused, UnknownProducts, UnknownAddress, Refused) as refused:
                return self._refusal(refused, body.get("items", ()))

        try:
            answer = idempotency.answer_once(
                principal=f"user:{signed_in(request).pk}",
                route="orders",
                key=key,
                fingerprint=idempotency.fingerprint_of({"customer": customer.pk, "body": request.data}),
                at=timezone.now(),
                work=work,
            )
        except KeyRefused as refused:
            raise _of_key(refused) from refused
        content_type = "application/json" if answer.status == PLACED else PROBLEM
        headers = {"Idempotency-Replayed": "true"} if answer.is_replay else {}
        return HttpResponse(answer.body, status=answer.status, content_type=content_type, headers=headers)

    def _placing(self, body: Mapping[str, Any], quantities: Mapping[int, int] | None) -> Placing:
        codes = body.get("coupon_codes")
        if codes is None and quantities is None:
            cart = find_cart(owner_of(self.caller))
            codes = cart.coupon_codes if cart else ()
        return Placing(
            quote_hash=body["quote_hash"],
            lines=None
            if quantities is None
            else [Wanted(product_id=key, quantity=count) for key, count in quantities.items()],
            cart_version=body["cart_version"],
            coupon_codes=codes or (),
            address_id=body["address_id"],
            delivery_method_id=body["shipping_method_id"],
            payment_method=body["payment_method"],
            currency=body["currency"],
            note=body["note"],
            app=self.request.headers.get("X-App", "")[:50],
        )

    def _refusal(self, refused: Exception, sent: Sent) -> idempotency.Answer:
        """The refusal as it goes over the wire, so that it can be kept."""
        problem = exception_handler(self._as_refused(refused, sent), {"request": self.request})
        assert isinstance(problem, HttpResponse)
        return idempotency.Answer(problem.status_code, problem.content.decode())

    def _as_refused(self, refused: Exception, sent: Sent) -> Refused:
        if isinstance(refused, Refused):
            return refused
        if isinstance(refused, UnknownProducts):
            return unknown_products(refused.product_ids, sent)
        if isinstance(refused, UnknownAddress):
            return Refused("unknown_address")
        if isinstance(refused, OrderRefused) and refused.quote is not None:
            return _with_quote(refused.code, refused.quote, quoting.bill(refused.quote, self.standing), sent)
        assert isinstance(refused, SellingRefused)
        return told(refused, sent)


class Order(OrderView):
    @extend_schema(operation_id="mobile_order", parameters=[CUSTOMER], responses=OrderAnswerShape, tags=TAGS)
    def get(self, request: Request, order: int) -> Response:
        found = AppOrder.objects.filter(customer=self.caller.need_customer(), pk=order).first()
        if found is None:
            raise Refused("unknown_order")
        return Response(self.detail(found))


class CancelOrder(OrderView):
    @extend_schema(
        operation_id="mobile_order_cancel",
        parameters=[CUSTOMER],
        request=CancelBody,
        responses=OrderAnswerShape,
        tags=TAGS,
    )
    def post(self, request: Request, order: int) -> Response:
        """Cancel an order: its stock and its uses of promotions are free again. Twice is as good as once."""
        customer, body = self.caller.need_customer(), read_body(CancelBody, request)
        with refusals():
            cancelled = cancel(
                order,
                cancelled_by=signed_in(request),
                at=timezone.now(),
                reason=body["reason"],
                customer_id=customer.pk,
            )
        return Response(self.detail(cancelled))


def _key_of(request: Request) -> str:
    key = request.headers.get(KEY, "").strip()
    if not key:
        raise bad_value(KEY, _("Send a new key with each order."), code="required")
    if not _SANE_KEY.fullmatch(key):
        raise bad_value(KEY, _("A key is 8 to 200 printable characters."))
    return key


def _of_key(refused: KeyRefused) -> Refused:
    in_progress = refused.code == "request_in_progress"
    errors = [problem_at(KEY, refused.code)]
    return Refused(refused.code, errors=errors, retry_after=1) if in_progress else Refused(refused.code, errors=errors)


def _with_quote(code: str, quote: Quote, bill: Mapping[str, Any], sent: Sent) -> Refused:
    """Why the order cannot be placed like this, problem by problem, with the quote of now to agree to or to mend."""
    errors = []
    for one in quote.all_problems:
        if not one.is_blocking:
            continue
        place = next((at for at, line in enumerate(sent) if line["product_id"] == one.product_id), None)
        field = "" if place is None else f"items[{place}]"
        errors.append({"field": field, "code": one.code.value, "detail": OBSTACLES[one.code]})
    return Refused(code, errors=errors if code == "cannot_be_placed" else (), current=dict(bill))
