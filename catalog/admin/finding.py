"""How products, categories and price lists are found by the search over everything."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from catalog.admin.costs import may_see_costs
from catalog.choices import Trade
from catalog.models import Category, PriceList, Product
from catalog.models.products import is_found_by
from tsh_erp.admin_site.finding import Finder, Words, register


def _of_product(product: Product) -> Words:
    shown = (product.name_ar, product.sku, product.ean or product.upc, product.category_name)
    return Words(product.name, shown)


def _seen_lists(request: HttpRequest, lists: QuerySet[PriceList]) -> QuerySet[PriceList]:
    return lists if may_see_costs(request) else lists.exclude(trade=Trade.PURCHASES)


register(
    Finder(
        model=Product,
        find=lambda typed: Product.objects.filter(is_found_by(typed) | Q(zoho_id=typed)).order_by("-is_active", "-pk"),
        tell=_of_product,
    ),
    Finder(
        model=Category,
        find=lambda typed: Category.objects.filter(Q(name__icontains=typed) | Q(zoho_id=typed)).order_by("name"),
        tell=lambda row: Words(row.name),
    ),
    Finder(
        model=PriceList,
        find=lambda typed: PriceList.objects.filter(Q(name__icontains=typed) | Q(zoho_id=typed)).order_by("name"),
        tell=lambda row: Words(row.name, (row.currency,)),
        seen=_seen_lists,
    ),
)
