"""What sells best, counted beforehand from the invoices and credit notes of the last months."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from catalog.choices import Subject
from commerce.models import BestSeller, CreditNoteLine, InvoiceLine
from commerce.models.documents import NOT_POSTED
from commerce.services.selling import touch_last

DAYS = 90
EXACT = Decimal("0.000001")
COLUMNS = ("rank", "quantity", "orders")


@transaction.atomic
def refresh_best_sellers(*, at: datetime, days: int = DAYS) -> int:
    """Rank the products by the quantity sold within so many days, net of what came back; how many rows changed.

    Of equal quantities the one on more invoices is first, then the older product. What was not sold, or
    came back as a whole, has no rank. Six queries at most.
    """
    since = (timezone.localtime(at) - timedelta(days=days)).date()
    sold = {row["product_id"]: row for row in _sums(_lines(InvoiceLine, since))}
    back = {row["product_id"]: row["quantity"] for row in _sums(_lines(CreditNoteLine, since))}
    net = [
        ((row["quantity"] - back.get(pk, Decimal(0))).quantize(EXACT), row["documents"], pk) for pk, row in sold.items()
    ]
    ranked = sorted((one for one in net if one[0] > 0), key=lambda one: (-one[0], -one[1], one[2]))
    wanted = {
        pk: BestSeller(product_id=pk, rank=rank, quantity=quantity, orders=documents, computed_at=at)
        for rank, (quantity, documents, pk) in enumerate(ranked, start=1)
    }
    stored = {row.pk: row for row in BestSeller.objects.select_for_update().order_by("pk")}
    news = [
        row
        for pk, row in wanted.items()
        if pk not in stored or any(getattr(row, name) != getattr(stored[pk], name) for name in COLUMNS)
    ]
    gone = [pk for pk in stored if pk not in wanted]
    for first in range(0, len(gone), 1_000):
        BestSeller.objects.filter(pk__in=gone[first : first + 1_000]).delete()
    BestSeller.objects.bulk_create(
        news,
        update_conflicts=True,
        unique_fields=["product"],
        update_fields=[*COLUMNS, "computed_at"],
        batch_size=1_000,
    )
    if news or gone:
        touch_last(Subject.BEST_SELLERS, at=at)
    return len(news) + len(gone)


def _lines(model: type[InvoiceLine] | type[CreditNoteLine], since: date) -> QuerySet[Any]:
    rows = model._default_manager.filter(
        product__isnull=False, product__retired_at__isnull=True, document__date__gte=since
    )
    counting = rows.filter(document__retired_at__isnull=True, document__voided_at__isnull=True, quantity__gt=0)
    return counting.exclude(document__status__in=NOT_POSTED)


def _sums(lines: QuerySet[Any]) -> QuerySet[Any, Any]:
    sums: QuerySet[Any, Any] = (
        lines.order_by()
        .values("product_id")
        .annotate(quantity=Sum("quantity"), documents=Count("document_id", distinct=True))
    )
    return sums
