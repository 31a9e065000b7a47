"""What the day looks like in money: what was sold on it, and what should have been paid by then. Never netted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from commerce.models import Invoice

EXACT = Decimal("0.000001")


@dataclass(frozen=True)
class Amount:
    """Documents in one currency and what those come to whose amount Zoho stated; None when it stated none."""

    currency: str
    total: Decimal | None
    documents: int


def sales_on(day: date) -> list[Amount]:
    """Invoices of that day that stand in the books, by currency. One query."""
    return _amounts(Invoice.objects.posted().filter(date=day), "total")


def overdue(on: date) -> list[Amount]:
    """What customers still owe of invoices that were due before `on`, by currency. One query."""
    return _amounts(Invoice.objects.overdue(on), "balance")


def _amounts(invoices: QuerySet[Invoice], column: str) -> list[Amount]:
    """SQLite adds decimals up as floats; six decimals are all they have."""
    rows = invoices.order_by().values_list("currency").annotate(Sum(column), Count("pk")).order_by("currency")
    return [
        Amount(currency, None if total is None else total.quantize(EXACT), count) for currency, total, count in rows
    ]
