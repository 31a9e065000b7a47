"""Product cards: what a list shows of a product, for one caller. Four queries, however many products.

A product that is not shown to customers, or that no price list of the caller's sells, has no card.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, cast

from django.db.models import OuterRef, Subquery
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from catalog.models import Product, ProductImage
from catalog.models.picture_field import PictureFile
from catalog.models.products import ProductQuerySet
from catalog.offers import Offer, available, offers_of
from commerce.models import AppOrderLine
from mobile_bff.callers import Caller
from mobile_bff.carts import lines_of
from mobile_bff.money import money, money_or_none

Card = dict[str, Any]

FIELDS = (
    "id",
    "sku",
    "name",
    "brand",
    "image",
    "price",
    "compare_at",
    "discount_percent",
    "stock",
    "rating",
    "badges",
    "in_cart_qty",
    "min_qty",
    "step",
)
BOTH_NAMES = ("name_ar", "name_en")
KNOWN_FIELDS = (*FIELDS, *BOTH_NAMES)

# Days before today: what time alone changes, changes at midnight, and the date is part of every ETag.
FALLEN_WITHIN = timedelta(days=30)  # a price that fell is shown beside the new one for so long
NEW_WITHIN = timedelta(days=30)
FIRST_LOAD = timedelta(days=1)  # what came with the first products is not new
BEST_RANK = 50
# What cards need of the product's own columns; what follows lives in other tables.
COLUMNS = (
    "pk",
    "sku",
    "name",
    "name_ar",
    "name_en",
    "brand",
    "kind",
    "track_inventory",
    "created_at",
    "accounting_for_sale",
    "accounting_available",
    "accounting_on_hand",
    "physical_for_sale",
    "physical_on_hand",
    "rating__count",
    "rating__average",
    "sales_rank__rank",
)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Everything that the cards of some products are made of."""

    caller: Caller
    products: Mapping[int, Product]
    images: Mapping[int, Sequence[ProductImage]]
    offers: Mapping[int, Sequence[Offer]]
    held: Mapping[int, Decimal]
    at: datetime

    def sells(self, product_id: int) -> bool:
        return product_id in self.products and product_id in self.offers

    def card(self, product_id: int, fields: Collection[str] | None = None) -> Card:
        """The card of a product that it `sells`; of `fields` (of `KNOWN_FIELDS`) only, if there are any."""
        product, offer = self.products[product_id], self.offers[product_id][0]
        was, currency = offer.was, offer.unit.currency
        percent = discount_percent(was, offer.unit.price)
        card: Card = {
            "id": str(product.pk),
            "sku": product.sku or None,
            "name": product_name(product, self.caller.language),
            "brand": product.brand or None,
            "image": self.image(product_id),
            "price": money(offer.unit.price, currency),
            "compare_at": money_or_none(was if percent else None, currency),
            "discount_percent": percent,
            "stock": self.stock(product),
            "rating": _rating(product),
            "badges": list(self._badges(product, is_cheaper=percent is not None)),
            "in_cart_qty": getattr(product, "in_cart", None) or 0,
            "min_qty": 1,
            "step": 1,
        }
        if fields is None and not self.caller.is_staff:
            return card
        card |= {"name_ar": product.name_ar or None, "name_en": product.name_en or product.name}
        return card if fields is None else {name: card[name] for name in KNOWN_FIELDS if name in {"id", *fields}}

    def image(self, product_id: int) -> dict[str, Any] | None:
        """The main image, or the first one."""
        return next((product_image(row) for row in self.images.get(product_id, ())), None)

    def stock(self, product: Product) -> dict[str, Any]:
        """What can be sold of it now: Zoho's figure less what our unsent orders hold, in whole units.

        `available` is None where no stock is kept; `capped`: there is more than the caller is told.
        """
        stated = available(product, self.caller.clock)
        if stated is None:
            return {"status": "in_stock", "available": None, "capped": False}
        left = max(int(stated - self.held.get(product.pk, Decimal(0))), 0)
        cap = self.caller.stock_cap
        low = self.caller.settings.low_stock_threshold
        status = "out" if left == 0 else "low" if left <= low else "in_stock"
        return {"status": status, "available": left if cap is None else min(left, cap), "capped": _is_more(left, cap)}

    def _badges(self, product: Product, *, is_cheaper: bool) -> Iterable[str]:
        first: datetime | None = getattr(product, "first_product_at", None)
        is_young = product.created_at >= days_before(self.at, NEW_WITHIN)
        if is_young and first is not None and product.created_at - first > FIRST_LOAD:
            yield "new"
        rank = getattr(product, "sales_rank", None)
        if rank is not None and rank.rank <= BEST_RANK:
            yield "best_seller"
        if is_cheaper:
            yield "sale"


def cards(product_ids: Iterable[int], caller: Caller, *, fields: Collection[str] | None = None) -> list[Card]:
    """The cards of these products, in this order; who has none is left out. Four queries."""
    wanted = list(dict.fromkeys(product_ids))
    shelf = read_shelf(wanted, caller)
    return [shelf.card(pk, fields) for pk in wanted if shelf.sells(pk)]


def read_shelf(product_ids: Collection[int], caller: Caller, *, known: Iterable[Product] = ()) -> Shelf:
    """What the cards of these products are made of. Four queries; none for no product.

    `known` are products that the caller may see and that `card_columns` has read already.
    """
    at = timezone.now()
    products = {row.pk: row for row in known}
    unread = [pk for pk in product_ids if pk not in products]
    if unread:
        rows = card_columns(Product.objects.shown().filter(pk__in=unread), caller).only(*COLUMNS).order_by()
        products |= {row.pk: row for row in rows}
    if not products:
        return Shelf(caller=caller, products={}, images={}, offers={}, held={}, at=at)
    return Shelf(
        caller=caller,
        products=products,
        images=product_images(products),
        offers=offers_of(products, caller.price_list_ids, fallen_since=days_before(at, FALLEN_WITHIN)),
        held=AppOrderLine.objects.held(products),
        at=at,
    )


def card_columns(products: ProductQuerySet, caller: Caller) -> ProductQuerySet:
    """With what a card needs beside the product's own columns."""
    first = Product.objects.order_by("pk").values("created_at")[:1]
    rows = products.select_related("rating", "sales_rank").annotate(first_product_at=Subquery(first))
    if (lines := lines_of(caller)) is not None:
        rows = rows.annotate(in_cart=Subquery(lines.filter(product=OuterRef("pk")).values("quantity")[:1]))
    return rows


def product_images(product_ids: Collection[int]) -> dict[int, list[ProductImage]]:
    """The images of each product, the main one first. One query."""
    found: dict[int, list[ProductImage]] = {}
    rows = ProductImage.objects.filter(product_id__in=[*product_ids]).exclude(image="")
    for row in rows.order_by("product_id", "-is_primary", "position", "pk"):
        found.setdefault(row.product_id, []).append(row)
    return found


def product_name(product: Product, language: str) -> str:
    """Its name in this language, or in the other one."""
    english = product.name_en or product.name
    return (product.name_ar or product.name) if language.startswith("ar") else english


def product_image(row: ProductImage) -> dict[str, Any] | None:
    return picture(row.image, alt=row.alt_text, width=row.width, height=row.height)


def picture(
    file: FieldFile, *, alt: str = "", width: int | None = None, height: int | None = None
) -> dict[str, Any] | None:
    """The sizes of a picture as references to resolve against the API's address; width and height of the full size."""
    if not file:
        return None
    addresses = {size: cast(PictureFile, file).address(size) for size in ("thumb", "card", "full")}
    return {**addresses, "width": width, "height": height, "alt": alt}


def days_before(at: datetime, days: timedelta) -> datetime:
    """The midnight here with which so many days before today began."""
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) - days


def discount_percent(was: Decimal | None, now: Decimal) -> int | None:
    """By how many whole percent it fell, never more than it really did; None for less than one."""
    if was is None or was <= now:
        return None
    return int(((was - now) * 100 / was).to_integral_value(ROUND_DOWN)) or None


def _rating(product: Product) -> dict[str, Any]:
    rating = getattr(product, "rating", None)
    if rating is None or not rating.count:
        return {"average": None, "count": 0}
    return {"average": f"{rating.average:.1f}", "count": rating.count}


def _is_more(left: int, cap: int | None) -> bool:
    return cap is not None and left > cap
