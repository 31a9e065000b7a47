"""Reviews: written by customers, shown once a moderator approved them, counted beforehand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from catalog.choices import Subject
from catalog.models import Product
from commerce.baskets import is_sold
from commerce.choices import ReviewStatus
from commerce.models import Customer, InvoiceLine, ProductRating, Review
from commerce.models.documents import NOT_POSTED
from commerce.models.reviews import STARS
from commerce.refusals import ReviewRefused
from commerce.services.selling import tell, tell_all, touch_last
from tsh_erp.common.history import as_they_are, record_edits

CENT = Decimal("0.01")
LABEL = "commerce.review"


@transaction.atomic
def write_review(
    customer: Customer, product_id: int, *, rating: int, title: str = "", body: str = "", at: datetime
) -> Review:
    """Write the customer's review of a product, or write it anew: then a moderator looks at it again.

    ReviewRefused: unknown_product (or not sold), rating_out_of_range.
    """
    if rating not in STARS:
        raise ReviewRefused("rating_out_of_range", field="rating", value=rating)
    product = Product.objects.select_for_update(no_key=True, of=("self",)).filter(pk=product_id).first()
    if product is None or not is_sold(product):
        raise ReviewRefused("unknown_product", field="product_id")
    wanted = {"rating": rating, "title": title.strip()[:100], "body": body.strip()[:2_000]}
    review = Review.objects.filter(customer=customer, product=product).first()
    if review is not None and all(getattr(review, name) == value for name, value in wanted.items()):
        return review
    was_shown = review is not None and review.status == ReviewStatus.APPROVED
    review = review or Review(customer=customer, product=product)
    for name, value in wanted.items():
        setattr(review, name, value)
    review.status, review.written_at, review.rejection_reason = ReviewStatus.PENDING, at, ""
    review.moderated_at = review.moderated_by = None
    review.is_verified = _purchases().filter(product=product, document__customer=customer).exists()
    review.save()
    tell("written", review, at=at, product_id=product.pk)
    if was_shown:
        _recount([product.pk], at=at)
    return review


@transaction.atomic
def remove_review(customer: Customer, product_id: int, *, at: datetime) -> None:
    """Take the customer's own review away. ReviewRefused: unknown_review."""
    product = Product.objects.filter(pk=product_id)  # nothing for a key that no row can have
    list(product.select_for_update(no_key=True).values_list("pk"))
    review = Review.objects.filter(customer=customer, product__in=product).first()
    if review is None:
        raise ReviewRefused("unknown_review", field="product_id")
    was_shown = review.status == ReviewStatus.APPROVED
    review.delete()
    if was_shown:
        _recount([product_id], at=at)


def approve_reviews(review_ids: Sequence[int], *, moderator: AbstractBaseUser | None, at: datetime) -> int:
    """Let everybody see these reviews; how many were not seen before."""
    return _moderate(review_ids, ReviewStatus.APPROVED, moderator=moderator, reason="", at=at)


def reject_reviews(review_ids: Sequence[int], *, moderator: AbstractBaseUser | None, reason: str, at: datetime) -> int:
    """Keep these reviews from being seen, and say why; how many were not rejected before."""
    return _moderate(review_ids, ReviewStatus.REJECTED, moderator=moderator, reason=reason, at=at)


@transaction.atomic
def _moderate(
    review_ids: Sequence[int], status: ReviewStatus, *, moderator: AbstractBaseUser | None, reason: str, at: datetime
) -> int:
    """Products are locked before their reviews, as whoever writes one does. Nine queries, whatever the number."""
    asked = Review.objects.filter(pk__in=review_ids).exclude(status=status)
    products = set(asked.values_list("product_id", flat=True))
    if not products:
        return 0
    _lock_products(products)
    rows = asked.filter(product_id__in=products).select_for_update(no_key=True).order_by("pk")
    before = list(rows)
    concerned = {review.pk: review.product_id for review in before}
    bought = Exists(_purchases().filter(product=OuterRef("product"), document__customer=OuterRef("customer")))
    Review.objects.filter(pk__in=concerned).update(
        status=status,
        is_verified=bought,
        moderated_at=at,
        moderated_by=moderator.pk if moderator is not None else None,
        rejection_reason=reason[:255],
        updated_at=at,
    )
    after = as_they_are(before)
    for review in after:
        review.status, review.rejection_reason = status, reason[:255]
    record_edits(before, after, at=at)
    tell_all(LABEL, str(status), sorted(concerned), at=at)
    _recount(set(concerned.values()), at=at)
    return len(concerned)


def purchases_of(review: Review) -> QuerySet[InvoiceLine]:
    """The invoice lines that show that whoever wrote the review has bought the product."""
    return _purchases().filter(product=review.product_id, document__customer=review.customer_id)


def _purchases() -> QuerySet[InvoiceLine]:
    """Lines of invoices that count: whoever has one of a product has bought it."""
    return InvoiceLine.objects.filter(document__retired_at__isnull=True, document__voided_at__isnull=True).exclude(
        document__status__in=NOT_POSTED
    )


def _lock_products(product_ids: Collection[int]) -> None:
    """In the order of the sync, so that a product's reviews are counted by one at a time."""
    products = Product.objects.filter(pk__in=product_ids).order_by("zoho_id", "pk")
    list(products.select_for_update(no_key=True).values_list("pk"))


def _recount(product_ids: Collection[int], *, at: datetime) -> None:
    """Count the approved reviews of locked products; a version rises only where the figures are other ones."""
    per_star = {f"stars_{stars}": Count("pk", filter=Q(rating=stars)) for stars in STARS}
    rows = Review.objects.approved().filter(product_id__in=product_ids).order_by().values("product_id")
    wanted = {row["product_id"]: _rating(row) for row in rows.annotate(**per_star)}
    stored = ProductRating.objects.in_bulk([*product_ids])
    names = ["count", "average", *per_star]
    news = [
        one
        for pk, one in wanted.items()
        if pk not in stored or any(getattr(one, name) != getattr(stored[pk], name) for name in names)
    ]
    gone = [pk for pk in stored if pk not in wanted]
    if gone:
        ProductRating.objects.filter(pk__in=gone).delete()
    ProductRating.objects.bulk_create(news, update_conflicts=True, unique_fields=["product"], update_fields=names)
    if news or gone:
        touch_last(Subject.RATINGS, at=at)


def _rating(row: Mapping[str, Any]) -> ProductRating:
    counts = {stars: row[f"stars_{stars}"] for stars in STARS}
    count = sum(counts.values())
    total = sum(stars * number for stars, number in counts.items())
    average = (Decimal(total) / count).quantize(CENT, ROUND_HALF_UP)
    return ProductRating(count=count, average=average, **row)
