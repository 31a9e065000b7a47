"""The words that products are found by.

Those of a stored product change with it, in the same statement. New products get theirs from a
subscriber a moment later, as do those whose category was renamed: a trigram index costs more than a
pull has to spare.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from django.db import transaction
from django.db.models import Q

from catalog.choices import Subject
from catalog.folding import search_columns
from catalog.models import Category, ItemGroup, Product
from catalog.services.freshness import touch
from catalog.services.search_words import learn_words
from tsh_erp.common.sql import update_from_values

Names = Mapping[int, tuple[str, ...]]
NAMES: Mapping[type[Category | ItemGroup], tuple[str, ...]] = {Category: ("name", "name_ar"), ItemGroup: ("name",)}

BATCH = 500
SEARCHED_BY = frozenset({*Product.SEARCHED_FIELDS, "category_id", "category_name", "item_group_id", "item_group_name"})
NAMES_END = len(Product.NAME_FIELDS)
CODES_END = NAMES_END + len(Product.CODE_FIELDS)
_read_own, _read_derived = attrgetter(*Product.SEARCHED_FIELDS), attrgetter(*Product.DERIVED_FIELDS)


@dataclass(frozen=True)
class Surroundings:
    """The names of categories and item groups, by primary key."""

    categories: Names = field(default_factory=dict)
    item_groups: Names = field(default_factory=dict)

    @classmethod
    def of(cls, products: Iterable[Product]) -> Surroundings:
        """Those of these products. Two queries at most."""
        rows = list(products)
        return cls(
            _names(Category, {row.category_id for row in rows}),
            _names(ItemGroup, {row.item_group_id for row in rows}),
        )

    def describe(self, product: Product) -> tuple[str, str, str]:
        """What `product` is found by: its `DERIVED_FIELDS`. Pure."""
        around = (
            product.category_name,
            product.item_group_name,
            *self.categories.get(product.category_id or 0, ()),
            *self.item_groups.get(product.item_group_id or 0, ()),
        )
        own = [text or "" for text in _read_own(product)]
        return search_columns(
            own[:NAMES_END], own[NAMES_END:CODES_END], own[CODES_END:], [text or "" for text in around]
        )

    def derive(self, product: Product, changed: frozenset[str]) -> frozenset[str]:
        """Fill in what `product` is found by where something of that changed; for `upsert`."""
        if changed.isdisjoint(SEARCHED_BY):
            return frozenset()
        before = _read_derived(product)
        product.search_text, product.search_names, product.search_codes = now = self.describe(product)
        return frozenset() if now == before else frozenset(Product.DERIVED_FIELDS)


def refresh_search_texts(
    *,
    at: datetime,
    products: Q | None = None,
) -> int:
    """Make the words anew of these products, or of all; how many differed.

    A batch at a time, each in the caller's transaction or one of its own.
    """
    rows = Product.objects.all() if products is None else Product.objects.filter(products)
    keys = list(rows.order_by("zoho_id", "pk").values_list("pk", flat=True))
    changed = sum(_refresh(keys[first : first + BATCH]) for first in range(0, len(keys), BATCH))
    if changed:
        touch(Subject.PRODUCTS, at=at)
    return changed


@transaction.atomic(savepoint=False)
def _refresh(keys: Collection[int]) -> int:
    """Locked in key order, as every writer of products does."""
    products = Product.objects.filter(pk__in=keys).order_by("zoho_id", "pk").select_for_update(no_key=True)
    known = Surroundings.of(rows := list(products))
    news = list(_differing(rows, known))
    if news:
        update_from_values(Product, Product.DERIVED_FIELDS, news)
        learn_words(text for _key, text, *_ in news)
    return len(news)


def _differing(products: Iterable[Product], known: Surroundings) -> Iterator[tuple[int, str, str, str]]:
    for product in products:
        derived = known.describe(product)
        if derived != _read_derived(product):
            yield product.pk, *derived


def find_named(
    model: type[Category | ItemGroup], zoho_ids: Iterable[str]
) -> tuple[dict[str, int], dict[int, tuple[str, ...]]]:
    """The categories or item groups that are here: primary keys by Zoho id, and names by primary key. One query."""
    wanted = {zoho_id for zoho_id in zoho_ids if zoho_id}
    if not wanted:
        return {}, {}
    rows = list(model.objects.filter(zoho_id__in=wanted).values_list("zoho_id", "pk", *NAMES[model]))
    return {str(zoho_id): key for zoho_id, key, *_ in rows}, {key: tuple(names) for _, key, *names in rows}


def _names(model: type[Category | ItemGroup], keys: Collection[int | None]) -> Names:
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    return {key: tuple(names) for key, *names in model.objects.filter(pk__in=wanted).values_list("pk", *NAMES[model])}
