"""The products of a category and of everything below it, in an order that new products do not shift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.functions import Coalesce
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view

from catalog.choices import Subject
from catalog.models import Product
from catalog.models.products import ProductQuerySet, is_in_stock
from catalog.search.finding import LAST_RANK, Asked, Shelf, find
from mobile_bff.cards import KNOWN_FIELDS, cards
from mobile_bff.catalogue_shapes import CUSTOMER, FIELDS, NARROWING, TAGS, CategoryProductsShape
from mobile_bff.category_tree import CategoryTree, category_cards, category_path, read_tree
from mobile_bff.errors import Refused
from mobile_bff.narrowing import PARAMETERS, facets_answer, narrow, read_narrowing
from mobile_bff.pages import Key, Order, after, cursor_info, read_cursor, size_of, write_cursor
from mobile_bff.parameters import choice_of, flag_of, words_of
from mobile_bff.screens.caching import CARD_SUBJECTS, WithCards
from mobile_bff.screens.view import Screen

SORTS: Mapping[str, Order] = {
    "best_selling": (Key("out_of_stock"), Key("rank"), Key("pk")),
    "newest": (Key("pk", is_descending=True),),
    "price_asc": (Key("price_elsewhere"), Key("price"), Key("pk")),
    "price_desc": (Key("price_elsewhere"), Key("price", is_descending=True), Key("pk")),
    "name": (Key("name"), Key("pk")),
}
DEFAULT_SORT = "best_selling"


@extend_schema_view(
    get=extend_schema(
        operation_id="mobile_category_products",
        tags=TAGS,
        parameters=[
            *NARROWING,
            OpenApiParameter("sort", str, enum=[*SORTS], default=DEFAULT_SORT),
            OpenApiParameter("cursor", str, description="`next_cursor` of the page before, for the same query."),
            OpenApiParameter("page_size", int, description="20, at most 50."),
            OpenApiParameter("facets", bool, description="0 leaves them out."),
            FIELDS,
            CUSTOMER,
        ],
        responses=CategoryProductsShape,
    )
)
class CategoryProducts(WithCards, Screen):
    """`GET categories/{id}/products`. The total, the facets and the children come with the first page only."""

    subjects = (*CARD_SUBJECTS, Subject.CATEGORIES, Subject.BEST_SELLERS)
    parameters = (*PARAMETERS, "sort", "cursor", "page_size", "facets", "fields", "customer_id")

    def content(self, *, category_id: int) -> dict[str, Any]:
        tree = read_tree(self.caller, self.standing)
        _check_open(tree, category_id)
        request, caller = self.request, self.caller
        sort = choice_of(request, "sort", SORTS, default=DEFAULT_SORT)
        fields, size = words_of(request, "fields", KNOWN_FIELDS), size_of(request)
        with_facets = flag_of(request, "facets", default=True)
        narrowing = read_narrowing(request, categories=frozenset(tree.below(category_id)))
        # Not the categories below: a new one there must not end a cursor.
        query = (category_id, sort, replace(narrowing, categories=None), caller.price_list_ids)
        order = SORTS[sort]
        begin = read_cursor(request, query, order)

        shown = Product.objects.shown().priced_in(caller.price_list_ids)
        names = [key.name for key in order]
        rows = list(
            after(self._ordered(narrow(shown, narrowing, caller)), order, begin).values_list(*names)[: size + 1]
        )
        mark = write_cursor(query, rows[size - 1]) if len(rows) > size else None
        total, facets = None, None
        if begin is None:
            shelf = Shelf(products=shown, price_list_ids=caller.comparable_list_ids, clock=caller.clock)
            within = shown.filter(category_id__in=narrowing.categories or ())
            found = find(shelf, within, Value(0), Asked(narrowing=narrowing, size=0, with_facets=with_facets))
            total = found.total
            facets = facets_answer(found.facets, tree, caller) if found.facets is not None else None
        return {
            "category": {
                "id": str(category_id),
                "name": tree.nodes[category_id].title(caller.language),
                "path": category_path(tree, category_id, caller.language),
                "children": category_cards(tree, category_id, caller.language) if begin is None else [],
            },
            "items": cards((row[names.index("pk")] for row in rows[:size]), caller, fields=fields),
            "page_info": cursor_info(mark, size=size, total=total),
            "facets": facets,
            "sort": {"active": sort, "options": list(SORTS)},
        }

    def _ordered(self, rows: ProductQuerySet) -> ProductQuerySet:
        """With the columns that an order may name. Prices in another currency come last."""
        stocked = Case(When(is_in_stock(self.caller.clock), then=0), default=1, output_field=IntegerField())
        rows = rows.annotate(out_of_stock=stocked, rank=Coalesce(F("sales_rank__rank"), Value(LAST_RANK)))
        rows = rows.with_unit_price(self.caller.comparable_list_ids)
        elsewhere = Case(When(unit_price__isnull=True, then=1), default=0, output_field=IntegerField())
        return rows.annotate(price_elsewhere=elsewhere, price=Coalesce(F("unit_price"), Value(Decimal(0))))


def _check_open(tree: CategoryTree, category_id: int) -> None:
    """404 for what never was a category, 410 for one that is closed or below a closed one."""
    if category_id not in tree.nodes:
        raise Refused("not_found")
    if not tree.is_open(category_id):
        raise Refused("gone")
