"""What customers think of a product: those that a moderator approved, and the caller's own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.models import Product
from commerce.baskets import is_sold
from commerce.models import Customer, ProductRating, Review
from commerce.services.reviews import remove_review, write_review
from mobile_bff.bodies import StrictSerializer, read_body
from mobile_bff.errors import Refused
from mobile_bff.pages import Key, after, cursor_info, read_cursor, size_of, write_cursor
from mobile_bff.reviewing import review_card
from mobile_bff.screens.view import MobileView
from mobile_bff.selling import refusals
from mobile_bff.shapes import OwnReviewShape, ReviewsShape

TAGS = ["mobile: reviews"]
NEWEST_FIRST = (Key("written_at", is_descending=True), Key("pk", is_descending=True))
PAGING = [OpenApiParameter("cursor", OpenApiTypes.STR), OpenApiParameter("page_size", OpenApiTypes.INT)]


class ReviewBody(StrictSerializer):
    rating = serializers.IntegerField(min_value=-(10**9), max_value=10**9, help_text="One to five stars.")
    title = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    body = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class Reviews(MobileView):
    """`products/{id}/reviews`: 404 for an unknown product, 410 for one that is not sold any more."""

    @extend_schema(operation_id="mobile_reviews", parameters=PAGING, responses=ReviewsShape, tags=TAGS)
    def get(self, request: Request, product_id: int) -> Response:
        product = _shown(product_id)
        size, query = size_of(request), ("reviews", product_id)
        behind = read_cursor(request, query, NEWEST_FIRST)
        if behind is not None:
            behind[0] = datetime.fromisoformat(behind[0])
        approved = Review.objects.approved().filter(product=product).select_related("customer")
        rows = list(after(approved, NEWEST_FIRST, behind)[: size + 1])
        page, rating = rows[:size], getattr(product, "rating", None)
        next_cursor = _cursor(query, page[-1]) if len(rows) > size else None
        total = (rating.count if rating else 0) if behind is None else None
        return Response(
            {
                "meta": self.meta(),
                **_rating(rating),
                "items": [review_card(row) for row in page],
                "own": self._own(product) if behind is None else None,
                "page_info": cursor_info(next_cursor, size=size, total=total),
            }
        )

    @extend_schema(operation_id="mobile_review_write", request=ReviewBody, responses={201: OwnReviewShape}, tags=TAGS)
    def post(self, request: Request, product_id: int) -> Response:
        """Write one's review of a product, or write it anew; others see it once a moderator has."""
        customer = self._author()
        _shown(product_id)
        told = read_body(ReviewBody, request)
        with refusals():
            review = write_review(customer, product_id, **told, at=timezone.now())
        return Response(_own_card(review), status=201)

    @extend_schema(operation_id="mobile_review_remove", request=None, responses={204: None}, tags=TAGS)
    def delete(self, request: Request, product_id: int) -> Response:
        """Take one's own review away."""
        with refusals():
            remove_review(self._author(), product_id, at=timezone.now())
        return Response(status=204)

    def _author(self) -> Customer:
        """Whoever writes a review has bought for themselves: nobody writes in another's name."""
        if self.caller.is_staff:
            raise Refused("permission_denied", detail=_("Only customers write reviews."))
        return self.caller.need_customer()

    def _own(self, product: Product) -> dict[str, Any] | None:
        customer = self.caller.customer
        if customer is None:
            return None
        own = Review.objects.filter(product=product, customer=customer).select_related("customer").first()
        return _own_card(own) if own else None


def _shown(product_id: int) -> Product:
    product = Product.objects.filter(pk=product_id).select_related("rating").first()
    if product is None:
        raise Refused("not_found")
    if not is_sold(product):
        raise Refused("gone")
    return product


def _rating(rating: ProductRating | None) -> dict[str, Any]:
    """As on the product's own screen."""
    if rating is None or not rating.count:
        return {"average": None, "count": 0, "histogram": {str(stars): 0 for stars in (5, 4, 3, 2, 1)}}
    histogram = {str(stars): count for stars, count in rating.histogram.items()}
    return {"average": f"{rating.average:.1f}", "count": rating.count, "histogram": histogram}


def _own_card(review: Review) -> dict[str, Any]:
    return {
        **review_card(review),
        "status": str(review.status),
        "rejection_reason": review.rejection_reason or None,
    }


def _cursor(query: object, last: Review) -> str:
    return write_cursor(query, [last.written_at.isoformat(), last.pk])
