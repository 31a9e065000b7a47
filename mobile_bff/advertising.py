"""Promotions as the apps advertise them: to whom they apply, and for which products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from catalog.models import Product
from commerce.choices import PromotionKind
from commerce.models import Promotion, PromotionTarget
from commerce.models.promotions import CUSTOMER_TARGETS, ITEM_TARGETS, names_target
from mobile_bff.callers import Caller
from mobile_bff.cards import picture
from mobile_bff.category_tree import CategoryTree
from mobile_bff.money import moment, money
from mobile_bff.standing import Standing

MOST_SHOWN = 20
ON_ITEMS = reduce(or_, (names_target(name) for name in ITEM_TARGETS))
ON_PEOPLE = reduce(or_, (names_target(name) for name in CUSTOMER_TARGETS))


@dataclass(frozen=True)
class Advertised:
    """A promotion that the caller may have, and those of its targets that were read."""

    promotion: Promotion
    targets: Sequence[PromotionTarget]
    is_for_items: bool

    def is_about(self, product: Product, tree: CategoryTree) -> bool:
        if not self.is_for_items:
            return True
        above = {node.id for node in tree.path(product.category_id)}
        return any(
            one.product_id == product.pk
            or one.category_id in above
            or bool(one.brand and one.brand.strip().casefold() == product.brand.strip().casefold())
            for one in self.targets
        )

    def card(self) -> dict[str, Any]:
        """As the home screen shows it. `value` is a percentage, or an amount with its currency."""
        one = self.promotion
        is_amount = one.kind == PromotionKind.FIXED
        return {
            "id": str(one.pk),
            "name": one.name,
            "description": one.description,
            "label": label(one),
            "type": one.kind,
            "value": money(one.value, one.currency)["amount"] if is_amount else _plain(one.value),
            "currency": one.currency or None,
            "code": one.code or None,
            "starts_at": moment(one.starts_at),
            "ends_at": moment(one.ends_at),
            "image": picture(one.image),
        }

    def mention(self) -> dict[str, Any]:
        """As the screen of a product shows it."""
        one = self.promotion
        return {
            "id": str(one.pk),
            "name": one.name,
            "label": label(one),
            "code": one.code or None,
            "ends_at": moment(one.ends_at),
        }


def advertised(caller: Caller, standing: Standing, *, product: Product | None = None) -> list[Advertised]:
    """What is advertised to this caller now, in the order in which it is taken off. Two queries at most.

    Of the targets only those on items are read, and with `product` none on other products: a promotion may name
    thousands of products and of customers.
    """
    on_items, on_people = (
        PromotionTarget.objects.filter(one, promotion=OuterRef("pk")) for one in (ON_ITEMS, ON_PEOPLE)
    )
    running = Promotion.objects.advertised(standing.at).filter(currency__in=["", caller.currency])
    meant = running.filter(~Exists(on_people) | Exists(on_people.filter(_means(caller))))
    rows: list[Any] = list(meant.annotate(is_for_items=Exists(on_items))[:MOST_SHOWN])
    targets = _targets(rows, product) if product and rows else {}
    return [Advertised(one, targets.get(one.pk, ()), one.is_for_items) for one in rows]


def label(promotion: Promotion) -> str:
    """What it gives, in a few words."""
    if promotion.kind == PromotionKind.PERCENTAGE:
        return _("%(percent)s%% off") % {"percent": _plain(promotion.value)}
    if promotion.kind == PromotionKind.FIXED:
        amount = money(promotion.value, promotion.currency)
        return _("%(amount)s %(currency)s off") % amount
    if promotion.kind == PromotionKind.BUY_X_GET_Y:
        return _("Buy %(buy)d, get %(get)d free") % {"buy": promotion.buy, "get": promotion.get}
    return _("Free delivery")


def _targets(promotions: Sequence[Promotion], product: Product) -> Mapping[int, list[PromotionTarget]]:
    """The targets on items that may concern this product."""
    rows = PromotionTarget.objects.filter(ON_ITEMS, promotion_id__in=[one.pk for one in promotions]).order_by("pk")
    rows = rows.filter(Q(product__isnull=True) | Q(product=product))
    found: dict[int, list[PromotionTarget]] = {}
    for row in rows:
        found.setdefault(row.promotion_id, []).append(row)
    return found


def _means(caller: Caller) -> Q:
    """The condition that a target names the caller, as `commerce.eligibility` judges it."""
    customer = caller.customer
    means = Q(price_list__in=caller.price_list_ids[:1])
    if customer is not None:
        means |= Q(customer=customer)
        if kind := customer.sub_type.strip():
            means |= Q(customer_kind__iexact=kind)
    return means


def _plain(amount: Any) -> str:
    return f"{amount.normalize():f}"
