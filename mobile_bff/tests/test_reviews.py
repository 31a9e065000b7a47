"""Reviews on phones: written by customers, seen once a moderator approved them."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from catalog.models import Product
from commerce.models import Review
from commerce.services.reviews import approve_reviews, reject_reviews
from mobile_bff.tests.builders import customer, on_sale, salesperson
from mobile_bff.tests.buying import phone_of
from mobile_bff.tests.calling import Phone, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.MOBILE_LIMITS = dict.fromkeys(settings.MOBILE_LIMITS, 10000)
    cache.clear()


@pytest.fixture
def product():
    return on_sale("p1")[0]


def reviews_of(product, count: int, *, rating: int = 4) -> None:
    """Approved reviews by as many customers."""
    at = timezone.now()
    written = [
        Review.objects.create(
            product=product, customer=customer(f"Ahmed {letter}arim"), rating=rating, written_at=at, title=letter
        )
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count]
    ]
    approve_reviews([one.pk for one in written], moderator=None, at=at)


def test_a_review_waits_for_a_moderator_and_only_its_author_sees_it(product):
    phone = phone_of(customer("Ahmed Karim"))

    answer = phone.post(f"products/{product.pk}/reviews", rating=5, title="Good", body="Works well")

    own = answer.json()
    assert answer.status_code == 201
    assert (own["rating"], own["status"], own["author"], own["verified"]) == (5, "pending", "Ahmed K.", False)
    assert phone.get(f"products/{product.pk}/reviews").json()["own"] == own
    others = Phone().get(f"products/{product.pk}/reviews").json()
    assert (others["items"], others["own"], others["count"], others["average"]) == ([], None, 0, None)


def test_an_approved_review_is_seen_by_everybody_and_counted(product):
    phone = phone_of(customer("Ahmed Karim"))
    phone.post(f"products/{product.pk}/reviews", rating=4, title="Good")
    approve_reviews([Review.objects.get().pk], moderator=None, at=timezone.now())

    body = Phone().get(f"products/{product.pk}/reviews").json()

    assert [(one["title"], one["author"]) for one in body["items"]] == [("Good", "Ahmed K.")]
    assert (body["average"], body["count"], body["histogram"]["4"]) == ("4.0", 1, 1)
    assert "Karim" not in str(body["items"])


def test_a_review_written_anew_is_one_review_and_waits_again(product):
    phone = phone_of(customer())
    phone.post(f"products/{product.pk}/reviews", rating=4)
    approve_reviews([Review.objects.get().pk], moderator=None, at=timezone.now())

    assert phone.post(f"products/{product.pk}/reviews", rating=1, body="Broke").json()["status"] == "pending"

    assert Review.objects.count() == 1
    assert Phone().get(f"products/{product.pk}/reviews").json()["count"] == 0


def test_the_author_learns_why_a_review_was_rejected_and_may_take_it_away(product):
    phone = phone_of(customer())
    phone.post(f"products/{product.pk}/reviews", rating=1, body="Call me: 0770")
    reject_reviews([Review.objects.get().pk], moderator=None, reason="No phone numbers.", at=timezone.now())

    own = phone.get(f"products/{product.pk}/reviews").json()["own"]
    assert (own["status"], own["rejection_reason"]) == ("rejected", "No phone numbers.")
    assert phone.delete(f"products/{product.pk}/reviews").status_code == 204
    assert refusal(phone.delete(f"products/{product.pk}/reviews")) == (404, "unknown_review")


def test_reviews_come_in_pages_that_a_new_review_does_not_shift(product):
    reviews_of(product, 5)
    path = f"products/{product.pk}/reviews?page_size=2"
    first = Phone().get(path).json()
    approve_reviews(
        [Review.objects.create(product=product, customer=customer("New One"), rating=1, written_at=timezone.now()).pk],
        moderator=None,
        at=timezone.now(),
    )

    second = Phone().get(f"{path}&cursor={first['page_info']['next_cursor']}").json()
    third = Phone().get(f"{path}&cursor={second['page_info']['next_cursor']}").json()

    assert [one["title"] for page in (first, second, third) for one in page["items"]] == ["E", "D", "C", "B", "A"]
    assert (first["page_info"]["total"], second["page_info"]["total"]) == (5, None)
    assert third["page_info"]["has_more"] is False


def test_a_cursor_of_another_product_is_refused(product):
    (other,) = on_sale("p2")
    reviews_of(other, 3)
    cursor = Phone().get(f"products/{other.pk}/reviews?page_size=1").json()["page_info"]["next_cursor"]

    assert refusal(Phone().get(f"products/{product.pk}/reviews?cursor={cursor}")) == (400, "invalid_cursor")
    assert refusal(Phone().get(f"products/{product.pk}/reviews?cursor=nonsense")) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"rating": 0}, 422, "rating_out_of_range"),
        ({"rating": 6}, 422, "rating_out_of_range"),
        ({"rating": 10**12}, 400, "invalid_request"),
        ({"rating": "many"}, 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        ({"rating": 5, "status": "approved"}, 400, "invalid_request"),
        ({"rating": 5, "is_verified": True}, 400, "invalid_request"),
        ({"rating": 5, "title": "x" * 101}, 400, "invalid_request"),
        ({"rating": 5, "body": "x" * 2_001}, 400, "invalid_request"),
        ({"rating": 5, "body": "a\u0000b"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_review_is_refused(product, body, status, code):
    answer = phone_of(customer()).send("post", f"products/{product.pk}/reviews", body)

    assert refusal(answer) == (status, code)
    assert not Review.objects.exists()


def test_nobody_takes_away_a_review_that_cannot_be(product):
    phone = phone_of(customer())

    for key in (product.pk, 0, 10**30):
        assert refusal(phone.delete(f"products/{key}/reviews")) == (404, "unknown_review")


def test_products_that_are_unknown_or_hidden_have_no_reviews(product):
    phone = phone_of(customer())
    Product.objects.update(is_hidden=True)

    for answer in (phone.get(f"products/{product.pk}/reviews"), phone.post(f"products/{product.pk}/reviews", rating=5)):
        assert refusal(answer) == (410, "gone")
    assert refusal(phone.get("products/999999999/reviews")) == (404, "not_found")


def test_guests_and_staff_write_no_reviews(product):
    sara = salesperson()
    buyer = customer(salesperson=sara)

    assert refusal(Phone().post(f"products/{product.pk}/reviews", rating=5)) == (401, "not_authenticated")
    answer = Phone(sara.login).post(f"products/{product.pk}/reviews?customer_id={buyer.pk}", rating=5)
    assert refusal(answer) == (403, "permission_denied")


def test_a_page_takes_as_many_queries_for_twenty_reviews_as_for_one(product, django_assert_num_queries):
    reviews_of(product, 1)
    with django_assert_num_queries(3):
        Phone().get(f"products/{product.pk}/reviews")
    Review.objects.all().delete()
    reviews_of(product, 20)

    with django_assert_num_queries(3):
        assert len(Phone().get(f"products/{product.pk}/reviews").json()["items"]) == 20
