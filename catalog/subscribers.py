"""What the catalogue does about its own events, after the commit that brought them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from catalog.models import BackInStock
from catalog.services.search_texts import SEARCHED_BY, refresh_search_texts
from catalog.services.search_words import learn_words_of
from catalog.services.stock_watch import BACK
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.subscribing import on

NAMES = frozenset({"name", "name_ar"})


# One subscriber for all: it touches versions, which come last, so that nothing after it may lock products.
@on("catalog.product.created|catalog.product.updated|catalog.category.*|catalog.item_group.*")
def refresh_words(events: Sequence[StoredEvent]) -> None:
    """Products are found by their words, and by the new name of their category or item group.

    Those of a product that changed were stored with it; what is misspelt must still hear of them.
    """
    new, categories, groups = (set(_named(events, model)) for model in ("product", "category", "item_group"))
    if other := set(_reworded(events)) - new:
        learn_words_of(Q(pk__in=other))
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
    renamed = NAMES if model != "product" else frozenset()
    for event in events:
        is_renamed = event.type == f"catalog.{model}.updated" and not renamed.isdisjoint(event.data.get("fields", ()))
        if is_renamed or event.type == f"catalog.{model}.created":
            yield _key(event)


def _reworded(events: Sequence[StoredEvent]) -> Iterator[int]:
    """The products that are found by other words than before."""
    for event in events:
        if event.type == "catalog.product.updated" and not SEARCHED_BY.isdisjoint(event.data.get("fields", ())):
            yield _key(event)


def _key(event: StoredEvent) -> int:
    return int(event.aggregate.rpartition(":")[2])


def _latest(events: Sequence[StoredEvent]) -> datetime:
    return max(event.occurred_at for event in events)
