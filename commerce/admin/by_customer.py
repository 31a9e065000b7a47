"""Rows of customers are found by what their customers are found by."""

from __future__ import annotations

from django.db.models import Q

from commerce.models import Customer

MOST = 500


def of_customers(typed: str) -> Q:
    """The condition that a row is of a customer with these words or this phone. One query of its own, at once.

    At most `MOST` customers: whoever finds more has to type more. Inside another query theirs would be too deep for
    SQLite's parser.
    """
    found = Customer.objects.found_by(typed).order_by("pk").values_list("pk", flat=True)
    return Q(customer__in=list(found[:MOST]))
