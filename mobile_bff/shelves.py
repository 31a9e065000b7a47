"""Which products stand together: featured, best selling, new, bought before, bought with another.

Keys only, several shelves in one query, all of them in stock and sold by the caller's lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, QuerySet

from catalog.models import Product
from catalog.models.products import ProductQuerySet
from commerce.models import Customer, Invoice, InvoiceLine
from mobile_bff.callers import Caller

Keys = QuerySet[Any, Any]

LATEST_INVOICES = 30  # of a customer, for what was ordered lately
WITNESSES = 200  # invoices that tell what is bought with a product
CANDIDATES = 200  # of a category or brand, the best selling, of which those are taken that the caller can buy
FEWEST_TOGETHER = 2  # invoices; once is chance


def buyable(caller: Caller) -> ProductQuerySet:
    """What the caller can buy now."""
    return Product.objects.shown().priced_in(caller.price_list_ids).in_stock(caller.clock).order_by()


def featured(caller: Caller, limit: int) -> Keys:
    return _keys(buyable(caller).filter(is_featured=True).order_by("-pk"), limit)


def best_sellers(caller: Caller, limit: int) -> Keys:
    return _keys(buyable(caller).filter(sales_rank__isnull=False).order_by("sales_rank__rank", "pk"), limit)


def new_arrivals(caller: Caller, limit: int) -> Keys:
    return _keys(buyable(caller).order_by("-pk"), limit)


def recently_ordered(caller: Caller, limit: int) -> Keys | None:
    """What the customer bought last, by the latest invoices; None without a customer."""
    if caller.customer is None:
        return None
    invoices = latest_invoices(caller.customer).values("pk")
    lines = InvoiceLine.objects.filter(document__in=invoices, product__in=buyable(caller).values("pk"))
    rows = lines.order_by().values("product").annotate(last=Max("document__date")).order_by("-last", "-product")
    return rows.values_list("product")[:limit]


def latest_invoices(customer: Customer) -> QuerySet[Invoice]:
    """What is looked at to tell what the customer bought last."""
    return Invoice.objects.posted().filter(customer=customer).order_by("-date", "-pk")[:LATEST_INVOICES]


def bought_together(product: Product, caller: Caller, limit: int) -> Keys:
    """What stands on the same invoices, most often first; of the latest invoices with the product."""
    witnesses = InvoiceLine.objects.filter(product=product).order_by("-pk").values("document")[:WITNESSES]
    lines = InvoiceLine.objects.filter(document__in=witnesses, product__in=buyable(caller).values("pk"))
    lines = lines.filter(document__in=Invoice.objects.posted().values("pk")).exclude(product=product)
    rows = lines.order_by().values("product").annotate(times=Count("document", distinct=True))
    return rows.filter(times__gte=FEWEST_TOGETHER).order_by("-times", "product").values_list("product")[:limit]


def same_category(product: Product, caller: Caller, limit: int) -> Keys | None:
    if product.category_id is None:
        return None
    return _best_of(Product.objects.filter(category=product.category_id), product, caller, limit)


def same_brand(product: Product, caller: Caller, limit: int) -> Keys | None:
    if not product.brand:
        return None
    return _best_of(Product.objects.filter(brand=product.brand), product, caller, limit)


def _best_of(rows: ProductQuerySet, product: Product, caller: Caller, limit: int) -> Keys:
    """The best selling of these. Prices are looked up for the candidates only: a category may have thousands."""
    shown = _best_first(rows.shown().in_stock(caller.clock).exclude(pk=product.pk))[:CANDIDATES]
    return _keys(_best_first(buyable(caller).filter(pk__in=shown.values("pk"))), limit)


def read_shelves(shelves: Mapping[str, Keys | None]) -> dict[str, list[int]]:
    """The keys on each shelf, in their order. One query for all of them; none for none."""
    found: dict[str, list[int]] = {name: [] for name in shelves}
    parts: list[str] = []
    parameters: list[Any] = []
    for number, keys in enumerate(shelves.values()):
        if keys is None:
            continue
        sql, values = keys.query.sql_with_params()
        parts.append(f"SELECT {number} AS shelf, s{number}.* FROM ({sql}) AS s{number}")  # noqa: S608 — compiled by the ORM
        parameters += values
    if parts:
        names = list(shelves)
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), parameters)
            for number, key, *_rest in cursor.fetchall():
                found[names[number]].append(key)
    return found


def _keys(rows: ProductQuerySet, limit: int) -> Keys:
    return rows.values_list("pk")[:limit]


def _best_first(rows: ProductQuerySet) -> ProductQuerySet:
    return rows.order_by(F("sales_rank__rank").asc(nulls_last=True), "pk")
