"""What a promotion does to the prices of a few products: so that staff see it before customers do. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.db.models import F, Q

from catalog.models import Category, PriceList, Product
from catalog.models.products import ProductQuerySet
from catalog.offers import UnitPrice, unit_prices
from commerce.baskets import money_of
from commerce.choices import PromotionKind
from commerce.eligibility import counting_of, line_key
from commerce.models import AppSettings, DeliveryMethod, Promotion, PromotionTarget
from commerce.models.carts import MOST_QUANTITY
from commerce.models.promotions import ITEM_TARGETS, names_target
from commerce.price_lists import price_lists_of
from commerce.totals import Cart, Line, Refusal, Shipping, calculate

ZERO = Decimal(0)
FEW = 5


@dataclass(frozen=True, kw_only=True)
class Example:
    """So many of a product bought alone. Amounts are in `currency`; `shipping` and its discount are in them too."""

    product: Product
    quantity: int
    unit_price: Decimal
    currency: str
    before: Decimal
    after: Decimal
    refusal: Refusal | None

    @property
    def saved(self) -> Decimal:
        return self.before - self.after


def example_effects(promotion: Promotion, *, most: int = FEW) -> list[Example]:
    """The promotion alone on products that it is about, the best sellers first, at the prices of whom it is for.

    Of each as many are bought as it takes. A window, a code, a limit or a customer keeps it from nothing here.
    Six queries at most, however many products and targets there are.
    """
    targets = list(promotion.targets.filter(_names_items())[: 10 * most])
    keys = [one.pk for one in _price_lists(promotion)]
    products = list(_about(targets).priced_in(keys).order_by(F("sales_rank__rank").asc(nulls_last=True), "pk")[:most])
    prices = unit_prices({one.pk: Decimal(1) for one in products}, keys)
    shipping = _shipping(promotion)
    found = []
    for product in products:
        price = prices.get(product.pk)
        if price is None or promotion.currency not in ("", price.currency):
            continue
        if money_of(price.currency).round(price.price):
            found.append(_example(promotion, product, price, shipping, is_for_items=bool(targets)))
    return found


def _names_items() -> Q:
    condition = Q()
    for name in ITEM_TARGETS:
        condition |= names_target(name)
    return condition


def _price_lists(promotion: Promotion) -> list[PriceList]:
    named = PriceList.objects.filter(pk__in=promotion.targets.filter(price_list__isnull=False).values("price_list"))
    return [*named.order_by("pk")[:1], *price_lists_of(None, AppSettings.objects.current())]


def _about(targets: Sequence[PromotionTarget]) -> ProductQuerySet:
    wanted = Q(pk__in=[one.product_id for one in targets if one.product_id is not None])
    categories = {one.category_id for one in targets if one.category_id is not None}
    if categories:
        wanted |= Q(category__in=_with_all_below(categories))
    for one in targets:
        if one.brand:
            wanted |= Q(brand__iexact=one.brand.strip())
    shown = Product.objects.shown()
    return shown.filter(wanted) if targets else shown


def _with_all_below(categories: set[int]) -> set[int]:
    """One query for the whole tree."""
    parents = list(Category.objects.order_by().values_list("pk", "parent_id"))
    found, grown = set(categories), True
    while grown:
        below = {pk for pk, parent in parents if parent in found} - found
        found, grown = found | below, bool(below)
    return found


def _example(
    promotion: Promotion, product: Product, price: UnitPrice, shipping: Mapping[str, Decimal], *, is_for_items: bool
) -> Example:
    money, key = money_of(price.currency), line_key(product.pk)
    unit = money.round(price.price)
    quantity = _quantity(promotion, unit)
    sent = Shipping(price=shipping.get(price.currency, ZERO))
    lines = [Line(key=key, unit_price=unit, quantity=Decimal(quantity))]
    counting = counting_of(promotion, frozenset([key]) if is_for_items else None)
    before = calculate(Cart(money=money, lines=lines, shipping=sent))
    after = calculate(Cart(money=money, lines=lines, shipping=sent, promotions=[counting]))
    return Example(
        product=product,
        quantity=quantity,
        unit_price=unit,
        currency=price.currency,
        before=before.total,
        after=after.total,
        refusal=after.promotions[0].refusal,
    )


def _quantity(promotion: Promotion, unit: Decimal) -> int:
    """The fewest units that the promotion counts for."""
    needed = int((promotion.minimum / unit).to_integral_value(ROUND_CEILING))
    return min(max(1, promotion.minimum_quantity, promotion.buy + promotion.get, needed), MOST_QUANTITY)


def _shipping(promotion: Promotion) -> dict[str, Decimal]:
    """What delivery costs, by currency, where the promotion is about that."""
    if promotion.kind != PromotionKind.FREE_SHIPPING:
        return {}
    rows = DeliveryMethod.objects.filter(is_active=True, price__gt=0).order_by("-position", "-id")
    return dict(rows.values_list("currency", "price"))
