"""Admin pages of the catalogue."""

from catalog.admin import (
    finding,
    images,
    menu,
    price_list_panels,
    prices,
    product_panels,
    products,
    search,
    stock,
    structure,
    tiles,
    warehouse_panels,
    watching,
)

__all__ = [
    "finding",
    "images",
    "menu",
    "price_list_panels",
    "prices",
    "product_panels",
    "products",
    "search",
    "stock",
    "structure",
    "tiles",
    "warehouse_panels",
    "watching",
]
