"""What the catalogue does about its own events, after the commit that brought them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from catalog.models import BackInStock
from catalog.services.search_texts import refresh_search_texts
from catalog.services.stock_watch import BACK
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.subscribing import on

NAMES = frozenset({"name", "name_ar"})


@on("catalog.[ci]*")  # categories and item groups: the only ones whose names products are found by
def refresh_words(events: Sequence[StoredEvent]) -> None:
    """Products are found by the new name of their category and item group."""
    category_ids, item_group_ids = (list(_renamed(events, model)) for model in ("category", "item_group"))
    if category_ids or item_group_ids:
        refresh_search_texts(category_ids=category_ids, item_group_ids=item_group_ids, at=_latest(events))


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


def _renamed(events: Sequence[StoredEvent], model: str) -> Iterator[int]:
    """The rows that have another name, or none before: products may have waited for them."""
    for event in events:
        if event.type == f"catalog.{model}.created" or (
            event.type == f"catalog.{model}.updated" and not NAMES.isdisjoint(event.data.get("fields", ()))
        ):
            yield _key(event)


def _key(event: StoredEvent) -> int:
    return int(event.aggregate.rpartition(":")[2])


def _latest(events: Sequence[StoredEvent]) -> datetime:
    return max(event.occurred_at for event in events)
