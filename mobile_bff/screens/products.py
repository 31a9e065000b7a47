"""One product, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view

from catalog.choices import Subject
from catalog.models import Product, StockLevel
from catalog.models.products import FOR_SALE, IS_SHOWN
from commerce.models import Review
from commerce.models.reviews import STARS
from mobile_bff.advertising import advertised
from mobile_bff.callers import Caller, Role
from mobile_bff.cards import COLUMNS, KNOWN_FIELDS, Card, Shelf, card_columns, cards, product_image, read_shelf
from mobile_bff.catalogue_shapes import CUSTOMER, FIELDS, TAGS, ProductAnswerShape, RelatedShape
from mobile_bff.category_tree import category_path, read_tree
from mobile_bff.errors import Refused
from mobile_bff.money import moment, money, quantity
from mobile_bff.parameters import number_of, words_of
from mobile_bff.reviewing import review_card
from mobile_bff.screens.caching import CARD_SUBJECTS, WithCards
from mobile_bff.screens.view import Screen
from mobile_bff.shelves import Keys, bought_together, read_shelves, same_brand, same_category

EXTRAS = ("reviews", "related")
DETAILS = (
    "description",
    "unit",
    "category",
    "images",
    "attributes",
    "variants",
    "price_tiers",
    "promotions",
    "warranty_months",
    "share_url",
)
BOTH_DESCRIPTIONS = ("description_ar", "description_en")
PRODUCT_FIELDS = (*KNOWN_FIELDS, *DETAILS, *BOTH_DESCRIPTIONS)
MORE_COLUMNS = (
    *("description", "description_ar", "unit", "category", "item_group", "options", "custom_fields"),
    *(f"rating__stars_{stars}" for stars in STARS),
)
LATEST_REVIEWS = 3
MOST_VARIANTS = 100
RELATED, MOST_RELATED = 10, 20
WARRANTY = ("cf_warranty_months", "cf_warranty")
SEES_WAREHOUSES = frozenset({Role.WHOLESALE, Role.SALESPERSON, Role.STAFF})


@extend_schema_view(
    get=extend_schema(
        operation_id="mobile_product",
        tags=TAGS,
        parameters=[
            OpenApiParameter("fields", str, description=f"Only these, between commas: {', '.join(PRODUCT_FIELDS)}."),
            OpenApiParameter("include", str, description="`related` adds what goes with it; reviews always come."),
            CUSTOMER,
        ],
        responses=ProductAnswerShape,
    )
)
class ProductScreen(WithCards, Screen):
    """`GET products/{id}`: 404 for what is unknown or in none of the caller's price lists, 410 for what is hidden."""

    subjects = (*CARD_SUBJECTS, Subject.CATEGORIES, Subject.ITEM_GROUPS, Subject.WAREHOUSES, Subject.PROMOTIONS)
    parameters = ("fields", "include", "customer_id")

    def content(self, *, product_id: int) -> dict[str, Any]:
        fields = words_of(self.request, "fields", PRODUCT_FIELDS)
        extras = words_of(self.request, "include", EXTRAS) or frozenset()
        caller = self.caller
        family = _family(product_id, caller)
        product = _shown(product_id, family)
        candidates = _related_keys(product, caller, RELATED) if "related" in extras else []
        shelf = read_shelf(candidates, caller, known=[row for row in family if row.is_shown])  # type: ignore[attr-defined]
        if not shelf.sells(product_id):
            raise Refused("not_found")
        answer: dict[str, Any] = {
            "product": self._details(product, family, shelf, fields),
            "reviews": self._reviews(product),
        }
        if "related" in extras:
            answer["related"] = [shelf.card(pk) for pk in candidates if shelf.sells(pk)]
        return answer

    def _details(
        self, product: Product, family: Sequence[Product], shelf: Shelf, fields: frozenset[str] | None
    ) -> dict[str, Any]:
        caller, offer = self.caller, shelf.offers[product.pk][0]
        variants = [row for row in family if row.pk != product.pk and shelf.sells(row.pk)]
        images = [*shelf.images.get(product.pk, ())]
        places = {row.pk: place for place, row in enumerate(images)}
        for row in variants:
            for image in shelf.images.get(row.pk, ())[:1]:
                places[image.pk] = len(images)
                images.append(image)
        tree = read_tree(caller, self.standing)
        english = product.description
        told: Card = {
            **shelf.card(product.pk),
            "description": (product.description_ar or english) if caller.language.startswith("ar") else english,
            "unit": product.unit or None,
            "category": _category(product, tree, caller),
            "images": [product_image(image) for image in images],
            "attributes": [{"name": name, "value": value} for name, value in options_of(product).items()],
            "variants": [_variant(row, shelf, places) for row in variants],
            "price_tiers": [
                {"min_qty": quantity(tier.least), "price": money(tier.price, offer.unit.currency)}
                for tier in offer.tiers()
            ],
            "promotions": [
                one.mention()
                for one in advertised(caller, self.standing, product=product)
                if one.is_about(product, tree)
            ],
            "warranty_months": warranty_months(product),
            "share_url": None,
        }
        told["stock"] |= {"as_of": moment(self.standing.confirmed_at)}
        if caller.role in SEES_WAREHOUSES:
            told["stock"]["warehouses"] = _warehouses(product, caller)
        if fields is None:
            return told
        told |= {"name_ar": product.name_ar or None, "name_en": product.name_en or product.name}
        told |= {"description_ar": product.description_ar or None, "description_en": english or None}
        return {name: told[name] for name in PRODUCT_FIELDS if name in {"id", *fields}}

    def _reviews(self, product: Product) -> dict[str, Any]:
        """The rating, and the latest reviews that a moderator approved."""
        rating = getattr(product, "rating", None)
        if rating is None or not rating.count:
            return {"average": None, "count": 0, "histogram": {str(stars): 0 for stars in (5, 4, 3, 2, 1)}, "items": []}
        latest = Review.objects.approved().filter(product=product).select_related("customer")
        return {
            "average": f"{rating.average:.1f}",
            "count": rating.count,
            "histogram": {str(stars): count for stars, count in rating.histogram.items()},
            "items": [review_card(row) for row in latest.order_by("-written_at", "-pk")[:LATEST_REVIEWS]],
        }


@extend_schema_view(
    get=extend_schema(
        operation_id="mobile_related_products",
        tags=TAGS,
        parameters=[OpenApiParameter("limit", int, description="10, at most 20."), FIELDS, CUSTOMER],
        responses=RelatedShape,
    )
)
class RelatedProducts(WithCards, Screen):
    """`GET products/{id}/related`: what is bought with it, else of its category, else of its brand; all in stock."""

    subjects = CARD_SUBJECTS
    parameters = ("limit", "fields", "customer_id")
    strategies: ClassVar[tuple[str, ...]] = ("bought_together", "same_category", "same_brand")

    def content(self, *, product_id: int) -> dict[str, Any]:
        limit = number_of(self.request, "limit", default=RELATED, most=MOST_RELATED)
        fields = words_of(self.request, "fields", KNOWN_FIELDS)
        sold = Exists(Product.objects.filter(pk=OuterRef("pk")).priced_in(self.caller.price_list_ids))
        rows = Product.objects.filter(pk=product_id).annotate(is_shown=_IS_SHOWN, is_sold=sold)
        product = _shown(product_id, rows.only("category", "brand"))
        if not product.is_sold:  # type: ignore[attr-defined]
            raise Refused("not_found")
        shelves = read_shelves(_chain(product, self.caller, limit))
        keys = list(dict.fromkeys(key for found in shelves.values() for key in found))[:limit]
        strategy = next((name for name, found in shelves.items() if found), self.strategies[-1])
        return {"strategy": strategy, "items": cards(keys, self.caller, fields=fields)}


_IS_SHOWN = ExpressionWrapper(IS_SHOWN, output_field=BooleanField())


def options_of(product: Product) -> dict[str, str]:
    """Which variant of its group it is: {"Colour": "Black"}."""
    return {row["attribute"]: row["option"] for row in product.options if row.get("attribute") and row.get("option")}


def warranty_months(product: Product) -> int | None:
    """As a custom field in Zoho says it, in whole months; None when it says nothing."""
    for row in product.custom_fields:
        text = str(row.get("value", "")).strip()
        if row.get("api_name") in WARRANTY and text.isascii() and text.isdigit() and len(text) <= 3:
            return int(text)
    return None


def _family(product_id: int, caller: Caller) -> list[Product]:
    """The product, whatever became of it, and the other variants of its group. One query."""
    # One group at most: said like this, both sides of the OR are looked up in an index.
    group = Product.objects.filter(pk=product_id, item_group__isnull=False).values("item_group")[:1]
    rows = Product.objects.filter(Q(pk=product_id) | Q(item_group=Subquery(group)))
    rows = card_columns(rows, caller).annotate(is_shown=_IS_SHOWN).only(*COLUMNS, *MORE_COLUMNS)
    found = list(rows.order_by("name", "pk")[:MOST_VARIANTS])
    return found if any(row.pk == product_id for row in found) else list(rows.filter(pk=product_id))


def _shown(product_id: int, family: Iterable[Product]) -> Product:
    product = next((row for row in family if row.pk == product_id), None)
    if product is None:
        raise Refused("not_found")
    if not product.is_shown:  # type: ignore[attr-defined]
        raise Refused("gone")
    return product


def _chain(product: Product, caller: Caller, limit: int) -> Mapping[str, Keys | None]:
    """Where related products are looked for, the best place first."""
    return {
        "bought_together": bought_together(product, caller, limit),
        "same_category": same_category(product, caller, limit),
        "same_brand": same_brand(product, caller, limit),
    }


def _related_keys(product: Product, caller: Caller, limit: int) -> list[int]:
    found = read_shelves(_chain(product, caller, limit))
    return list(dict.fromkeys(key for keys in found.values() for key in keys))[:limit]


def _category(product: Product, tree: Any, caller: Caller) -> dict[str, Any] | None:
    path = category_path(tree, product.category_id, caller.language)
    return {**path[-1], "path": path} if path and product.category_id else None


def _variant(row: Product, shelf: Shelf, places: Mapping[int, int]) -> dict[str, Any]:
    card = shelf.card(row.pk)
    image = next(iter(shelf.images.get(row.pk, ())), None)
    return {
        **{name: card[name] for name in ("id", "sku", "name")},
        "options": options_of(row),
        **{name: card[name] for name in ("price", "compare_at", "stock")},
        "image_index": places.get(image.pk) if image else None,
    }


def _warehouses(product: Product, caller: Caller) -> list[dict[str, Any]]:
    """What can be sold of it where, by the clock of the shop; what is unknown there is not told."""
    rows = StockLevel.objects.filter(product=product, warehouse__retired_at__isnull=True, warehouse__is_active=True)
    told = []
    for row in rows.select_related("warehouse").order_by("warehouse__name", "warehouse_id"):
        stated = next((figure for name in FOR_SALE[caller.clock] if (figure := getattr(row, name)) is not None), None)
        if stated is not None:
            told.append({"id": str(row.warehouse_id), "name": str(row.warehouse), "available": max(int(stated), 0)})
    return told
