"""Tie rows to soft parents that came after them. Each function is given the Zoho ids of the newly come parents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from catalog.choices import Subject
from catalog.models import Category, ItemGroup, PriceListItem, Product
from catalog.services.categories import link_parents
from catalog.services.freshness import touch
from catalog.services.prices import recompute_prices


@transaction.atomic(savepoint=False)
def attach_categories(zoho_ids: Sequence[str]) -> int:
    """Give products and child categories the categories `zoho_ids`; how many rows were tied."""
    waiting = Product.objects.filter(category__isnull=True, category_zoho_id__in=[*zoho_ids])
    key = Category.objects.filter(zoho_id=OuterRef("category_zoho_id")).values("pk")[:1]
    tied = waiting.exclude(category_zoho_id="").update(category_id=Subquery(key))
    moved = len(link_parents())
    if tied:
        touch(Subject.PRODUCTS, at=timezone.now())
    return tied + moved


@transaction.atomic(savepoint=False)
def attach_item_groups(zoho_ids: Sequence[str]) -> int:
    """Give products the item groups `zoho_ids`; how many products were tied."""
    waiting = Product.objects.filter(item_group__isnull=True, item_group_zoho_id__in=[*zoho_ids])
    key = ItemGroup.objects.filter(zoho_id=OuterRef("item_group_zoho_id")).values("pk")[:1]
    tied = waiting.exclude(item_group_zoho_id="").update(item_group_id=Subquery(key))
    if tied:
        touch(Subject.PRODUCTS, at=timezone.now())
    return tied


@transaction.atomic(savepoint=False)
def attach_products(zoho_ids: Sequence[str], *, at: datetime | None = None) -> int:
    """Give prices in lists the products `zoho_ids` and work out what they cost; how many prices were tied."""
    at = at or timezone.now()
    waiting = PriceListItem.objects.filter(product__isnull=True, product_zoho_id__in=[*zoho_ids])
    named = sorted(set(waiting.order_by().values_list("product_zoho_id", flat=True)))
    if not named:
        return 0
    key = Product.objects.filter(zoho_id=OuterRef("product_zoho_id")).values("pk")[:1]
    tied = waiting.update(product_id=Subquery(key))
    products = Product.objects.filter(zoho_id__in=named).values_list("pk", flat=True)
    if recompute_prices(product_ids=list(products), at=at):
        touch(Subject.PRICES, at=at)
    return tied
