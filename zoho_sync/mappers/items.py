"""Zoho items → products."""

from __future__ import annotations

from decimal import Decimal

from catalog.choices import ProductKind, ProductType
from catalog.values import ProductValues, StockFigures, WarehouseStock
from zoho_sync.mappers.custom_fields import read_custom_fields
from zoho_sync.mappers.record import Record

ROOT_CATEGORY = "-1"
STATUSES = {"active": True, "inactive": False}
KINDS: dict[str, str] = {
    "inventory": ProductKind.INVENTORY,
    "non_inventory": ProductKind.NON_INVENTORY,
    "noninventory": ProductKind.NON_INVENTORY,
    "sales": ProductKind.SALES,
    "purchases": ProductKind.PURCHASES,
    "sales_and_purchases": ProductKind.SALES_AND_PURCHASES,
    "service": ProductKind.SERVICE,
}
PRODUCT_TYPES: dict[str, str] = {
    "goods": ProductType.GOODS,
    "service": ProductType.SERVICE,
    "services": ProductType.SERVICE,
    "digital_service": ProductType.DIGITAL_SERVICE,
}
# Plain names are accounting stock, `actual_` names physical stock; `actual_available` is what lies there.
FIGURES = {
    "accounting_on_hand": "stock_on_hand",
    "accounting_available": "available_stock",
    "accounting_committed": "committed_stock",
    "accounting_for_sale": "available_for_sale_stock",
    "physical_on_hand": "actual_available_stock",
    "physical_committed": "actual_committed_stock",
    "physical_for_sale": "actual_available_for_sale_stock",
}
DESCRIPTION_LIMIT = 100_000
OPTIONS = (1, 2, 3)
OPTION_KEYS = {
    number: {
        "attribute_zoho_id": f"attribute_id{number}",
        "attribute": f"attribute_name{number}",
        "option_zoho_id": f"attribute_option_id{number}",
        "option": f"attribute_option_name{number}",
    }
    for number in OPTIONS
}


def map_item(record: Record) -> ProductValues:
    """Zoho item → product. Pure. `rate` and `purchase_rate` are in the organisation's base currency, which items rarely
    name; "" and absent mean unknown, 0.0 is a stated 0. Stock in all places is the plain and `actual_` figures of
    the item, stock per place its `locations` (or legacy `warehouses`), None when the payload has no places.
    """
    category = record.identifier("category_id", "")
    return ProductValues(
        zoho_id=record.identifier("item_id"),
        name=record.text("name", limit=500),
        description=record.text("description", "", limit=DESCRIPTION_LIMIT),
        purchase_description=record.text("purchase_description", "", limit=DESCRIPTION_LIMIT),
        sku=record.text("sku", None, limit=200),
        upc=record.text("upc", "", limit=100),
        ean=record.text("ean", "", limit=100),
        isbn=record.text("isbn", "", limit=100),
        part_number=record.text("part_number", "", limit=200),
        brand=record.text("brand", "", limit=200),
        manufacturer=record.text("manufacturer", "", limit=200),
        unit=record.text("unit", "", limit=100),
        kind=record.choice("item_type", KINDS, ""),
        product_type=record.choice("product_type", PRODUCT_TYPES, ""),
        base_price=record.money("rate"),
        base_cost=record.money("purchase_rate"),
        currency=record.text("currency_code", "", limit=10),
        tax_zoho_id=record.identifier("tax_id", ""),
        tax_name=record.text("tax_name", "", limit=200),
        tax_percentage=record.rate("tax_percentage"),
        is_active=record.choice("status", STATUSES, True),
        can_be_sold=record.boolean("can_be_sold"),
        can_be_purchased=record.boolean("can_be_purchased"),
        track_inventory=record.boolean("track_inventory"),
        is_combo=record.boolean("is_combo_product"),
        reorder_level=record.quantity("reorder_level"),
        category_zoho_id="" if category == ROOT_CATEGORY else category,
        category_name=record.text("category_name", "", limit=500) if category != ROOT_CATEGORY else "",
        item_group_zoho_id=record.identifier("group_id", ""),
        item_group_name=record.text("group_name", "", limit=500),
        vendor_zoho_id=record.identifier("vendor_id", ""),
        vendor_name=record.text("vendor_name", "", limit=500),
        options=[option for number in OPTIONS if (option := _option(record, number))],
        custom_fields=read_custom_fields(record),
        image_name=record.text("image_name", "", limit=300),
        image_document_id=record.identifier("image_document_id", ""),
        totals=_figures(record, ""),
        stock=_stock(record),
    )


def read_totals(record: Record) -> dict[str, Decimal | None]:
    """The stock in all places, by our names, as far as the record states it: "" is unknown, an absent key is not here.

    MappingError when a figure is no number.
    """
    return {name: record.quantity(key) for name, key in FIGURES.items() if key in record}


def _figures(record: Record, prefix: str) -> StockFigures:
    return StockFigures(**{name: record.quantity(f"{prefix}{key}") for name, key in FIGURES.items()})


def _stock(record: Record) -> tuple[WarehouseStock, ...] | None:
    """Stock per place; a place is named once, the last word wins."""
    for key, prefix in (("locations", "location_"), ("warehouses", "warehouse_")):
        if record.has(key):
            places = {
                place.identifier(f"{prefix}id"): WarehouseStock(
                    warehouse_zoho_id=place.identifier(f"{prefix}id"),
                    warehouse_name=place.text(f"{prefix}name", "", limit=300),
                    figures=_figures(place, prefix),
                )
                for place in record.records(key)
            }
            return tuple(places.values())
    return None


def _option(record: Record, number: int) -> dict[str, str] | None:
    """Which choice of its group's attribute the item is, such as size: small."""
    keys = OPTION_KEYS[number]
    if not any(key in record for key in keys.values()):
        return None
    option = {
        name: record.identifier(key, "") if name.endswith("zoho_id") else record.text(key, "", limit=200)
        for name, key in keys.items()
    }
    return option if any(option.values()) else None
