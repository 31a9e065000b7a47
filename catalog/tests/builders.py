"""Short ways to say what Zoho states."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from catalog.models import Product
from catalog.services.products import save_products
from catalog.values import (
    PriceListItemValues,
    PriceListValues,
    ProductValues,
    StockFigures,
    WarehouseStock,
)

NOON = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def product_values(zoho_id: str = "1", **values: Any) -> ProductValues:
    return ProductValues(**{"zoho_id": zoho_id, "name": f"Product {zoho_id}", **values})


def saved_product(zoho_id: str = "1", **values: Any) -> Product:
    save_products([product_values(zoho_id, **values)], at=NOON)
    return Product.objects.get(zoho_id=zoho_id)


def place(warehouse: str, on_hand: str | None = None, physical: str | None = None, name: str = "") -> WarehouseStock:
    figures = StockFigures(accounting_on_hand=decimal(on_hand), physical_on_hand=decimal(physical))
    return WarehouseStock(warehouse_zoho_id=warehouse, warehouse_name=name, figures=figures)


def price_list(zoho_id: str = "9", **values: Any) -> PriceListValues:
    return PriceListValues(**{"zoho_id": zoho_id, "name": f"List {zoho_id}", "kind": "per_item", **values})


def price_item(product: str, rate: str | None = None, **values: Any) -> PriceListItemValues:
    return PriceListItemValues(product_zoho_id=product, rate=decimal(rate), **values)


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
