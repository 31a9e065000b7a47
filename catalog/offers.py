"""What is offered to whom: selling prices by price lists, and what can be sold by one of the two stock clocks.

A price list sells a product when it leads to a price above nothing in a stated currency. Lists are asked in the
order given, as a rule the customer's own and then the consumers'. A list to buy by never sells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from catalog.choices import ProductKind, Trade
from catalog.models import EffectivePrice, PriceChange, PriceListItem, Product
from catalog.models.products import FOR_SALE
from catalog.price_rules import ONE, BaseAmount, ItemRule, ListRule, bracket_wanted, effective_price
from catalog.services.prices import item_rule, list_rule

NONE = Decimal(0)
RULE = ("trade", *(column.name for column in fields(ListRule)))
BASE = ("base_price", "base_cost", "currency")
ITEM = ("rate", "discount_percentage", "pricing_scheme", "brackets")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitPrice:
    """What one unit costs, and the list that says so."""

    price: Decimal
    currency: str
    price_list_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceTier:
    """What one unit costs from a quantity on."""

    least: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """What one price list asks for a product. `was` is what it asked before the price fell, if it fell lately."""

    unit: UnitPrice
    base: BaseAmount
    rule: ListRule
    item: ItemRule | None
    was: Decimal | None = None

    def at(self, quantity: Decimal) -> UnitPrice | None:
        """The price of one unit when `quantity` are taken; None when the list does not sell so many. Pure."""
        if quantity == ONE or self.item is None or not bracket_wanted(self.rule, self.item):
            return self.unit
        decision = effective_price(self.base, self.rule, self.item, quantity=quantity)
        if decision.price is None or decision.price <= 0 or not decision.currency:
            return None
        return UnitPrice(price=decision.price, currency=decision.currency, price_list_id=self.unit.price_list_id)

    def tiers(self) -> list[PriceTier]:
        """The prices of larger quantities, where they differ from the step before. Pure."""
        if self.item is None or not bracket_wanted(self.rule, self.item):
            return []
        found: list[PriceTier] = []
        before = self.unit.price
        for start in sorted({row.start for row in self.item.brackets if row.start is not None and row.start > ONE}):
            if (offered := self.at(start)) and offered.price != before:
                found.append(PriceTier(least=start, price=offered.price))
                before = offered.price
        return found


def unit_prices(wanted: Mapping[int, Decimal], price_list_ids: Sequence[int]) -> dict[int, UnitPrice]:
    """What one unit of each product costs when so many of it are taken, by primary key. One query.

    The first list that sells the product at that quantity wins; a product that none sells is absent.
    """
    found: dict[int, UnitPrice] = {}
    for product_id, offers in offers_of(wanted, price_list_ids).items():
        for offer in offers:
            if price := offer.at(wanted[product_id]):
                found[product_id] = price
                break
    return found


def offers_of(
    product_ids: Collection[int], price_list_ids: Sequence[int], *, fallen_since: datetime | None = None
) -> dict[int, list[Offer]]:
    """What these price lists ask for these products, by product, in the order of the lists. One query.

    With `fallen_since`, offers know what the list asked before its last change since then, where that was more.
    """
    if not product_ids or not price_list_ids:
        return {}
    rows = (
        EffectivePrice.objects.selling(price_list_ids)
        .filter(product_id__in=[*product_ids])
        .annotate(
            item=FilteredRelation(
                "product__price_list_items", condition=Q(product__price_list_items__price_list=F("price_list"))
            ),
            item_id=F("item__pk"),
            **{f"item_{name}": F(f"item__{name}") for name in ITEM},
        )
        .select_related("price_list", "product")
        .order_by()
        .only(
            *("price", "currency", "product_id", "price_list_id"),
            *(f"price_list__{name}" for name in RULE),
            *(f"product__{name}" for name in BASE),
        )
    )
    if fallen_since is not None:
        rows = rows.annotate(was=Subquery(_former_price(fallen_since)))
    places = {pk: place for place, pk in reversed([*enumerate(price_list_ids)])}
    found: dict[int, list[Offer]] = {}
    for row in sorted(rows, key=lambda row: places[row.price_list_id]):
        found.setdefault(row.product_id, []).append(_offer(row))
    return found


def available(product: Product, clock: str) -> Decimal | None:
    """What can be sold of `product` by `clock` (a `Measure`); None: no stock is kept of it, it can always be sold.

    An unknown figure counts as nothing. What is less than nothing is nothing.
    """
    if not keeps_stock(product):
        return None
    stated = (getattr(product, name) for name in FOR_SALE[clock])
    return max(next((quantity for quantity in stated if quantity is not None), NONE), NONE)


def keeps_stock(product: Product) -> bool:
    """Whether Zoho counts what lies of it, as `Product.objects.tracked` says."""
    if product.track_inventory is None:
        return product.kind in ("", ProductKind.INVENTORY)
    return product.track_inventory


def _former_price(since: datetime) -> QuerySet[PriceChange, Any]:
    """What the list asked before its last change since then: a fall to the price of today, in the same currency."""
    return (
        PriceChange.objects.filter(
            product=OuterRef("product"),
            price_list=OuterRef("price_list"),
            at__gte=since,
            new_price=OuterRef("price"),
            old_price__gt=OuterRef("price"),
            old_currency=OuterRef("currency"),
        )
        .order_by("-id")
        .values("old_price")[:1]
    )


def _offer(row: Any) -> Offer:
    price_list, product = row.price_list, row.product
    amount = product.base_cost if price_list.trade == Trade.PURCHASES else product.base_price
    item = PriceListItem(**{name: getattr(row, f"item_{name}") for name in ITEM}) if row.item_id else None
    return Offer(
        unit=UnitPrice(price=row.price, currency=row.currency, price_list_id=row.price_list_id),
        base=BaseAmount(amount=amount, currency=product.currency or settings.CATALOG_CURRENCY),
        rule=list_rule(price_list),
        item=item_rule(item) if item else None,
        was=getattr(row, "was", None),
    )
