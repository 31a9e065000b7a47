"""Which promotions may count for a cart, and for which of its lines: targets, windows, limits and customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from catalog.models import Category, Product
from commerce.baskets import BasketLine
from commerce.models import Customer, Promotion, PromotionTarget
from commerce.models.promotions import CUSTOMER_TARGETS, ITEM_TARGETS, names_target
from commerce.promotion_rules import refusal_of
from commerce.totals import Kind, Refusal
from commerce.totals import Promotion as Counting


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Who buys, as far as promotions ask; `price_list_id` is the list that is asked first for prices."""

    customer: Customer | None
    price_list_id: int | None


@dataclass(frozen=True, kw_only=True)
class Considered:
    """A promotion that was looked at: refused before the cart is added up, or ready to be added up with it."""

    promotion: Promotion
    refusal: Refusal | None = None
    counting: Counting | None = None


@dataclass(frozen=True)
class _Targets:
    """What promotions are about, as far as it concerns this cart, by promotion; `categories` of each product."""

    by_promotion: Mapping[int, Sequence[PromotionTarget]]
    categories: Mapping[int, Collection[int]] = field(default_factory=dict)

    def lines(self, promotion: Promotion, products: Iterable[Product]) -> frozenset[str]:
        targets = self.by_promotion.get(promotion.pk, ())
        return frozenset(line_key(one.pk) for one in products if any(self._is_about(target, one) for target in targets))

    def has_customer(self, promotion: Promotion, buyer: Buyer) -> bool:
        return any(_is_for(target, buyer) for target in self.by_promotion.get(promotion.pk, ()))

    def _is_about(self, target: PromotionTarget, product: Product) -> bool:
        if target.category_id is not None:
            return target.category_id in self.categories.get(product.pk, ())
        if target.brand:
            return _same_word(target.brand, product.brand)
        return target.product_id is not None and target.product_id == product.pk


def line_key(product_id: int) -> str:
    """The key of a product's line when a cart is added up."""
    return str(product_id)


def consider(
    codes: Sequence[str],
    *,
    sold: Mapping[int, BasketLine],
    buyer: Buyer,
    currency: str,
    at: datetime,
) -> list[Considered]:
    """Look at everything that may count for what is sold (lines by product), by the promotions' ids.

    `codes` are folded. Two queries, one when no promotion has targets; another one for a very deep category tree.
    """
    customer_id = buyer.customer.pk if buyer.customer else None
    promotions: list[Any] = list(  # with the columns that the query adds
        Promotion.objects.for_cart(codes, customer_id=customer_id, at=at).annotate(
            is_for_items=Exists(_targets(ITEM_TARGETS)), is_for_customers=Exists(_targets(CUSTOMER_TARGETS))
        )
    )
    products = {pk: line.product for pk, line in sold.items()}
    quantities = {pk: line.wanted.quantity for pk, line in sold.items()}
    targets = _read_targets([one for one in promotions if one.is_for_items or one.is_for_customers], sold, buyer)
    found = []
    for one in promotions:
        refusal = refusal_of(one, used_by_customer=one.used_by_customer, currency=currency, at=at)
        if refusal is None and one.is_for_customers and not targets.has_customer(one, buyer):
            refusal = Refusal.NOT_ELIGIBLE
        lines = targets.lines(one, products.values()) if one.is_for_items else None
        if refusal is None and lines is not None and not lines:
            refusal = Refusal.NOT_ELIGIBLE
        if refusal is None and _units(lines, quantities) < one.minimum_quantity:
            refusal = Refusal.MIN_ORDER
        counting = counting_of(one, lines) if refusal is None else None
        found.append(Considered(promotion=one, refusal=refusal, counting=counting))
    return found


def _targets(names: Sequence[str]) -> QuerySet[PromotionTarget]:
    condition = Q()
    for name in names:
        condition |= names_target(name)
    return PromotionTarget.objects.filter(condition, promotion=OuterRef("pk"))


def _read_targets(promotions: Sequence[Promotion], sold: Mapping[int, BasketLine], buyer: Buyer) -> _Targets:
    """Only what can matter: a promotion may name thousands of products and customers, but the cart has a hundred
    products at most and one buyer."""
    if not promotions:
        return _Targets({})
    rows = PromotionTarget.objects.filter(
        Q(product_id__in=[*sold]) | Q(product__isnull=True),
        Q(customer=buyer.customer) | Q(customer__isnull=True),
        promotion_id__in=[one.pk for one in promotions],
    )
    by_promotion: dict[int, list[PromotionTarget]] = {}
    for row in rows.order_by("id"):
        by_promotion.setdefault(row.promotion_id, []).append(row)
    if any(row.category_id for targets in by_promotion.values() for row in targets):
        return _Targets(by_promotion, _categories(sold))
    return _Targets(by_promotion)


def _categories(sold: Mapping[int, BasketLine]) -> dict[int, Collection[int]]:
    """The category of each product and all above it. No query unless a tree is deeper than a product tells."""
    if all(line.is_path_whole for line in sold.values()):
        return {pk: line.category_path for pk, line in sold.items()}
    parents = dict(Category.objects.order_by().values_list("pk", "parent_id"))
    found: dict[int, Collection[int]] = {}
    for pk, line in sold.items():
        path: list[int] = []
        category_id = line.product.category_id
        while category_id is not None and category_id not in path:
            path.append(category_id)
            category_id = parents.get(category_id)
        found[pk] = path
    return found


def _is_for(target: PromotionTarget, buyer: Buyer) -> bool:
    if target.price_list_id is not None:
        return target.price_list_id == buyer.price_list_id
    if buyer.customer is None:
        return False
    if target.customer_kind:
        return _same_word(target.customer_kind, buyer.customer.sub_type)
    return target.customer_id is not None and target.customer_id == buyer.customer.pk


def _same_word(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _units(lines: frozenset[str] | None, quantities: Mapping[int, int]) -> int:
    return sum(count for pk, count in quantities.items() if lines is None or line_key(pk) in lines)


def counting_of(promotion: Promotion, lines: frozenset[str] | None) -> Counting:
    """The promotion as it is added up, about these lines (None: the order as a whole)."""
    return Counting(
        id=promotion.pk,
        kind=Kind(promotion.kind),
        value=promotion.value,
        code=promotion.code,
        lines=lines,
        minimum=promotion.minimum,
        most=promotion.most,
        buy=promotion.buy,
        get=promotion.get,
        priority=promotion.priority,
        is_exclusive=promotion.is_exclusive,
    )
