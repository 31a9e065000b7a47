"""The categories that customers may open, with how many products each has for the caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.cache import cache
from django.db import OperationalError
from django.db.models import Case, Count, IntegerField, JSONField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from catalog.choices import Subject
from catalog.models import Category, CategoryTally, Product
from catalog.models.picture_field import PictureFile
from catalog.services.tallies import keep_tally
from mobile_bff.callers import Caller
from mobile_bff.cards import picture
from mobile_bff.standing import Standing

KEPT_SECONDS = 3600
MADE_OF = (Subject.CATEGORIES, Subject.PRODUCTS, Subject.PRICES, Subject.PRICE_LISTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A category; `own` are the products that stand in it directly and that the caller can buy or wait for."""

    id: int
    name: str
    name_ar: str
    parent_id: int | None
    image: str
    is_open: bool
    own: int

    def title(self, language: str) -> str:
        return (self.name_ar or self.name) if language.startswith("ar") else self.name


@dataclass(frozen=True)
class CategoryTree:
    """All categories in their order. What is below a closed category is closed with it."""

    nodes: Mapping[int, Node]

    @cached_property
    def children(self) -> Mapping[int | None, Sequence[int]]:
        """Open categories below each open one; those without a parent, or whose parent is not here, below None."""
        found: dict[int | None, list[int]] = {}
        for node in self.nodes.values():
            parent = node.parent_id if node.parent_id in self.nodes else None
            if node.is_open:
                found.setdefault(parent, []).append(node.id)
        return found

    @cached_property
    def totals(self) -> Mapping[int, int]:
        """How many products each open category has, with everything below it."""
        found: dict[int, int] = {}
        for top in self.children.get(None, ()):
            for key in reversed([*self.below(top)]):
                found[key] = self.nodes[key].own + sum(found[child] for child in self.children.get(key, ()))
        return found

    def below(self, key: int) -> Iterator[int]:
        """The category and all open ones below it, parents first; each once, should the tree bite its own tail."""
        waiting, seen = [key], {key}
        while waiting:
            yield (key := waiting.pop())
            new = [child for child in reversed(self.children.get(key, ())) if child not in seen]
            seen.update(new)
            waiting.extend(new)

    def path(self, key: int | None) -> list[Node]:
        """From the top down to the category."""
        found: list[Node] = []
        while key is not None and key in self.nodes and self.nodes[key] not in found:
            found.insert(0, node := self.nodes[key])
            key = node.parent_id
        return found

    def is_open(self, key: int) -> bool:
        """Whether the category and all above it are open."""
        return all(node.is_open for node in self.path(key))


def read_tree(caller: Caller, standing: Standing) -> CategoryTree:
    """The tree as this caller sees it. No query while the cache has it, else one; two where nobody has counted yet."""
    versions = "-".join(str(standing.versions.get(subject.value, 0)) for subject in MADE_OF)
    lists = "-".join(str(pk) for pk in caller.price_list_ids)
    key = f"mobile:categories:{versions}:{lists}"
    rows = cache.get(key)
    if rows is None:
        rows = _read(caller, lists, versions)
        cache.set(key, rows, KEPT_SECONDS)
    return CategoryTree({row[0]: _node(*row) for row in rows})


def category_path(tree: CategoryTree, key: int | None, language: str) -> list[dict[str, str]]:
    return [{"id": str(node.id), "name": node.title(language)} for node in tree.path(key)]


def category_cards(tree: CategoryTree, parent: int | None, language: str) -> list[dict[str, Any]]:
    """The categories below `parent` (None: at the top) that have products."""
    keys = [key for key in tree.children.get(parent, ()) if tree.totals.get(key)]
    return [
        {
            "id": str(key),
            "name": (node := tree.nodes[key]).title(language),
            "image": picture(_file(node.image)),
            "product_count": tree.totals[key],
        }
        for key in keys
    ]


def _read(caller: Caller, lists: str, versions: str) -> list[tuple[Any, ...]]:
    """Categories with their products, as they were counted for these versions; else counted now, and kept."""
    counted = (
        Product.objects.shown()
        .priced_in(caller.price_list_ids)
        .filter(category=OuterRef("pk"))
        .order_by()
        .values("category")
        .annotate(count=Count("pk"))
        .values("count")
    )
    kept = CategoryTally.objects.filter(price_lists=lists, stamp=versions).values("counts")
    rows = Category.objects.annotate(
        kept=Subquery(kept, output_field=JSONField()),
        counted=Case(When(kept__isnull=True, then=Coalesce(Subquery(counted), Value(0))), output_field=IntegerField()),
    )
    columns = ("pk", "name", "name_ar", "parent_id", "image", "is_active", "retired_at", "kept", "counted")
    found: list[tuple[Any, ...]] = []
    is_new = False
    for key, name, name_ar, parent_id, image, is_active, retired_at, tally, now in rows.values_list(*columns):
        is_new = tally is None
        own = now if is_new else tally.get(str(key), 0)
        found.append((key, name, name_ar, parent_id, str(image or ""), is_active and retired_at is None, own))
    if is_new:
        with suppress(OperationalError):  # nobody waits because the only writer is busy
            keep_tally(lists, versions, {row[0]: row[-1] for row in found})
    return found


def _node(key: int, name: str, name_ar: str, parent_id: int | None, image: str, is_open: bool, own: int) -> Node:
    return Node(id=key, name=name, name_ar=name_ar, parent_id=parent_id, image=image, is_open=is_open, own=own)


def _file(name: str) -> PictureFile:
    return PictureFile(Category(), Category._meta.get_field("image"), name)
