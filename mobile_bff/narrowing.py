"""What a list is narrowed by, as the address says it, and what it could be narrowed by, as the answer says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request

from catalog.models.products import ProductQuerySet, is_in_stock
from catalog.search.finding import Facets, Narrowing
from mobile_bff.callers import Caller
from mobile_bff.category_tree import CategoryTree
from mobile_bff.errors import Refused
from mobile_bff.money import money_or_none
from mobile_bff.parameters import amount_of, flag_of, texts_of

PARAMETERS = ("brand", "min_price", "max_price", "in_stock")
MOST_BRANDS = 20


def read_narrowing(request: Request, *, categories: frozenset[int] | None = None) -> Narrowing:
    """The choices of the caller. 400 for what cannot be understood, 422 when the lowest price is above the highest.

    Brands are separated by commas, or the parameter is given several times.
    """
    least, most = amount_of(request, "min_price"), amount_of(request, "max_price")
    if least is not None and most is not None and least > most:
        raise Refused("invalid_price_range", errors=[{"field": "min_price", "code": "above_max_price", "detail": ""}])
    # A brand may have a comma of its own: what was sent is meant as a whole too.
    named = [part.strip() for text in texts_of(request, "brand") for part in [*text.split(","), text]]
    return Narrowing(
        categories=categories,
        brands=tuple(dict.fromkeys(name for name in named if name))[:MOST_BRANDS],
        least=least,
        most=most,
        in_stock=flag_of(request, "in_stock"),
    )


def narrow(rows: ProductQuerySet, narrowing: Narrowing, caller: Caller) -> ProductQuerySet:
    """The products that fit; the price is the caller's."""
    if narrowing.categories is not None:
        rows = rows.filter(category_id__in=narrowing.categories)
    if narrowing.brands:
        rows = rows.filter(brand__in=narrowing.brands)
    if narrowing.least is not None or narrowing.most is not None:
        bounds = {"unit_price__gte": narrowing.least, "unit_price__lte": narrowing.most}
        priced = rows.with_unit_price(caller.comparable_list_ids)
        rows = priced.filter(**{name: bound for name, bound in bounds.items() if bound is not None})
    return rows.filter(is_in_stock(caller.clock)) if narrowing.in_stock else rows


def facets_answer(facets: Facets, tree: CategoryTree, caller: Caller) -> dict[str, Any]:
    """The facets on the wire. A brand's id is its name: it has no other."""
    return {
        "categories": _categories(facets, tree, caller.language),
        "brands": [{"id": name, "name": name, "count": count} for name, count in facets.brands],
        "price": {
            "min": money_or_none(facets.least, caller.currency),
            "max": money_or_none(facets.most, caller.currency),
        },
        "in_stock": {"count": facets.in_stock},
    }


def _categories(facets: Facets, tree: CategoryTree, language: str) -> Sequence[dict[str, Any]]:
    counted = [(key, count) for key, count in facets.categories.items() if key is not None and key in tree.nodes]
    counted.sort(key=lambda one: (-one[1], one[0]))
    return [{"id": str(key), "name": tree.nodes[key].title(language), "count": count} for key, count in counted]
