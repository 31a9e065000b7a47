"""Ask the database once: the page, how many there are, and what they can be narrowed by.

The products that answer are put aside with what they are judged by; page, total and facets are then read from
there. Within a facet choices add up, across facets they narrow, and a facet counts without its own filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Case, F, FilteredRelation, IntegerField, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from catalog.models.products import ProductQuerySet, is_in_stock
from catalog.search.matching import Tier
from tsh_erp.common.fields import MONEY_DECIMALS, MoneyField

MOST_BRANDS = 50
LAST_RANK = 2**31 - 1
COLUMNS = ("id", "tier", "stocked", "sales_rank", "category_id", "brand", "price", "created_at")


class Sort(StrEnum):
    RELEVANCE = "relevance"
    PRICE_UP = "price_asc"
    PRICE_DOWN = "price_desc"
    NEWEST = "newest"
    BEST_SELLING = "best_selling"


# What is misspelt or answers only most of the words comes last in every order.
ORDERS: Mapping[Sort, str] = {
    Sort.RELEVANCE: "tier, stocked DESC, sales_rank, id",
    Sort.PRICE_UP: "poor, price IS NULL, price, tier, id",
    Sort.PRICE_DOWN: "poor, price IS NULL, price DESC, tier, id",
    Sort.NEWEST: "poor, created_at DESC, id DESC",
    Sort.BEST_SELLING: "poor, sales_rank, stocked DESC, tier, id",
}


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """What the caller chose of the facets; nothing chosen narrows nothing. `categories` are all that count, children
    included; prices are in the currency of `Shelf.price_list_ids`, bounds included."""

    categories: frozenset[int] | None = None
    brands: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    in_stock: bool = False


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """What is searched: `products` that the caller may see, of which one of the lists `sold_by` must have a price
    (None: any product will do); whose prices count (lists of one currency), which clock counts the stock, and how
    well a product sells (an expression over products; lower is better, NULL is last)."""

    products: ProductQuerySet
    price_list_ids: Sequence[int]
    clock: str
    sales_rank: Combinable | None = None
    sold_by: Sequence[int] | None = None

    @property
    def is_priced_by_one_list(self) -> bool:
        return self.sold_by is not None and len(self.sold_by) == 1 and [*self.sold_by] == [*self.price_list_ids]

    @property
    def sold(self) -> ProductQuerySet:
        """The products that one of the lists sells."""
        return self.products if self.sold_by is None else self.products.priced_in(self.sold_by)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which part of the answer is wanted: `size` hits from place `first` on, in which order, narrowed how."""

    narrowing: Narrowing = field(default_factory=Narrowing)
    sort: Sort = Sort.RELEVANCE
    first: int = 0
    size: int = 20
    with_facets: bool = False

    @property
    def needs_price(self) -> bool:
        bounds = (self.narrowing.least, self.narrowing.most)
        return self.with_facets or self.sort in (Sort.PRICE_UP, Sort.PRICE_DOWN) or any(b is not None for b in bounds)


@dataclass(frozen=True, slots=True)
class Hit:
    product_id: int
    tier: Tier


@dataclass(frozen=True, kw_only=True)
class Facets:
    """Numbers of products by category (None: without) and by brand, the range of prices, and how many are in stock."""

    categories: Mapping[int | None, int] = field(default_factory=dict)
    brands: tuple[tuple[str, int], ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    in_stock: int = 0


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of hits and the total; `answering` counts also what was narrowed away; `facets` where they were asked
    for; `is_exact`: whether any answers all words without typos; `answers_some`: nothing answers all words."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    answering: int = 0
    facets: Facets | None = None
    is_exact: bool = True
    answers_some: bool = False


def find(shelf: Shelf, answering: ProductQuerySet, tier: Combinable, asked: Asked) -> Found:
    """The wanted part of `answering`, which are products of the shelf. One query."""
    inner, parameters = _put_aside(shelf, answering, tier, needs_price=asked.needs_price)
    filters = _filters(asked.narrowing)
    parts = [_page(filters, asked), _total(filters), *(_facets(filters) if asked.with_facets else ())]
    statement = f"WITH hit ({', '.join(COLUMNS)}) AS MATERIALIZED ({inner}) " + " UNION ALL ".join(
        sql for sql, _values in parts
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *(value for _sql, values in parts for value in values)])
        return _read(cursor.fetchall(), with_facets=asked.with_facets)


def _put_aside(
    shelf: Shelf, answering: ProductQuerySet, tier: Combinable, *, needs_price: bool
) -> tuple[str, Sequence[Any]]:
    nothing = Value(None, output_field=MoneyField())
    if needs_price:
        rows = _priced(answering, shelf)
    else:
        rows = answering if shelf.sold_by is None else answering.priced_in(shelf.sold_by)
        rows = rows.annotate(unit_price=nothing)
    rank = Value(LAST_RANK) if shelf.sales_rank is None else Coalesce(shelf.sales_rank, Value(LAST_RANK))
    stocked = Case(When(is_in_stock(shelf.clock), then=1), default=0, output_field=IntegerField())
    wanted = rows.annotate(hit_tier=tier, stocked=stocked, rank_sold=rank).order_by()
    columns = wanted.values_list(
        "pk", "hit_tier", "stocked", "rank_sold", "category_id", "brand", "unit_price", "created_at"
    )
    sql, parameters = columns.query.get_compiler(connection=connection).as_sql()
    return sql, parameters


def _priced(rows: ProductQuerySet, shelf: Shelf) -> ProductQuerySet:
    """As `with_unit_price`, but by joins: thousands of rows are priced at once.

    Where one list decides what is sold and for how much, one look at it answers both.
    """
    price_list_ids = shelf.price_list_ids
    if shelf.sold_by is not None and not shelf.is_priced_by_one_list:
        rows = rows.priced_in(shelf.sold_by)
    for place, key in enumerate(price_list_ids):
        sold = Q(effective_prices__price_list=key, effective_prices__price__gt=0, effective_prices__currency__gt="")
        rows = rows.annotate(**{f"sold_{place}": FilteredRelation("effective_prices", condition=sold)})
    prices = [F(f"sold_{place}__price") for place in range(len(price_list_ids))]
    if shelf.is_priced_by_one_list:
        return rows.filter(Q(("sold_0__price__isnull", False))).annotate(unit_price=prices[0])
    nothing = Value(None, output_field=MoneyField())
    return rows.annotate(unit_price=Coalesce(*prices, nothing, output_field=MoneyField()) if prices else nothing)


Part = tuple[str, list[Any]]


def _filters(narrowing: Narrowing) -> dict[str, Part]:
    """The condition of each facet, by its name; values are parameters."""
    filters: dict[str, Part] = {}
    if narrowing.categories is not None:
        keys = sorted(narrowing.categories) or [0]
        filters["category"] = (f"category_id IN ({_marks(keys)})", [*keys])
    if narrowing.brands:
        filters["brand"] = (f"brand IN ({_marks(narrowing.brands)})", [*narrowing.brands])
    bounds: list[tuple[str, Decimal]] = []
    if narrowing.least is not None:
        bounds.append(("price >= CAST(%s AS NUMERIC)", narrowing.least))
    if narrowing.most is not None:
        bounds.append(("price <= CAST(%s AS NUMERIC)", narrowing.most))
    if bounds:
        filters["price"] = (" AND ".join(sql for sql, _bound in bounds), [str(bound) for _sql, bound in bounds])
    if narrowing.in_stock:
        filters["stock"] = ("stocked = 1", [])
    return filters


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _where(filters: Mapping[str, Part], *, without: str = "", also: str = "1 = 1") -> Part:
    """All filters but one facet's own."""
    used = [part for name, part in filters.items() if name != without]
    return " AND ".join([also, *(f"({sql})" for sql, _values in used)]), [
        value for _sql, rest in used for value in rest
    ]


# Names and orders are ours, values are parameters.
# ruff: noqa: S608
def _page(filters: Mapping[str, Part], asked: Asked) -> Part:
    where, values = _where(filters)
    poor = f"CASE WHEN tier >= {Tier.TYPO.value} THEN 1 ELSE 0 END AS poor"
    order = ORDERS[asked.sort]
    return (
        f"SELECT 'page' AS part, id AS key, '' AS name, place AS number, CAST(tier AS NUMERIC) AS low,"
        f" CAST(NULL AS NUMERIC) AS high FROM (SELECT id, tier, ROW_NUMBER() OVER (ORDER BY {order}) AS place"
        f" FROM (SELECT hit.*, {poor} FROM hit WHERE {where}) AS judged ORDER BY {order} LIMIT %s OFFSET %s) AS page",
        [*values, asked.size, asked.first],
    )


def _total(filters: Mapping[str, Part]) -> Part:
    where, values = _where(filters)
    both = (
        f"SELECT 'total', NULL, '', COUNT(*), CAST(MIN(tier) AS NUMERIC), NULL FROM hit WHERE {where}"
        " UNION ALL SELECT 'all', NULL, '', COUNT(*), NULL, NULL FROM hit"
    )
    return both, values


def _facets(filters: Mapping[str, Part]) -> list[Part]:
    by_category, category_values = _where(filters, without="category")
    by_brand, brand_values = _where(filters, without="brand", also="brand <> ''")
    by_price, price_values = _where(filters, without="price", also="price IS NOT NULL")
    by_stock, stock_values = _where(filters, without="stock", also="stocked = 1")
    return [
        (
            f"SELECT 'category', category_id, '', COUNT(*), NULL, NULL FROM hit WHERE {by_category}"
            " GROUP BY category_id",
            category_values,
        ),
        (
            f"SELECT 'brand', NULL, brand, number, NULL, NULL FROM (SELECT brand, COUNT(*) AS number FROM hit"
            f" WHERE {by_brand} GROUP BY brand ORDER BY number DESC, brand LIMIT {MOST_BRANDS}) AS brands",
            brand_values,
        ),
        (
            f"SELECT 'price', NULL, '', COUNT(*), MIN(price), MAX(price) FROM hit WHERE {by_price}",
            price_values,
        ),
        (f"SELECT 'stock', NULL, '', COUNT(*), NULL, NULL FROM hit WHERE {by_stock}", stock_values),
    ]


def _read(rows: Sequence[tuple[Any, ...]], *, with_facets: bool) -> Found:
    parts: dict[str, list[tuple[Any, ...]]] = {}
    for part, *rest in rows:
        parts.setdefault(part, []).append(tuple(rest))
    page = sorted(parts.get("page", []), key=lambda row: row[2])
    ((_key, _name, total, best, _high),) = parts["total"]
    return Found(
        hits=tuple(Hit(int(key), Tier(min(int(tier), Tier.SOME))) for key, _name, _place, tier, _high in page),
        total=total,
        answering=parts["all"][0][2],
        facets=_read_facets(parts) if with_facets else None,
        is_exact=best is not None and int(best) < Tier.TYPO,
        answers_some=best is not None and int(best) >= Tier.SOME,
    )


def _read_facets(parts: Mapping[str, list[tuple[Any, ...]]]) -> Facets:
    ((_key, _name, _number, least, most),) = parts["price"]
    brands = sorted(
        ((name, number) for _key, name, number, *_ in parts.get("brand", ())), key=lambda row: (-row[1], row[0])
    )
    return Facets(
        categories={key: number for key, _name, number, *_ in parts.get("category", ())},
        brands=tuple(brands),
        least=_money(least),
        most=_money(most),
        in_stock=parts["stock"][0][2],
    )


def _money(stored: Any) -> Decimal | None:
    """SQLite hands decimals out as floats; money has few enough places to be read back from them."""
    return None if stored is None else round(Decimal(str(stored)), MONEY_DECIMALS)
