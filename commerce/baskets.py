"""What somebody wants, with today's price and stock of each product: the first half of a quote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, IntegerField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from catalog.models import Product
from catalog.offers import UnitPrice, available, unit_prices
from commerce.choices import PriceSource
from commerce.models import AppOrderLine, Customer
from commerce.quotes import Obstacle, Problem, UnknownProducts, Wanted
from commerce.totals import CURRENCIES, Money

ZERO = Decimal(0)
# The categories above a product's own, read with it; Zoho's trees are rarely deeper.
ABOVE = {f"above_{steps}": F(f"category__{'parent__' * (steps - 1)}parent_id") for steps in (1, 2, 3, 4)}


@dataclass(frozen=True, kw_only=True)
class BasketLine:
    """One product of a basket. `price` None: it cannot be sold, and `problems` says why."""

    wanted: Wanted
    product: Product
    price: UnitPrice | None
    source: PriceSource | None
    available: Decimal | None
    problems: tuple[Problem, ...]

    @property
    def category_path(self) -> list[int]:
        """The product's category and those above it, as far as they were read with the product."""
        path = (self.product.category_id, *(getattr(self.product, name) for name in ABOVE))
        return [pk for pk in path if pk is not None]

    @property
    def is_path_whole(self) -> bool:
        return getattr(self.product, [*ABOVE][-1]) is None


def money_of(currency: str) -> Money:
    """How amounts of a currency are rounded; those that we know nothing about have two digits."""
    return CURRENCIES.get(currency) or Money(currency=currency, digits=2)


def read_basket(
    lines: Sequence[Wanted], *, customer: Customer | None, price_list_ids: Sequence[int], currency: str, clock: str
) -> list[BasketLine]:
    """The lines with today's prices and stock, those of one product put together. Two queries.

    `clock` is the `Measure` that stock is counted by. UnknownProducts for products that do not exist.
    """
    wanted = _together(lines)
    products = _read_products([*wanted])
    if missing := [pk for pk in wanted if pk not in products]:
        raise UnknownProducts(missing)
    prices = unit_prices({pk: Decimal(one.quantity) for pk, one in wanted.items()}, price_list_ids)
    own_list = customer.price_list_id if customer is not None else None
    return [
        _line(one, products[pk], prices.get(pk), own_list=own_list, currency=currency, clock=clock)
        for pk, one in wanted.items()
    ]


def stock_left(product: Product, held: int, clock: str) -> Decimal | None:
    """What may still be ordered: what Zoho has for sale less what our orders hold that it does not count yet.

    None where no stock is kept.
    """
    stated = available(product, clock)
    return None if stated is None else max(stated - held, ZERO)


def is_sold(product: Product) -> bool:
    """What `Product.objects.shown` says of one product."""
    return (
        product.retired_at is None
        and product.is_active
        and not product.is_hidden
        and product.can_be_sold is not False
        and product.kind != "purchases"
    )


def _together(lines: Sequence[Wanted]) -> dict[int, Wanted]:
    """One line for each product, in the order they first came; the first one's known price stands."""
    found: dict[int, Wanted] = {}
    for one in lines:
        first = found.get(one.product_id)
        if first is None:
            found[one.product_id] = one
        else:
            found[one.product_id] = Wanted(
                product_id=one.product_id,
                quantity=first.quantity + one.quantity,
                item_id=first.item_id,
                known_price=first.known_price,
                known_currency=first.known_currency,
            )
    return found


def _read_products(product_ids: Sequence[int]) -> Mapping[int, Product]:
    """With `held`, what our orders hold of each. One query."""
    held = (
        AppOrderLine.objects.filter(product=OuterRef("pk"), is_holding=True)
        .order_by()
        .values("product")
        .annotate(sum=Sum("quantity"))
        .values("sum")
    )
    rows = Product.objects.filter(pk__in=product_ids).annotate(
        held=Coalesce(Subquery(held, output_field=IntegerField()), Value(0)), **ABOVE
    )
    return {row.pk: row for row in rows}


def _line(
    wanted: Wanted, product: Product, price: UnitPrice | None, *, own_list: int | None, currency: str, clock: str
) -> BasketLine:
    left = stock_left(product, product.held, clock)  # type: ignore[attr-defined]
    rounded = money_of(currency).round(price.price) if price is not None else ZERO
    problems = tuple(_problems(wanted, product, price, rounded, left=left, currency=currency))
    if price is None or any(one.code in UNSOLD for one in problems):
        return BasketLine(wanted=wanted, product=product, price=None, source=None, available=left, problems=problems)
    price = UnitPrice(price=rounded, currency=price.currency, price_list_id=price.price_list_id)
    source = PriceSource.PRICE_LIST if price.price_list_id == own_list else PriceSource.CONSUMER_LIST
    return BasketLine(wanted=wanted, product=product, price=price, source=source, available=left, problems=problems)


UNSOLD = frozenset({Obstacle.UNAVAILABLE, Obstacle.NO_PRICE, Obstacle.WRONG_CURRENCY})


def _problems(
    wanted: Wanted, product: Product, price: UnitPrice | None, rounded: Decimal, *, left: Decimal | None, currency: str
) -> Iterator[Problem]:
    """What is the matter: either it cannot be sold at all, or perhaps not so many, or at another price than known."""

    def problem(code: Obstacle, **details: object) -> Problem:
        return Problem(code=code, product_id=product.pk, item_id=wanted.item_id, details=details)

    if not is_sold(product):
        yield problem(Obstacle.UNAVAILABLE)
    elif price is None or not rounded:
        yield problem(Obstacle.NO_PRICE)
    elif price.currency != currency:
        yield problem(Obstacle.WRONG_CURRENCY, currency=price.currency)
    else:
        if left is not None and wanted.quantity > left:
            yield problem(Obstacle.INSUFFICIENT_STOCK, available=int(left))
        known = (wanted.known_price, wanted.known_currency)
        if wanted.known_price is not None and known != (rounded, currency):
            yield problem(
                Obstacle.PRICE_CHANGED,
                old_price=wanted.known_price,
                old_currency=wanted.known_currency,
                new_price=rounded,
                currency=currency,
            )
