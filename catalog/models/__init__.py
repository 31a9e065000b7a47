"""Tables of the catalogue: what is sold, where it lies, what it costs, how fresh it is."""

from catalog.models.categories import Category
from catalog.models.freshness import Freshness
from catalog.models.images import FailedImage, ProductImage
from catalog.models.item_groups import ItemGroup, ItemGroupAttribute, ItemGroupOption
from catalog.models.price_lists import EffectivePrice, PriceList, PriceListItem
from catalog.models.products import Product
from catalog.models.search import SearchSynonym, SearchWord
from catalog.models.stock import StockLedgerEntry, StockLevel
from catalog.models.tallies import CategoryTally
from catalog.models.warehouses import Warehouse
from catalog.models.watching import BackInStock, LowStock, PriceChange

__all__ = [
    "BackInStock",
    "Category",
    "CategoryTally",
    "EffectivePrice",
    "FailedImage",
    "Freshness",
    "ItemGroup",
    "ItemGroupAttribute",
    "ItemGroupOption",
    "LowStock",
    "PriceChange",
    "PriceList",
    "PriceListItem",
    "Product",
    "ProductImage",
    "SearchSynonym",
    "SearchWord",
    "StockLedgerEntry",
    "StockLevel",
    "Warehouse",
]
