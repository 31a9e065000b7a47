"""Price lists with their prices per product."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from catalog.choices import Subject
from catalog.models import PriceList, PriceListItem, Product
from catalog.services.events import saved_events
from catalog.services.freshness import touch
from catalog.services.parents import keys_by_zoho_id
from catalog.services.prices import MOST_AT_ONCE, read_bracket, recompute_prices
from catalog.services.retirement import retire
from catalog.values import Bracket, PriceListItemValues, PriceListValues
from tsh_erp.common.upsert import Saved, upsert
from tsh_erp.events.publish import publish

Items = Mapping[str, PriceListItemValues]
OWNED = tuple(column.name for column in fields(PriceListValues) if column.name not in ("zoho_id", "items"))
STATED = ("product", "product_name", "zoho_id", "rate", "discount_percentage", "pricing_scheme", "brackets")
PRICED_BY = frozenset(
    {
        "kind",
        "trade",
        "percentage",
        "is_increase",
        "currency",
        "rounding",
        "decimal_places",
        "pricing_scheme",
        "is_active",
        "retired_at",
    }
)


@transaction.atomic(savepoint=False)
def save_price_lists(values: Sequence[PriceListValues], *, at: datetime) -> Saved:
    """Insert or update price lists by Zoho id and work out the prices they lead to.

    Items None leaves the stored ones alone; otherwise they are replaced as a whole where they differ.
    The last one wins when an item is named twice.
    """
    by_id = {row.zoho_id: row for row in values}
    upserted = upsert(
        PriceList,
        [PriceList(zoho_id=row.zoho_id, **{name: getattr(row, name) for name in OWNED}) for row in by_id.values()],
        fields=OWNED,
    )
    stated = {
        upserted.rows[row.zoho_id].pk: {item.product_zoho_id: item for item in row.items}
        for row in by_id.values()
        if row.items is not None
    }
    replaced = _replace_items(stated) if stated else {}
    relisted = {zoho_id: ["items"] for zoho_id, row in upserted.rows.items() if row.pk in replaced}
    reruled = {zoho_id for zoho_id, names in upserted.changed.items() if names & PRICED_BY}
    repriced = _reprice({upserted.rows[zoho_id].pk for zoho_id in upserted.created | reruled}, replaced, at=at)
    publish(saved_events("price_list", upserted, relisted), at=at)
    if upserted.created or upserted.changed or relisted:
        touch(Subject.PRICE_LISTS, *([Subject.PRICES] if repriced else []), at=at)
    return upserted.saved | Saved(changed=frozenset(relisted) - upserted.created)


@transaction.atomic(savepoint=False)
def name_currencies(codes: Mapping[str, str], *, at: datetime | None = None) -> int:
    """Give lists of which only the id of their currency is known its code, by that id, and work out their prices.

    How many lists.
    """
    waiting = PriceList.objects.filter(currency="", currency_zoho_id__in=[*codes]).exclude(currency_zoho_id="")
    rows = list(waiting.select_for_update(no_key=True).order_by("zoho_id")) if codes else []
    at = at or timezone.now()
    for row in rows:
        row.currency, row.updated_at = codes[row.currency_zoho_id], at
    if rows:
        PriceList.objects.bulk_update(rows, ["currency", "updated_at"])
        recompute_prices(price_list_ids=sorted(row.pk for row in rows), at=at)
        touch(Subject.PRICE_LISTS, Subject.PRICES, at=at)
    return len(rows)


@transaction.atomic(savepoint=False)
def retire_price_lists(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark price lists as gone in Zoho; nothing is sold by them any more."""
    rows = retire(PriceList, zoho_ids, at=at, subject="price_list")
    if rows:
        recompute_prices(price_list_ids=list(rows.values()), at=at)
        touch(Subject.PRICE_LISTS, Subject.PRICES, at=at)
    return len(rows)


def _reprice(reruled: Collection[int], replaced: Mapping[int, Collection[int]], *, at: datetime) -> int:
    """Every price of a list with another rule; of one with other items only those of the products concerned."""
    changed = recompute_prices(price_list_ids=sorted(reruled), at=at) if reruled else 0
    others = {pk: products for pk, products in replaced.items() if pk not in reruled}
    if products := {product_id for some in others.values() for product_id in some}:
        changed += recompute_prices(price_list_ids=sorted(others), product_ids=sorted(products), at=at)
    return changed


def _replace_items(wanted: Mapping[int, Items]) -> dict[int, set[int]]:
    """Store these items by price list, only where they differ; the products concerned, by list that differed."""
    stored: dict[int, dict[str, PriceListItem]] = {pk: {} for pk in wanted}
    for row in PriceListItem.objects.filter(price_list_id__in=wanted):
        stored[row.price_list_id][row.product_zoho_id] = row
    news = [
        (pk, item)
        for pk in sorted(wanted)
        for item in sorted(wanted[pk].values(), key=lambda item: item.product_zoho_id)
        if item.product_zoho_id not in stored[pk] or _values(stored[pk][item.product_zoho_id]) != item
    ]
    gone = [row for pk, rows in stored.items() for zoho_id, row in rows.items() if zoho_id not in wanted[pk]]
    products = keys_by_zoho_id(Product, (item.product_zoho_id for _, item in news)) if news else {}
    if news:
        PriceListItem.objects.bulk_create(
            [_row(pk, item, products.get(item.product_zoho_id)) for pk, item in news],
            update_conflicts=True,
            unique_fields=["price_list", "product_zoho_id"],
            update_fields=STATED,
        )
    for first in range(0, len(gone), MOST_AT_ONCE):
        PriceListItem.objects.filter(pk__in=[row.pk for row in gone[first : first + MOST_AT_ONCE]]).delete()
    differing: dict[int, set[int]] = {
        pk: set() for pk in [*(pk for pk, _ in news), *(row.price_list_id for row in gone)]
    }
    for pk, item in news:
        differing[pk] |= {products[item.product_zoho_id]} if item.product_zoho_id in products else set()
    for row in gone:
        differing[row.price_list_id] |= {row.product_id} if row.product_id else set()
    return differing


def _row(price_list_id: int, item: PriceListItemValues, product_id: int | None) -> PriceListItem:
    return PriceListItem(
        price_list_id=price_list_id,
        product_id=product_id,
        product_zoho_id=item.product_zoho_id,
        product_name=item.product_name,
        zoho_id=item.zoho_id,
        rate=item.rate,
        discount_percentage=item.discount_percentage,
        pricing_scheme=item.pricing_scheme,
        brackets=_stored_brackets(item.brackets),
    )


def _values(row: PriceListItem) -> PriceListItemValues:
    return PriceListItemValues(
        product_zoho_id=row.product_zoho_id,
        zoho_id=row.zoho_id,
        product_name=row.product_name,
        rate=row.rate,
        discount_percentage=row.discount_percentage,
        pricing_scheme=row.pricing_scheme,
        brackets=tuple(read_bracket(bracket) for bracket in row.brackets),
    )


def _stored_brackets(brackets: Iterable[Bracket]) -> list[dict[str, str | None]]:
    return [{column.name: _text(getattr(bracket, column.name)) for column in fields(Bracket)} for bracket in brackets]


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")
