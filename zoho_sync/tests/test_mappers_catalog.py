"""The mappers of the catalogue: documentation examples, 236 real items, Zoho's habits, and nonsense."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.values import (
    AttributeValues,
    Bracket,
    CategoryValues,
    ItemGroupValues,
    OptionValues,
    PriceListItemValues,
    PriceListValues,
    ProductValues,
    StockFigures,
    WarehouseStock,
    WarehouseValues,
)
from zoho_sync.errors import MappingError
from zoho_sync.mappers.categories import map_category
from zoho_sync.mappers.item_groups import map_item_group
from zoho_sync.mappers.items import map_item
from zoho_sync.mappers.locations import map_location
from zoho_sync.mappers.pricebooks import map_pricebook
from zoho_sync.mappers.record import Record

FOLDER = Path(__file__).parent


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def example(name: str) -> dict:
    return read(FOLDER / "examples" / f"{name}.json")["body"]


REAL_ITEMS = read(FOLDER / "fixtures" / "real_items.json")["items"]


def item(**keys) -> ProductValues:
    return map_item(Record({"item_id": "1", "name": "Cable", **keys}))


# --- items ------------------------------------------------------------------------------------


def test_all_real_items_are_mapped_and_nothing_is_invented():
    products = [map_item(Record(raw)) for raw in REAL_ITEMS]

    assert len(products) == 236
    assert len({product.zoho_id for product in products}) == 236
    for raw, product in zip(REAL_ITEMS, products, strict=True):
        assert product.name.encode() == raw["name"].encode()
        assert product.sku == (raw["sku"] or None)
        assert product.base_price == raw["rate"]
        assert product.base_cost == raw["purchase_rate"]
        assert product.reorder_level == (raw["reorder_level"] or None)
        assert product.is_active is (raw["status"] == "active")
        assert product.kind == raw["item_type"]
        assert product.category_name == raw["category_name"]
        assert product.totals == StockFigures()
        assert product.stock is None
        assert (product.currency, product.category_zoho_id, product.can_be_sold) == ("", "", None)
    assert sum(product.sku is None for product in products) == 178
    assert sum(product.base_price == 0 for product in products) == sum(raw["rate"] == 0 for raw in REAL_ITEMS)


@pytest.mark.parametrize("name", ["get_items", "get_items_item_id", "get_itemdetails"])
def test_item_examples(name):
    body = example(name)

    product = map_item(Record(body["item"] if "item" in body else body["items"][0]))

    assert product.zoho_id == "4815000000044208"
    assert (product.name, product.sku, product.upc) == ("Bags-small", "SK123", "111111111111")
    assert (product.base_price, product.base_cost, product.reorder_level) == (Decimal(6), Decimal(6), Decimal(5))
    assert (product.tax_zoho_id, product.tax_name, product.tax_percentage) == ("4815000000044043", "Sales", Decimal(12))
    assert product.custom_fields == [{"api_name": "", "label": "", "data_type": "", "value": "Normal"}]
    assert product.stock == (WarehouseStock(warehouse_zoho_id="460000000038080"),)
    assert product.options == [
        {
            "attribute_zoho_id": "4815000000044112",
            "attribute": "Small",
            "option_zoho_id": "4815000000044214",
            "option": "Small",
        }
    ]


def test_item_detail_example_has_what_the_list_lacks():
    product = map_item(Record(example("get_items_item_id")["item"]))

    assert (product.can_be_sold, product.can_be_purchased, product.track_inventory) == (True, True, True)
    assert (product.item_group_zoho_id, product.item_group_name) == ("4815000000044220", "Bags")
    assert (product.vendor_zoho_id, product.vendor_name) == ("4815000000044080", "Molly")


def test_only_id_and_name_leave_the_rest_unknown():
    assert item() == ProductValues(zoho_id="1", name="Cable")


@pytest.mark.parametrize("empty", ["", " ", None, {}])
def test_empty_is_unknown_and_never_zero(empty):
    product = item(
        rate=empty, purchase_rate=empty, sku=empty, reorder_level=empty, stock_on_hand=empty, category_id=empty
    )

    assert product == ProductValues(zoho_id="1", name="Cable")


@pytest.mark.parametrize(
    ("sent", "price"),
    [(0, "0"), (Decimal("0.0"), "0"), ("7.00", "7.00"), ("1,234.50", "1234.5"), (1005, "1005"), ("None", None)],
)
def test_prices_in_all_their_spellings(sent, price):
    assert item(rate=sent).base_price == (None if price is None else Decimal(price))


def test_stock_in_total_keeps_both_clocks_apart():
    product = item(
        stock_on_hand=Decimal("-20.000000"),
        available_stock=Decimal("-20"),
        committed_stock="3",
        available_for_sale_stock=-23,
        actual_available_stock=Decimal("1.5"),
        actual_committed_stock=0,
        actual_available_for_sale_stock=Decimal("1.5"),
    )

    assert product.totals == StockFigures(
        accounting_on_hand=Decimal(-20),
        accounting_available=Decimal(-20),
        accounting_committed=Decimal(3),
        accounting_for_sale=Decimal(-23),
        physical_on_hand=Decimal("1.5"),
        physical_committed=Decimal(0),
        physical_for_sale=Decimal("1.5"),
    )


@pytest.mark.parametrize(("key", "prefix"), [("locations", "location_"), ("warehouses", "warehouse_")])
def test_stock_per_place_in_both_spellings(key, prefix):
    product = item(
        **{
            key: [
                {
                    f"{prefix}id": 460000000038080,
                    f"{prefix}name": "Main",
                    f"{prefix}stock_on_hand": Decimal("5.000000"),
                    f"{prefix}actual_available_stock": "",
                }
            ]
        }
    )

    assert product.stock == (
        WarehouseStock(
            warehouse_zoho_id="460000000038080",
            warehouse_name="Main",
            figures=StockFigures(accounting_on_hand=Decimal(5)),
        ),
    )


@pytest.mark.parametrize("places", [[], "", None, {}])
def test_no_places_is_not_no_stock(places):
    assert item(locations=places).stock is None


def test_the_root_category_is_no_category():
    product = item(category_id="-1", category_name="ROOT")

    assert (product.category_zoho_id, product.category_name) == ("", "")


def test_custom_fields_are_kept_exactly():
    product = item(
        custom_fields=[
            {"api_name": "cf_a", "label": "A", "data_type": "decimal", "value": Decimal("1.10")},
            {"api_name": "cf_b", "label": "ب", "data_type": "multiselect", "value": ["x", "y"]},
            {"api_name": "cf_c", "value": False},
            {"api_name": "cf_d", "value": ""},
            {"api_name": "cf_e", "value": {"id": 1234567890123456789}},
        ]
    )

    assert product.custom_fields == [
        {"api_name": "cf_a", "label": "A", "data_type": "decimal", "value": "1.10"},
        {"api_name": "cf_b", "label": "ب", "data_type": "multiselect", "value": ["x", "y"]},
        {"api_name": "cf_c", "label": "", "data_type": "", "value": False},
        {"api_name": "cf_e", "label": "", "data_type": "", "value": {"id": "1234567890123456789"}},
    ]
    json.dumps(product.custom_fields)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", "five"),
        ("rate", Decimal("NaN")),
        ("rate", Decimal("1e999999")),
        ("rate", [1]),
        ("status", "sleeping"),
        ("item_type", "dream"),
        ("name", ""),
        ("name", "a\x00b"),
        ("sku", "x" * 201),
        ("item_id", ""),
        ("item_id", "../1"),
        ("item_id", Decimal("1e999999")),
        ("item_id", Decimal("NaN")),
        ("can_be_sold", "perhaps"),
        ("locations", [1, 2]),
        ("locations", [{"location_name": "no id"}]),
        ("custom_fields", [{"value": "a\x00b"}]),
        ("custom_fields", [{"value": [[[[[["deep"]]]]]]}]),
    ],
)
def test_nonsense_is_refused_by_name(key, value):
    with pytest.raises(MappingError) as refused:
        item(**{key: value})

    assert refused.value.field.startswith(key)


# --- the others -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["get_itemgroups", "get_itemgroups_itemgroup_id"])
def test_item_group_examples(name):
    body = example(name)

    group = map_item_group(Record(body["itemgroups"][0] if "itemgroups" in body else body))

    assert (group.zoho_id, group.name, group.brand, group.is_active) == ("4815000000044220", "Bags", "Brand", True)


def test_attributes_come_with_their_options_or_only_by_name():
    detail = map_item_group(Record(example("get_itemgroups_itemgroup_id")))
    listed = map_item_group(Record(example("get_itemgroups")["itemgroups"][0]))
    bare = map_item_group(Record({"group_id": "1", "group_name": "Bags"}))

    zoho_id = "4815000000044112"
    assert detail.attributes == (
        AttributeValues(
            name="Bags-small", zoho_id=zoho_id, options=(OptionValues(name="Bags-small", zoho_id=zoho_id),)
        ),
    )
    assert listed.attributes == (AttributeValues(name="Small", zoho_id=zoho_id),)
    assert bare == ItemGroupValues(zoho_id="1", name="Bags")


def test_categories_hang_below_the_root():
    assert map_category(Record({"category_id": "5", "name": "كيبلات", "parent_category_id": "-1"})) == CategoryValues(
        zoho_id="5", name="كيبلات"
    )
    assert map_category(Record({"category_id": 6, "category_name": "HDMI", "parent_category_id": 5})) == CategoryValues(
        zoho_id="6", name="HDMI", parent_zoho_id="5"
    )
    assert map_category(Record({"category_id": "-1", "name": "ROOT"})).is_root


def test_location_example():
    place = map_location(Record(example("get_locations")["locations"][0]))

    assert place == WarehouseValues(
        zoho_id="460000000038080",
        name="Head Office",
        kind="general / line_item_only",
        parent_zoho_id="460000000041010",
        street="No:234,90 Church Street",
        street2="McMillan Avenue",
        city="New York City",
        state="New York",
        country="U.S.A",
        phone="+1-925-921-9201",
        email="willsmith@bowmanfurniture.com",
    )


def test_legacy_warehouses():
    place = map_location(
        Record(
            {
                "warehouse_id": 11,
                "warehouse_name": "مخزن",
                "address": "شارع الصناعة",
                "city": "بغداد",
                "zip": 10001,
                "status": "Inactive",
                "is_primary": "true",
            }
        )
    )

    assert place == WarehouseValues(
        zoho_id="11",
        name="مخزن",
        street="شارع الصناعة",
        city="بغداد",
        postal_code="10001",
        is_active=False,
        is_primary=True,
    )


def test_pricebook_example():
    price_list = map_pricebook(Record(example("get_pricebooks")["pricebooks"][0]))

    assert price_list == PriceListValues(
        zoho_id="130426000002924000",
        name="Price List 1",
        description="Flash sale",
        kind="percentage",
        trade="sales",
        percentage=Decimal(4),
        is_increase=True,
        currency_zoho_id="982000000000190",
        rounding="whole_minus_cent",
        rounding_word="round_to_dollar_minus_01",
        decimal_places=2,
        pricing_scheme="unit",
        is_default=True,
        items=(
            PriceListItemValues(
                product_zoho_id="17775000000227648",
                zoho_id="17775000000227544",
                rate=Decimal(22),
                discount_percentage=Decimal(5),
                pricing_scheme="unit",
                brackets=(Bracket(rate=Decimal(22), discount_percentage=Decimal(5)),),
            ),
        ),
    )


def pricebook(**keys) -> PriceListValues:
    return map_pricebook(Record({"pricebook_id": "1", "name": "Retail", **keys}))


@pytest.mark.parametrize(
    ("word", "rounding"),
    [
        ("no_rounding", "none"),
        ("round_to_dollar", "whole"),
        ("round_to_dollor", "whole"),
        ("Round_To_Dollar_Minus_01", "whole_minus_cent"),
        ("round_to_dollor_minus_01", "whole_minus_cent"),
        ("round_to_half_dollar", "half"),
        ("round_to_half_dollor", "half"),
        ("round_to_half_dollar_minus_01", "half_minus_cent"),
        ("round_to_half_dollor_minus_01", "half_minus_cent"),
        ("round_based_on_decimal", "decimals"),
        ("round_to_one_cent", "cent"),
        ("round_to_two_cents", "two_cents"),
        ("round_to_nickel", "five_cents"),
        ("round_to_dime", "ten_cents"),
        ("round_to_dime_minus_01", "ten_cents_minus_cent"),
        ("round_to_quarter", "quarter"),
        ("round_to_half_dollar_minus_05", "half_minus_five_cents"),
        ("round_to_dollar_minus_02", "whole_minus_two_cents"),
        ("round_to_dollar_minus_05", "whole_minus_five_cents"),
        ("round_to_dollar_minus_11", "whole_minus_eleven_cents"),
        ("round_to_full_moon", "unknown"),
        ("", ""),
    ],
)
def test_rounding_in_both_spellings_and_one_that_nobody_knows(word, rounding):
    found = pricebook(rounding_type=word)

    assert (found.rounding, found.rounding_word) == (rounding, word)


@pytest.mark.parametrize(
    ("keys", "items"), [({}, None), ({"pricebook_items": ""}, None), ({"pricebook_items": []}, ())]
)
def test_items_not_stated_are_not_an_empty_list(keys, items):
    assert pricebook(**keys).items == items


def test_volume_brackets_are_open_where_zoho_leaves_them_empty():
    row = {
        "item_id": 7,
        "pricing_scheme": "volume",
        "pricebook_rate": "",
        "price_brackets": [
            {"start_quantity": 1, "end_quantity": 10, "pricebook_rate": Decimal("5.50")},
            {"start_quantity": 11, "end_quantity": "", "pricebook_rate": "5"},
        ],
    }

    (found,) = pricebook(pricebook_items=[row]).items

    assert (found.rate, found.pricing_scheme) == (None, "volume")
    assert found.brackets == (
        Bracket(start=Decimal(1), end=Decimal(10), rate=Decimal("5.5")),
        Bracket(start=Decimal(11), end=None, rate=Decimal(5)),
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("decimal_place", 99),
        ("decimal_place", -1),
        ("pricebook_items", [{"pricebook_rate": 1}]),
        ("pricebook_items", "many"),
    ],
)
def test_nonsense_in_a_pricebook_is_refused_by_name(key, value):
    with pytest.raises(MappingError) as refused:
        pricebook(**{key: value})

    assert refused.value.field.startswith(key)


# --- nonsense ---------------------------------------------------------------------------------

NUMBERS = st.integers() | st.decimals() | st.sampled_from([Decimal("1e999999"), Decimal("-1e-999999"), 10**400])
SCALARS = st.none() | st.booleans() | NUMBERS | st.text() | st.sampled_from(["", " ", "5%", "1,234.50", "active", "-1"])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
)
KEYS = {
    map_item: [
        *("item_id", "name", "sku", "rate", "purchase_rate", "status", "item_type", "product_type", "tax_id"),
        *("reorder_level", "category_id", "stock_on_hand", "upc", "can_be_sold", "custom_fields", "locations"),
        *("warehouses", "attribute_id1", "attribute_name1", "description", "tax_percentage", "image_document_id"),
    ],
    map_item_group: ["group_id", "group_name", "status", "attributes", "attribute_name1", "custom_fields"],
    map_category: ["category_id", "name", "category_name", "parent_category_id", "status"],
    map_location: ["location_id", "location_name", "warehouse_id", "address", "address1", "zip", "is_primary"],
    map_pricebook: [
        *("pricebook_id", "name", "pricebook_type", "percentage", "is_increase", "rounding_type", "decimal_place"),
        *("pricebook_items", "currency_code", "currency_id"),
    ],
}
LINES = {
    "locations": ["location_id", "location_name", "location_stock_on_hand"],
    "custom_fields": ["value", "label", "api_name"],
    "attributes": ["id", "name", "options"],
    "pricebook_items": ["item_id", "pricebook_rate", "pricebook_discount", "price_brackets", "pricing_scheme"],
}


def nonsense(keys: list[str]) -> st.SearchStrategy:
    values = {
        key: ANYTHING | st.lists(st.dictionaries(st.sampled_from(LINES[key]), ANYTHING), max_size=2)
        if key in LINES
        else ANYTHING
        for key in keys
    }
    return st.fixed_dictionaries({}, optional=values)


@pytest.mark.parametrize("mapper", KEYS, ids=lambda mapper: mapper.__name__)
@given(data=st.data())
def test_a_mapper_answers_values_or_refuses_by_name(mapper, data):
    keys = KEYS[mapper]
    whole = {keys[0]: "1", keys[1]: "Name"}

    try:
        answer = mapper(Record(whole | data.draw(nonsense(keys)))).zoho_id
    except MappingError as refused:
        answer = refused.field

    assert answer
