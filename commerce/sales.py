"""What was sold of a product lately, and to whom. Of invoices that count, less what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from commerce.models import CreditNoteLine, InvoiceLine
from commerce.models.documents import NOT_POSTED

EXACT = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductSales:
    """`amounts` are the lines' totals by currency, before tax; all figures are net of `returned`."""

    quantity: Decimal
    returned: Decimal
    amounts: Mapping[str, Decimal]
    invoices: int
    customers: int


def sold_lines(product_id: int, *, since: date) -> QuerySet[InvoiceLine]:
    """The lines that sold a product from that day on, the newest first, with their invoice and its customer."""
    return (
        InvoiceLine.objects.filter(product=product_id, document__date__gte=since, document__retired_at__isnull=True)
        .exclude(document__status__in=NOT_POSTED)
        .select_related("document__customer")
        .order_by("-document__date", "-document_id", "position")
    )


def sales_of_product(product_id: int, *, since: date) -> ProductSales:
    """What was sold of it from that day on. Three queries."""
    sold = sold_lines(product_id, since=since).select_related(None).order_by()
    back = CreditNoteLine.objects.filter(
        product=product_id, document__date__gte=since, document__retired_at__isnull=True
    ).exclude(document__status__in=NOT_POSTED)
    counts = sold.aggregate(
        invoices=Count("document", distinct=True), customers=Count("document__customer", distinct=True)
    )
    sums = _by_currency(sold)
    returns = _by_currency(back)
    returned = sum((quantity for quantity, _ in returns.values()), Decimal(0))
    amounts = {
        currency: (sums.get(currency, NOTHING)[1] - returns.get(currency, NOTHING)[1]).quantize(EXACT)
        for currency in sorted({*sums, *returns})
    }
    quantity = sum((quantity for quantity, _ in sums.values()), Decimal(0)) - returned
    return ProductSales(quantity=quantity, returned=returned, amounts=amounts, **counts)


NOTHING = (Decimal(0), Decimal(0))


def _by_currency(lines: QuerySet[InvoiceLine] | QuerySet[CreditNoteLine]) -> dict[str, tuple[Decimal, Decimal]]:
    """Quantity and amount by currency. SQLite adds decimals up as floats; six decimals are all they have."""
    rows = (
        lines.order_by()
        .values_list("document__currency")
        .annotate(quantity=Sum("quantity"), amount=Sum("item_total"))
        .values_list("document__currency", "quantity", "amount")
    )
    return {
        currency: ((quantity or Decimal(0)).quantize(EXACT), (amount or Decimal(0)).quantize(EXACT))
        for currency, quantity, amount in rows
    }
