"""Price lists with their prices per product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from catalog.choices import Subject
from catalog.models import PriceList, PriceListItem, Product
from catalog.services.events import saved_events
from catalog.services.freshness import touch
from catalog.services.parents import keys_by_zoho_id
from catalog.services.prices import read_bracket, recompute_prices
from catalog.services.retirement import retire
from catalog.values import Bracket, PriceListItemValues, PriceListValues
from tsh_erp.common.upsert import Saved, upsert
from tsh_erp.events.publish import publish

Items = Mapping[str, PriceListItemValues]
OWNED = tuple(column.name for column in fields(PriceListValues) if column.name not in ("zoho_id", "items"))
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
    replaced = _replace_items(stated) if stated else frozenset()
    relisted = {zoho_id: ["items"] for zoho_id, row in upserted.rows.items() if row.pk in replaced}
    reruled = {zoho_id for zoho_id, names in upserted.changed.items() if names & PRICED_BY}
    affected = sorted(upserted.rows[zoho_id].pk for zoho_id in upserted.created | relisted.keys() | reruled)
    repriced = recompute_prices(price_list_ids=affected, at=at) if affected else 0
    publish(saved_events("price_list", upserted, relisted), at=at)
    if upserted.created or upserted.changed or relisted:
        touch(Subject.PRICE_LISTS, *([Subject.PRICES] if repriced else []), at=at)
    return upserted.saved | Saved(changed=frozenset(relisted) - upserted.created)


@transaction.atomic(savepoint=False)
def retire_price_lists(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark price lists as gone in Zoho; nothing is sold by them any more."""
    rows = retire(PriceList, zoho_ids, at=at, subject="price_list")
    if rows:
        recompute_prices(price_list_ids=list(rows.values()), at=at)
        touch(Subject.PRICE_LISTS, Subject.PRICES, at=at)
    return len(rows)


def _replace_items(wanted: Mapping[int, Items]) -> frozenset[int]:
    """Store these items by price list, where they differ from the stored ones; which lists differed."""
    stored: dict[int, dict[str, PriceListItemValues]] = {}
    for row in PriceListItem.objects.filter(price_list_id__in=wanted):
        stored.setdefault(row.price_list_id, {})[row.product_zoho_id] = _values(row)
    differing = frozenset(pk for pk, items in wanted.items() if stored.get(pk, {}) != items)
    if not differing:
        return differing
    PriceListItem.objects.filter(price_list_id__in=differing).delete()
    products = keys_by_zoho_id(Product, (zoho_id for pk in differing for zoho_id in wanted[pk]))
    PriceListItem.objects.bulk_create(
        [
            PriceListItem(
                price_list_id=pk,
                product_id=products.get(item.product_zoho_id),
                product_zoho_id=item.product_zoho_id,
                product_name=item.product_name,
                zoho_id=item.zoho_id,
                rate=item.rate,
                discount_percentage=item.discount_percentage,
                pricing_scheme=item.pricing_scheme,
                brackets=_stored_brackets(item.brackets),
            )
            for pk in sorted(differing)
            for item in wanted[pk].values()
        ]
    )
    return differing


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
