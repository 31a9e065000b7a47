"""What the lists of the catalogue can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from catalog.models import (
    Category,
    EffectivePrice,
    ItemGroup,
    PriceChange,
    PriceList,
    PriceListItem,
    Product,
    ProductImage,
    StockLedgerEntry,
    StockLevel,
    Warehouse,
)
from catalog.models.products import ProductQuerySet
from tsh_erp.rest.filters import KeyFilter, KeysFilter, MirroredFilter, ResourceFilter

LONGEST_TYPED = 80
SINCE = ["gte", "lt"]
OF_PRODUCTS = "keys of products between commas, at most 200"


class CategoryFilter(MirroredFilter):
    top = django_filters.BooleanFilter(field_name="parent", lookup_expr="isnull", help_text="without a parent, or not")

    class Meta(MirroredFilter.Meta):
        model = Category
        fields = ("parent", "is_active")


class ItemGroupFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = ItemGroup
        fields = ("is_active", "brand")


class ProductFilter(MirroredFilter):
    q = django_filters.CharFilter(method="typed", max_length=LONGEST_TYPED, help_text="as in the search of the admin")

    class Meta(MirroredFilter.Meta):
        model = Product
        fields = {
            **{name: ["exact"] for name in ("category", "item_group", "brand", "sku", "kind")},
            **{name: ["exact"] for name in ("is_active", "is_hidden", "is_featured")},
            "updated_at": SINCE,
        }

    def typed(self, rows: ProductQuerySet, name: str, value: str) -> ProductQuerySet:
        return rows.found_by(value)


class ImageFilter(ResourceFilter):
    product = KeysFilter(help_text=OF_PRODUCTS)

    class Meta(ResourceFilter.Meta):
        model = ProductImage
        fields = ("is_primary",)


class PriceListFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = PriceList
        fields = ("is_active", "currency", "trade", "kind")


class PriceListItemFilter(ResourceFilter):
    product = KeysFilter(help_text=OF_PRODUCTS)

    class Meta(ResourceFilter.Meta):
        model = PriceListItem
        fields = ("price_list",)


class PriceFilter(ResourceFilter):
    product = KeysFilter(help_text=OF_PRODUCTS)

    class Meta(ResourceFilter.Meta):
        model = EffectivePrice
        fields = ("price_list", "currency")


class PriceChangeFilter(ResourceFilter):
    product = KeyFilter()

    class Meta(ResourceFilter.Meta):
        model = PriceChange
        fields = {"price_list": ["exact"], "at": SINCE}


class WarehouseFilter(MirroredFilter):
    class Meta(MirroredFilter.Meta):
        model = Warehouse
        fields = ("is_active", "is_primary")


class StockLevelFilter(ResourceFilter):
    product = KeysFilter(help_text=OF_PRODUCTS)

    class Meta(ResourceFilter.Meta):
        model = StockLevel
        fields = ("warehouse",)


class StockLedgerFilter(ResourceFilter):
    """The ledger grows for ever: it is narrowed by what has an index. Given a time, it comes in the order of time."""

    since = django_filters.IsoDateTimeFilter(method="from_time")
    until = django_filters.IsoDateTimeFilter(method="before_time")

    class Meta(ResourceFilter.Meta):
        model = StockLedgerEntry
        fields = ("product", "warehouse")

    def from_time(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(occurred_at__gte=value).order_by("-occurred_at", "-id")

    def before_time(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.filter(occurred_at__lt=value).order_by("-occurred_at", "-id")
