"""What is sold, where it lies, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.comparing import readers as read
from tests.comparing.columns import FIELDS, WHOLE, Column, Rows, Table, columns

FIGURES = {
    "accounting_on_hand": "stock_on_hand",
    "accounting_available": "available_stock",
    "accounting_committed": "committed_stock",
    "accounting_for_sale": "available_for_sale_stock",
    "physical_on_hand": "actual_available_stock",
    "physical_committed": "actual_committed_stock",
    "physical_for_sale": "actual_available_for_sale_stock",
}
TOTALS = columns(read.number, **FIGURES)
LEVEL = [
    Column("warehouse__zoho_id", ("location_id",), read.text),
    *columns(read.number, **{ours: f"location_{key}" for ours, key in FIGURES.items()}),
]


def find_levels(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The places about which anything is stated, in the order of their ids, since no other matters."""
    figures = [f"location_{key}" for key in FIGURES.values()]
    stated = [
        place
        for place in record.get("locations") or []
        if any(read.number(place.get(key)) is not None for key in figures)
    ]
    return sorted(stated, key=lambda place: str(place["location_id"]))


def find_options(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        {**option, "attribute": attribute["name"]}
        for attribute in record.get("attributes") or []
        for option in attribute["options"]
    ]


def read_options(record: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Which choice of up to three attributes of its group an item is: ids and names, numbered keys in Zoho."""
    names = ("attribute_id", "attribute_name", "attribute_option_id", "attribute_option_name")
    chosen = [tuple(read.text(record.get(f"{name}{number}")) for name in names) for number in (1, 2, 3)]
    return [one for one in chosen if any(one)]


def show_options(value: Any) -> list[tuple[str, ...]]:
    names = ("attribute_zoho_id", "attribute", "option_zoho_id", "option")
    return [tuple(row.get(name, "") for name in names) for row in value]


def by_item(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: str(row["item_id"]))


def read_brackets(value: Any) -> list[tuple[Any, ...]]:
    return [
        tuple(
            read.number(row.get(key))
            for key in ("start_quantity", "end_quantity", "pricebook_rate", "pricebook_discount")
        )
        for row in value or []
    ]


def show_brackets(value: Any) -> list[tuple[Any, ...]]:
    return [tuple(read.number(row[key]) for key in ("start", "end", "rate", "discount_percentage")) for row in value]


PRICE = [
    Column("product__zoho_id", ("item_id",), read.text_or_none),
    *columns(read.text, product_zoho_id="item_id", zoho_id="pricebook_item_id", product_name=("name", "item_name")),
    *columns(read.number, rate="pricebook_rate", discount_percentage="pricebook_discount"),
    *columns(read.word, "pricing_scheme"),
    *columns(read_brackets, brackets="price_brackets", show=show_brackets),
]
PRICES = Rows(
    "price",
    "catalog.pricelistitem",
    "price_list__zoho_id",
    PRICE,
    lambda record: by_item(record.get("pricebook_items") or []),
    ("pricebook_items",),
    order=("product_zoho_id",),
)
LEVELS = Rows(
    "stock level",
    "catalog.stocklevel",
    "product__zoho_id",
    LEVEL,
    find_levels,
    ("locations",),
    order=("warehouse__zoho_id",),
)
OPTIONS = Rows(
    "option",
    "catalog.itemgroupoption",
    "attribute__group__zoho_id",
    [*columns(read.text, "name", zoho_id="id"), Column("attribute__name", ("attribute",), read.text)],
    find_options,
    ("attributes",),
    order=("attribute__position", "position"),
)
PRODUCT = [
    *columns(
        read.text,
        "name",
        "description",
        "purchase_description",
        "upc",
        "ean",
        "isbn",
        "part_number",
        "brand",
        "manufacturer",
        "unit",
        "tax_name",
        "vendor_name",
        "image_name",
        "image_document_id",
        currency="currency_code",
        tax_zoho_id="tax_id",
        item_group_zoho_id="group_id",
        item_group_name="group_name",
        vendor_zoho_id="vendor_id",
    ),
    *columns(read.text_or_none, "sku"),
    *columns(read.category, category_zoho_id="category_id"),
    *columns(lambda value: "" if value == "ROOT" else read.text(value), "category_name"),
    Column("category__zoho_id", ("category_id",), lambda value: read.category(value) or None),
    Column("item_group__zoho_id", ("group_id",), read.text_or_none),
    *columns(read.word, "product_type", kind="item_type"),
    *columns(read.number, "tax_percentage", "reorder_level", base_price="rate", base_cost="purchase_rate"),
    *columns(read.active, is_active="status"),
    *columns(read.flag, "can_be_sold", "can_be_purchased", "track_inventory", is_combo="is_combo_product"),
    *columns(read_options, options=WHOLE, show=show_options),
    *TOTALS,
    *FIELDS,
]
GROUP = [
    *columns(
        read.text,
        "description",
        "brand",
        "manufacturer",
        "unit",
        "tax_name",
        "image_name",
        "image_document_id",
        name="group_name",
        tax_zoho_id="tax_id",
    ),
    *columns(read.word, "product_type"),
    *columns(read.number, "tax_percentage"),
    *columns(read.active, is_active="status"),
    *FIELDS,
]
PRICE_LIST = [
    *columns(
        read.text,
        "name",
        "description",
        currency="currency_code",
        currency_zoho_id="currency_id",
        rounding_word="rounding_type",
    ),
    *columns(
        lambda value: {"fixed_percentage": "percentage"}.get(read.word(value), read.word(value)), kind="pricebook_type"
    ),
    *columns(read.word, "pricing_scheme", trade="sales_or_purchase_type"),
    *columns(read.number, "percentage", decimal_places="decimal_place"),
    *columns(read.flag, "is_increase", "is_default"),
    *columns(read.rounding, rounding="rounding_type"),
    *columns(read.active, is_active="status"),
]
WAREHOUSE = [
    *columns(read.text, "phone", "email", name="location_name", kind="type", parent_zoho_id="parent_location_id"),
    *columns(read.active, is_active="status"),
    *columns(read.flag, "is_primary"),
    *columns(
        lambda value: tuple(
            read.text(value.get(key))
            for key in ("attention", "street_address1", "street_address2", "city", "state", "zip", "country")
        ),
        where="address",
    ),
]
WHERE = ("attention", "street", "street2", "city", "state", "postal_code", "country")


PLACES = (
    Table("location", "location_id", "catalog.warehouse", WAREHOUSE),
    Table(
        "category",
        "category_id",
        "catalog.category",
        [
            *columns(read.text, "name"),
            *columns(read.category, parent_zoho_id="parent_category_id"),
            Column("parent__zoho_id", ("parent_category_id",), lambda value: read.category(value) or None),
            *columns(read.active, is_active="status"),
        ],
        belongs=lambda record: record["category_id"] != "-1",
    ),
)
GOODS = (
    Table("itemgroup", "group_id", "catalog.itemgroup", GROUP, (OPTIONS,)),
    Table("item", "item_id", "catalog.product", PRODUCT, (LEVELS,)),
    Table("pricebook", "pricebook_id", "catalog.pricelist", PRICE_LIST, (PRICES,)),
)
