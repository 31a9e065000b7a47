"""Products: the only writer of their Zoho-owned columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from django.db import transaction

from catalog.choices import Subject
from catalog.models import Category, ItemGroup, Product
from catalog.models.figures import FIGURES
from catalog.services.events import saved_events
from catalog.services.freshness import touch
from catalog.services.prices import recompute_prices
from catalog.services.retirement import retire
from catalog.services.search_texts import Surroundings, find_named
from catalog.services.stock import save_stock
from catalog.services.stock_watch import Crossings, end_low_stock, note_crossings
from catalog.values import ProductValues
from tsh_erp.common.upsert import Saved, Upserted, new_row, upsert
from tsh_erp.events.publish import publish

LINKS = {"category": "category_id", "item_group": "item_group_id"}
OWNED = tuple(LINKS.get(name, name) for name in Product.ZOHO_OWNED_FIELDS)
SAME_NAME = tuple(name for name in OWNED if name not in (*FIGURES, *LINKS.values()))
read_same_name, read_figures = attrgetter(*SAME_NAME), attrgetter(*FIGURES)
STOCK, UNKNOWN_FIGURES = frozenset(FIGURES), (None,) * len(FIGURES)
PRICED_BY = frozenset({"base_price", "base_cost", "currency", "retired_at"})


@transaction.atomic(savepoint=False)
def save_products(values: Sequence[ProductValues], *, at: datetime) -> Saved:
    """Insert or update products by Zoho id, with stock where it is stated and prices where their base changed.

    A retired product that is saved is alive again. Categories and item groups that are not here yet
    stay unlinked until `services.links` attaches them. The queries do not grow with `values`.
    """
    by_id = {row.zoho_id: row for row in values}
    categories, category_names = find_named(Category, (row.category_zoho_id for row in by_id.values()))
    groups, group_names = find_named(ItemGroup, (row.item_group_zoho_id for row in by_id.values()))
    rows = [
        _product(row, categories.get(row.category_zoho_id), groups.get(row.item_group_zoho_id))
        for row in by_id.values()
    ]
    upserted = upsert(Product, rows, fields=OWNED, derive=Surroundings(category_names, group_names).derive)
    stated = {upserted.rows[row.zoho_id].pk: row.stock for row in by_id.values() if row.stock is not None}
    moved = save_stock(stated, at=at) if stated else {}
    repriced = recompute_prices(product_ids=ids, at=at) if (ids := _with_new_base(upserted)) else 0
    stocked = {zoho_id: ["stock"] for zoho_id, row in upserted.rows.items() if row.pk in moved}
    crossings = note_crossings(Crossings.between(upserted), at=at)
    publish([*saved_events("product", upserted, stocked), *crossings], at=at)
    _touch_changed(
        at,
        products=bool(upserted.created) or any(names - STOCK for names in upserted.changed.values()),
        stock=bool(moved) or _states_other_stock(upserted),
        prices=bool(repriced),
    )
    return upserted.saved | Saved(changed=frozenset(stocked) - upserted.created)


@transaction.atomic(savepoint=False)
def retire_products(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark products as gone in Zoho and take them off every price list; how many were alive until now."""
    rows = retire(Product, zoho_ids, at=at, subject="product")
    if rows:
        repriced = recompute_prices(product_ids=list(rows.values()), at=at)
        publish(end_low_stock(rows.values(), at=at), at=at)
        _touch_changed(at, products=True, stock=False, prices=bool(repriced))
    return len(rows)


def _product(values: ProductValues, category_id: int | None, item_group_id: int | None) -> Product:
    columns = dict(zip(SAME_NAME, read_same_name(values), strict=True))
    columns |= zip(FIGURES, read_figures(values.totals), strict=True)
    columns |= {"zoho_id": values.zoho_id, "category_id": category_id, "item_group_id": item_group_id}
    return new_row(Product, columns)


def _with_new_base(upserted: Upserted[Product]) -> list[int]:
    """Products whose prices may be other than before."""
    changed: Iterable[str] = (zoho_id for zoho_id, names in upserted.changed.items() if names & PRICED_BY)
    return sorted(upserted.rows[zoho_id].pk for zoho_id in (*upserted.created, *changed))


def _states_other_stock(upserted: Upserted[Product]) -> bool:
    """Whether Zoho's totals, which stand on the product, are news."""
    if any(names & STOCK for names in upserted.changed.values()):
        return True
    return any(read_figures(upserted.rows[zoho_id]) != UNKNOWN_FIGURES for zoho_id in upserted.created)


def _touch_changed(at: datetime, *, products: bool, stock: bool, prices: bool) -> None:
    subjects = ((Subject.PRODUCTS, products), (Subject.STOCK, stock), (Subject.PRICES, prices))
    if news := [subject for subject, is_new in subjects if is_new]:
        touch(*news, at=at)
