"""What the catalogue does about its own events, after the commit that brought them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from catalog.models import BackInStock
from catalog.services.search_texts import refresh_search_texts
from catalog.services.stock_watch import BACK
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.subscribing import on

NAMES = frozenset({"name", "name_ar"})


# One subscriber for all: it touches versions, which come last, so that nothing after it may lock products.
@on("catalog.product.created|catalog.category.*|catalog.item_group.*")
def refresh_words(events: Sequence[StoredEvent]) -> None:
    """Products are found by their words, and by the new name of their category or item group."""
    new, categories, groups = (set(_named(events, model)) for model in ("product", "category", "item_group"))
    if new or categories or groups:
        concerned = Q(pk__in=new) | Q(category_id__in=categories) | Q(item_group_id__in=groups)
        refresh_search_texts(products=concerned, at=_latest(events))


@on(BACK)
def note_return(events: Sequence[StoredEvent]) -> None:
    """Who waits for a product sees that it is there again. An event that comes twice is noted once."""
    BackInStock.objects.bulk_create(
        [
            BackInStock(product_id=_key(event), quantity=Decimal(event.data["quantity"]), at=event.occurred_at)
            for event in events
        ],
        ignore_conflicts=True,
    )


def _named(events: Sequence[StoredEvent], model: str) -> Iterator[int]:
    """The rows that are new, and products may have waited for, or that have another name."""
    for event in events:
        is_renamed = event.type == f"catalog.{model}.updated" and not NAMES.isdisjoint(event.data.get("fields", ()))
        if is_renamed or event.type == f"catalog.{model}.created":
            yield _key(event)


def _key(event: StoredEvent) -> int:
    return int(event.aggregate.rpartition(":")[2])


def _latest(events: Sequence[StoredEvent]) -> datetime:
    return max(event.occurred_at for event in events)
