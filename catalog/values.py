"""What the catalogue's services accept: frozen values, already in our words.

`None` means unknown; an empty text is a text that is not there. Collections of lines are `None`
when the source did not state them, and are otherwise complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class StockFigures:
    """Quantities of one product, in total or in one warehouse; `for_sale` is net of what is committed."""

    accounting_on_hand: Decimal | None = None
    accounting_available: Decimal | None = None
    accounting_committed: Decimal | None = None
    accounting_for_sale: Decimal | None = None
    physical_on_hand: Decimal | None = None
    physical_committed: Decimal | None = None
    physical_for_sale: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WarehouseStock:
    """The figures of a product in one warehouse, which may not be known here yet."""

    warehouse_zoho_id: str
    warehouse_name: str = ""
    figures: StockFigures = StockFigures()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductValues:
    """A product as Zoho states it. `base_price` and `base_cost` are amounts in `currency`, which may be unstated."""

    zoho_id: str
    name: str
    description: str = ""
    purchase_description: str = ""
    sku: str | None = None
    upc: str = ""
    ean: str = ""
    isbn: str = ""
    part_number: str = ""
    brand: str = ""
    manufacturer: str = ""
    unit: str = ""
    kind: str = ""
    product_type: str = ""
    base_price: Decimal | None = None
    base_cost: Decimal | None = None
    currency: str = ""
    tax_zoho_id: str = ""
    tax_name: str = ""
    tax_percentage: Decimal | None = None
    is_active: bool = True
    can_be_sold: bool | None = None
    can_be_purchased: bool | None = None
    track_inventory: bool | None = None
    is_combo: bool | None = None
    reorder_level: Decimal | None = None
    category_zoho_id: str = ""
    category_name: str = ""
    item_group_zoho_id: str = ""
    item_group_name: str = ""
    vendor_zoho_id: str = ""
    vendor_name: str = ""
    options: list[dict[str, str]] = field(default_factory=list)
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    image_name: str = ""
    image_document_id: str = ""
    totals: StockFigures = StockFigures()
    stock: tuple[WarehouseStock, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoryValues:
    """A category. The root of Zoho's tree is marked as such and is never stored."""

    zoho_id: str
    name: str
    parent_zoho_id: str = ""
    is_active: bool = True
    is_root: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionValues:
    name: str
    zoho_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeValues:
    name: str
    zoho_id: str = ""
    options: tuple[OptionValues, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemGroupValues:
    """Products that differ only in attributes such as size or colour."""

    zoho_id: str
    name: str
    description: str = ""
    product_type: str = ""
    brand: str = ""
    manufacturer: str = ""
    unit: str = ""
    tax_zoho_id: str = ""
    tax_name: str = ""
    tax_percentage: Decimal | None = None
    is_active: bool = True
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    image_name: str = ""
    image_document_id: str = ""
    attributes: tuple[AttributeValues, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WarehouseValues:
    zoho_id: str
    name: str
    kind: str = ""
    parent_zoho_id: str = ""
    is_active: bool = True
    is_primary: bool | None = None
    attention: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bracket:
    """A price for quantities from `start` up to and including `end`; None is open."""

    start: Decimal | None = None
    end: Decimal | None = None
    rate: Decimal | None = None
    discount_percentage: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceListItemValues:
    product_zoho_id: str
    zoho_id: str = ""
    product_name: str = ""
    rate: Decimal | None = None
    discount_percentage: Decimal | None = None
    pricing_scheme: str = ""
    brackets: tuple[Bracket, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceListValues:
    """A price list; `items` None leaves the stored prices alone, a tuple replaces all of them."""

    zoho_id: str
    name: str
    description: str = ""
    kind: str = ""
    trade: str = ""
    percentage: Decimal | None = None
    is_increase: bool | None = None
    currency: str = ""
    currency_zoho_id: str = ""
    rounding: str = ""
    rounding_word: str = ""
    decimal_places: int | None = None
    pricing_scheme: str = ""
    is_active: bool = True
    is_default: bool | None = None
    items: tuple[PriceListItemValues, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalProductFields:
    """What staff keep about a product beside Zoho."""

    name_ar: str
    name_en: str
    description_ar: str
    is_hidden: bool
    is_featured: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalCategoryFields:
    """What staff keep about a category beside Zoho; `image` is None when it stays as it is."""

    name_ar: str
    sort_order: int
