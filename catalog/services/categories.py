"""Categories: a tree whose children may arrive before their parents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from catalog.choices import Subject
from catalog.models import Category
from catalog.services.events import saved_events
from catalog.services.freshness import touch
from catalog.services.retirement import retire_and_touch
from catalog.values import CategoryValues
from tsh_erp.common.upsert import Saved, upsert
from tsh_erp.events.publish import publish

OWNED = ("name", "parent_zoho_id", "is_active")


@transaction.atomic(savepoint=False)
def save_categories(values: Sequence[CategoryValues], *, at: datetime) -> Saved:
    """Insert or update categories by Zoho id and hang them into the tree; the root itself is no row.

    A category stays without parent while its parent is unknown, or while the link would close a circle.
    """
    rows = {row.zoho_id: row for row in values if not row.is_root}
    roots = frozenset(row.zoho_id for row in values if row.is_root)
    upserted = upsert(
        Category,
        [
            Category(zoho_id=row.zoho_id, name=row.name, parent_zoho_id=row.parent_zoho_id, is_active=row.is_active)
            for row in rows.values()
        ],
        fields=OWNED,
    )
    moved = link_parents() if rows else {}
    publish(saved_events("category", upserted, {zoho_id: ["parent"] for zoho_id in rows if zoho_id in moved}), at=at)
    if upserted.created or upserted.changed or moved:
        touch(Subject.CATEGORIES, at=at)
    return upserted.saved | Saved(changed=frozenset(moved) - upserted.created, unchanged=roots)


def retire_categories(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark categories as gone in Zoho; products keep pointing at them."""
    return retire_and_touch(Category, zoho_ids, at=at, subject="category", freshness=Subject.CATEGORIES)


def link_parents() -> dict[str, int]:
    """Make every mirrored category's parent what its parent's Zoho id says; primary keys of what moved, by Zoho id.

    Two queries over the whole tree, which is small; the rows are locked, so no two callers can
    close a circle between them.
    """
    stored = list(Category.objects.filter(zoho_id__isnull=False).order_by("pk").select_for_update())
    tree = {str(row.zoho_id): row for row in stored}
    parents = {zoho_id: row.parent_zoho_id for zoho_id, row in tree.items()}
    moved = []
    for zoho_id, row in tree.items():
        parent = tree.get(row.parent_zoho_id)
        if parent is not None and _is_in_circle(zoho_id, parents):
            parent = None
        if row.parent_id != (parent.pk if parent else None):
            row.parent = parent
            moved.append(row)
    if moved:
        Category.objects.bulk_update(moved, ["parent"])
    return {str(row.zoho_id): row.pk for row in moved}


def _is_in_circle(start: str, parents: Mapping[str, str]) -> bool:
    """Whether the way up from `start` comes back to it."""
    seen: set[str] = set()
    node = parents[start]
    while node in parents and node not in seen:
        if node == start:
            return True
        seen.add(node)
        node = parents[node]
    return False
