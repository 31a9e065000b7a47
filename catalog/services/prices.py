"""Effective prices: worked out in sets with the pure rules, written only where they differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from catalog.choices import PriceListKind, Rounding, Trade
from catalog.models import EffectivePrice, PriceChange, PriceList, PriceListItem, Product
from catalog.price_rules import (
    ONE,
    BaseAmount,
    ItemRule,
    ListRule,
    PriceDecision,
    Reason,
    Step,
    effective_price,
)
from catalog.values import Bracket
from tsh_erp.common.upsert import new_row

MOST_AT_ONCE = 10_000  # SQLite takes 32,766 parameters

Key = tuple[int, int]
Price = tuple[Decimal, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceReasoning:
    """The price of one unit when `quantity` are taken, and everything it came from."""

    product_id: int
    price_list_id: int
    price_list_name: str
    quantity: Decimal
    base: BaseAmount
    rule: ListRule
    item: ItemRule | None
    decision: PriceDecision

    @property
    def price(self) -> Decimal | None:
        return self.decision.price

    @property
    def currency(self) -> str:
        return self.decision.currency

    @property
    def reason(self) -> Reason:
        return self.decision.reason

    def lines(self) -> list[tuple[str, str]]:
        """The reasoning in words: what, and its value, in the reader's language; numbers are exact."""
        unknown, decision = gettext("not stated"), self.decision
        told = [
            (gettext("price list"), self.price_list_name),
            (gettext("quantity"), _plain(self.quantity)),
            (gettext("source"), str(decision.reason.label)),
        ]
        if decision.bracket:
            told.append((gettext("for quantities"), _span(decision.bracket)))
        told += [(str(step.label), _plain(amount)) for step, amount in decision.steps]
        if any(step is Step.ROUNDED for step, _ in decision.steps) or decision.reason is Reason.ROUNDING_UNKNOWN:
            told.append((gettext("rounding"), _rounding(self.rule) or unknown))
        told.append((gettext("price"), gettext("none") if decision.price is None else _plain(decision.price)))
        return [*told, (gettext("currency"), decision.currency or unknown)]


def why_price(product: Product, price_list: PriceList, *, quantity: Decimal = ONE) -> PriceReasoning:
    """What one unit of `product` costs by `price_list` when `quantity` are taken, with the reasoning. One query."""
    return why_prices([product], [price_list], quantity=quantity)[0]


def why_prices(
    products: Iterable[Product], price_lists: Iterable[PriceList], *, quantity: Decimal = ONE
) -> list[PriceReasoning]:
    """What one unit of each product costs by each of the lists, product by product. One query."""
    products, price_lists = list(products), list(price_lists)
    items = PriceListItem.objects.filter(price_list__in=price_lists, product__in=products)
    stored = {(item.product_id, item.price_list_id): item for item in items}
    return [
        _reason(product, price_list, stored.get((product.pk, price_list.pk)), quantity)
        for product in products
        for price_list in price_lists
    ]


def _reason(product: Product, price_list: PriceList, stored: PriceListItem | None, quantity: Decimal) -> PriceReasoning:
    base = _base(price_list.trade, product.base_price, product.base_cost, product.currency)
    rule, item = list_rule(price_list), item_rule(stored) if stored else None
    decision = effective_price(base, rule, item, quantity=quantity)
    if not price_list.is_active or price_list.retired_at or product.retired_at:
        decision = PriceDecision(price=None, currency=decision.currency, reason=Reason.NOT_SOLD)
    return PriceReasoning(
        product_id=product.pk,
        price_list_id=price_list.pk,
        price_list_name=price_list.name,
        quantity=quantity,
        base=base,
        rule=rule,
        item=item,
        decision=decision,
    )


@transaction.atomic(savepoint=False)
def recompute_prices(
    *,
    at: datetime,
    product_ids: Collection[int] | None = None,
    price_list_ids: Collection[int] | None = None,
) -> int:
    """Bring the effective prices of these products and price lists up to date; how many rows changed.

    What a price was before stays as a `PriceChange`. None means all. At most seven queries whatever the
    numbers, one when there is no price list.
    """
    scope = Q()
    if product_ids is not None:
        scope &= Q(product_id__in=product_ids)
    if price_list_ids is not None:
        scope &= Q(price_list_id__in=price_list_ids)
    lists = PriceList.objects.live().filter(is_active=True)
    if price_list_ids is not None:
        lists = lists.filter(pk__in=price_list_ids)
    rules = {price_list.pk: price_list for price_list in lists}
    if not rules and price_list_ids is None:
        count, _ = EffectivePrice.objects.filter(scope).delete() if product_ids is None else (0, {})
        return count
    wanted = dict(_prices(rules, scope, product_ids)) if rules else {}
    return _write(wanted, scope, at=at)


def list_rule(price_list: PriceList) -> ListRule:
    return ListRule(
        kind=price_list.kind,
        percentage=price_list.percentage,
        is_increase=price_list.is_increase,
        currency=price_list.currency,
        rounding=price_list.rounding,
        rounding_word=price_list.rounding_word,
        decimal_places=price_list.decimal_places,
        pricing_scheme=price_list.pricing_scheme,
    )


def item_rule(item: PriceListItem) -> ItemRule:
    return ItemRule(
        rate=item.rate,
        discount_percentage=item.discount_percentage,
        pricing_scheme=item.pricing_scheme,
        brackets=[read_bracket(row) for row in item.brackets],
    )


def read_bracket(row: Mapping[str, Any]) -> Bracket:
    """A bracket as it is stored on a price: numbers as text, open or unknown as None."""
    return Bracket(**{name: None if value is None else Decimal(value) for name, value in row.items()})


def _prices(
    lists: Mapping[int, PriceList], scope: Q, product_ids: Collection[int] | None
) -> Iterator[tuple[Key, Price]]:
    """The price of every live product in every list that sells it."""
    items = {
        (item.product_id, item.price_list_id): item_rule(item)
        for item in PriceListItem.objects.filter(scope, price_list_id__in=lists, product__isnull=False)
    }
    for_all = [pk for pk, row in lists.items() if row.kind == PriceListKind.PERCENTAGE]
    rules = {pk: list_rule(row) for pk, row in lists.items()}
    products = Product.objects.live()
    if product_ids is not None:
        products = products.filter(pk__in=product_ids)
    elif not for_all:
        products = products.filter(price_list_items__price_list_id__in=list(lists)).distinct()
    listed: dict[int, list[int]] = {}
    for product_id, list_id in items:
        listed.setdefault(int(product_id or 0), []).append(list_id)
    columns = products.order_by("pk").values_list("pk", "base_price", "base_cost", "currency")
    for product_id, price, cost, currency in columns:
        for list_id in {*for_all, *listed.get(product_id, ())}:
            decision = effective_price(
                _base(lists[list_id].trade, price, cost, currency), rules[list_id], items.get((product_id, list_id))
            )
            if decision.price is not None:
                yield (product_id, list_id), (decision.price, decision.currency)


def _write(wanted: Mapping[Key, Price], scope: Q, *, at: datetime) -> int:
    rows = EffectivePrice.objects.filter(scope).order_by("product_id", "price_list_id").select_for_update()
    stored: dict[Key, tuple[Price, int]] = {
        (product_id, list_id): ((price, currency), pk)
        for product_id, list_id, price, currency, pk in rows.values_list(
            "product_id", "price_list_id", "price", "currency", "pk"
        )
    }
    news = [
        EffectivePrice(product_id=key[0], price_list_id=key[1], price=price, currency=currency, updated_at=at)
        for key, (price, currency) in sorted(wanted.items())
        if key not in stored or stored[key][0] != (price, currency)
    ]
    if news:
        EffectivePrice.objects.bulk_create(
            news,
            update_conflicts=True,
            unique_fields=["product", "price_list"],
            update_fields=["price", "currency", "updated_at"],
        )
    gone = [pk for key, (_, pk) in stored.items() if key not in wanted]
    for first in range(0, len(gone), MOST_AT_ONCE):
        EffectivePrice.objects.filter(pk__in=gone[first : first + MOST_AT_ONCE]).delete()
    PriceChange.objects.bulk_create(_changes({key: price for key, (price, _) in stored.items()}, wanted, at=at))
    return len(news) + len(gone)


def _changes(before: Mapping[Key, Price], after: Mapping[Key, Price], *, at: datetime) -> Iterator[PriceChange]:
    for key in sorted(before):
        old, new = before[key], after.get(key)
        if old != new:
            columns = {"product_id": key[0], "price_list_id": key[1], "old_price": old[0], "old_currency": old[1]}
            yield new_row(
                PriceChange, columns | ({"new_price": new[0], "new_currency": new[1]} if new else {}) | {"at": at}
            )


def _base(trade: str, price: Decimal | None, cost: Decimal | None, currency: str) -> BaseAmount:
    """What the list starts from. Zoho's items name no currency: then it is the one the catalogue is kept in."""
    amount = cost if trade == Trade.PURCHASES else price
    return BaseAmount(amount=amount, currency=currency or settings.CATALOG_CURRENCY)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _span(bracket: Bracket) -> str:
    start, end = bracket.start, bracket.end
    if end is None:
        return gettext("from %(start)s") % {"start": _plain(start or Decimal(0))}
    return gettext("from %(start)s to %(end)s") % {"start": _plain(start or Decimal(0)), "end": _plain(end)}


def _rounding(rule: ListRule) -> str:
    """In our words, or in Zoho's where we have none."""
    if rule.rounding == Rounding.UNKNOWN:
        return rule.rounding_word
    return str(Rounding(rule.rounding).label) if rule.rounding else ""
