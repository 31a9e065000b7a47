"""The resources of the catalogue. Lists to buy by are for those who may see what things cost to buy."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema

from catalog.api import filters, rows
from catalog.choices import Trade
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
from tsh_erp.rest.resources import Resource

in_schema = extend_schema(tags=["erp: catalogue"])


@in_schema
class Categories(Resource):
    """Categories; `parent` is the key of the one above."""

    queryset = Category.objects.order_by("id")
    serializer_class = rows.ErpCategory
    filterset_class = filters.CategoryFilter


@in_schema
class ItemGroups(Resource):
    """Groups of variants, with what the variants differ in."""

    queryset = ItemGroup.objects.prefetch_related("attributes__options").order_by("id")
    serializer_class = rows.ErpItemGroup
    filterset_class = filters.ItemGroupFilter


@in_schema
class Products(Resource):
    """Products. A single one comes with its images."""

    queryset = Product.objects.defer("search_text", "search_names", "search_codes").order_by("id")
    detail_queryset = Product.objects.prefetch_related("images")
    serializer_class = rows.ErpProduct
    detail_class = rows.ErpProductDetail
    filterset_class = filters.ProductFilter


@in_schema
class Images(Resource):
    """Pictures of products, as references to resolve against the API's address."""

    queryset = ProductImage.objects.order_by("id")
    serializer_class = rows.ErpImage
    filterset_class = filters.ImageFilter


@in_schema
class PriceLists(Resource):
    """Price lists of customers and vendors."""

    queryset = PriceList.objects.order_by("id")
    serializer_class = rows.ErpPriceList
    filterset_class = filters.PriceListFilter
    costly_rows = {"trade": Trade.PURCHASES}


@in_schema
class PriceListItems(Resource):
    """What price lists say about products, as Zoho states it."""

    queryset = PriceListItem.objects.order_by("id")
    serializer_class = rows.ErpPriceListItem
    filterset_class = filters.PriceListItemFilter
    costly_rows = {"price_list__trade": Trade.PURCHASES}


@in_schema
class Prices(Resource):
    """What one unit of a product costs by a price list, worked out beforehand."""

    queryset = EffectivePrice.objects.order_by("id")
    serializer_class = rows.ErpPrice
    filterset_class = filters.PriceFilter
    costly_rows = {"price_list__trade": Trade.PURCHASES}


@in_schema
class PriceChanges(Resource):
    """Prices that became others, the latest first."""

    queryset = PriceChange.objects.order_by("-id")
    serializer_class = rows.ErpPriceChange
    filterset_class = filters.PriceChangeFilter
    costly_rows = {"price_list__trade": Trade.PURCHASES}


@in_schema
class Warehouses(Resource):
    """Warehouses."""

    queryset = Warehouse.objects.order_by("id")
    serializer_class = rows.ErpWarehouse
    filterset_class = filters.WarehouseFilter


@in_schema
class Stock(Resource):
    """The figures of each product in each warehouse, as Zoho last stated them; null is unknown."""

    queryset = StockLevel.objects.order_by("id")
    serializer_class = rows.ErpStockLevel
    filterset_class = filters.StockLevelFilter


@in_schema
class StockLedger(Resource):
    """Movements of stock, the latest first."""

    queryset = StockLedgerEntry.objects.order_by("-id")
    serializer_class = rows.ErpStockLedgerEntry
    filterset_class = filters.StockLedgerFilter


RESOURCES: dict[str, type[Resource]] = {
    "categories": Categories,
    "item-groups": ItemGroups,
    "products": Products,
    "images": Images,
    "price-lists": PriceLists,
    "price-list-items": PriceListItems,
    "prices": Prices,
    "price-changes": PriceChanges,
    "warehouses": Warehouses,
    "stock": Stock,
    "stock-ledger": StockLedger,
}
