"""Reviews: one for each customer and product, shown when a moderator says so, counted beforehand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from catalog.choices import Subject
from catalog.models import Product
from catalog.services.freshness import versions
from commerce.models import ProductRating, Review
from commerce.refusals import ReviewRefused
from commerce.services.documents import save_invoices
from commerce.services.reviews import approve_reviews, reject_reviews, remove_review, write_review
from commerce.tests.builders import invoice, line
from commerce.tests.shop import LATER, NOON, buyer, open_shop
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def approve(*reviews: Review) -> int:
    return approve_reviews([one.pk for one in reviews], moderator=None, at=LATER)


def rating() -> tuple[int, Decimal, dict[int, int]] | None:
    found = ProductRating.objects.first()
    return found and (found.count, found.average, found.histogram)


def test_a_review_waits_for_a_moderator():
    product = open_shop({"a": "1000"})["a"]
    clerk = User.objects.create(username="clerk")

    review = write_review(buyer(), product.pk, rating=4, title=" Good ", body="Works.", at=NOON)

    assert (review.status, review.title, review.is_verified) == ("pending", "Good", False)
    assert list(Review.objects.waiting()) == [review]
    assert rating() is None
    assert approve_reviews([review.pk], moderator=clerk, at=LATER) == 1
    assert approve_reviews([review.pk], moderator=clerk, at=LATER) == 0
    review.refresh_from_db()
    assert (review.status, review.moderated_by, review.moderated_at) == ("approved", clerk, LATER)
    assert rating() == (1, Decimal("4.00"), {5: 0, 4: 1, 3: 0, 2: 0, 1: 0})
    assert [event.type for event in StoredEvent.objects.filter(type__startswith="commerce.review").order_by("id")] == [
        "commerce.review.written",
        "commerce.review.approved",
    ]


def test_writing_again_changes_the_one_review_and_hides_it_until_it_is_looked_at():
    product, someone = open_shop({"a": "1000"})["a"], buyer()
    review = write_review(someone, product.pk, rating=4, title="Good", at=NOON)
    approve(review)

    assert write_review(someone, product.pk, rating=4, title="Good", at=LATER).status == "approved"
    write_review(someone, product.pk, rating=1, title="Broke", at=LATER)

    assert Review.objects.get().status == "pending"
    assert rating() is None
    approve(review)
    assert rating() == (1, Decimal("1.00"), {5: 0, 4: 0, 3: 0, 2: 0, 1: 1})


def test_the_average_is_of_the_approved_ones():
    product = open_shop({"a": "1000"})["a"]
    reviews = [
        write_review(buyer(f"c{number}"), product.pk, rating=stars, at=NOON)
        for number, stars in enumerate((5, 4, 4, 1))
    ]

    approve(*reviews[:3])
    assert rating() == (3, Decimal("4.33"), {5: 1, 4: 2, 3: 0, 2: 0, 1: 0})
    assert Product.objects.select_related("rating").get().rating.count == 3
    assert reject_reviews([reviews[0].pk, reviews[3].pk], moderator=None, reason="no words", at=LATER) == 2
    assert rating() == (2, Decimal("4.00"), {5: 0, 4: 2, 3: 0, 2: 0, 1: 0})
    assert Review.objects.get(pk=reviews[3].pk).rejection_reason == "no words"
    remove_review(reviews[1].customer, product.pk, at=LATER)
    assert rating() == (1, Decimal("4.00"), {5: 0, 4: 1, 3: 0, 2: 0, 1: 0})


def test_only_an_invoice_that_counts_makes_a_verified_purchase():
    products = open_shop({"a": "1000", "b": "1000"})
    someone, other = buyer(), buyer("c2")
    save_invoices([invoice("draft", status="draft", lines=(line("a"),))], at=NOON)
    save_invoices([invoice("other", status="sent", customer_zoho_id="c2", lines=(line("a"),))], at=NOON)
    save_invoices([invoice("b", status="sent", lines=(line("b"),))], at=NOON)

    mine = write_review(someone, products["a"].pk, rating=5, at=NOON)
    assert not mine.is_verified
    assert write_review(other, products["a"].pk, rating=5, at=NOON).is_verified

    # The invoice came after the review: the moderator's look finds it.
    save_invoices([invoice("draft", status="paid", lines=(line("a"),))], at=LATER)
    approve(mine)
    mine.refresh_from_db()
    assert mine.is_verified


def test_nonsense_is_refused():
    products = open_shop({"a": "1000", "hidden": "1"})
    Product.objects.filter(zoho_id="hidden").update(is_hidden=True)
    someone = buyer()

    def code(change) -> str:
        with pytest.raises(ReviewRefused) as refused:
            change()
        return refused.value.code

    assert code(lambda: write_review(someone, products["a"].pk, rating=0, at=NOON)) == "rating_out_of_range"
    assert code(lambda: write_review(someone, products["a"].pk, rating=6, at=NOON)) == "rating_out_of_range"
    assert code(lambda: write_review(someone, products["hidden"].pk, rating=5, at=NOON)) == "unknown_product"
    assert code(lambda: write_review(someone, 10**9, rating=5, at=NOON)) == "unknown_product"
    assert code(lambda: remove_review(someone, products["a"].pk, at=NOON)) == "unknown_review"


def test_phones_hear_of_ratings_only_when_they_change():
    product = open_shop({"a": "1000"})["a"]
    before = versions()[Subject.RATINGS]

    review = write_review(buyer(), product.pk, rating=5, at=NOON)
    reject_reviews([review.pk], moderator=None, reason="spam", at=NOON)
    assert versions()[Subject.RATINGS] == before
    approve(review)

    assert versions()[Subject.RATINGS] == before + 1
