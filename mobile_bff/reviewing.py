"""Reviews as everybody sees them."""

from __future__ import annotations

from typing import Any

from commerce.models import Customer, Review
from mobile_bff.money import moment


def review_card(review: Review) -> dict[str, Any]:
    """A review that a moderator approved; its customer must have been read with it."""
    return {
        "id": str(review.pk),
        "rating": review.rating,
        "title": review.title,
        "body": review.body,
        "author": author(review.customer),
        "verified": review.is_verified,
        "created_at": moment(review.written_at),
    }


def author(customer: Customer) -> str:
    """Who wrote it, so that nobody else recognises them: "Ahmed K."."""
    words = customer.name.split()
    if not words:
        return ""
    last = f" {words[-1][0]}." if len(words) > 1 else ""
    first = words[0] if len(words) > 1 else f"{words[0][0]}."
    return f"{first[:20]}{last}"
