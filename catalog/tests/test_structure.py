"""Categories, item groups and warehouses."""

import pytest

from catalog.models import Category, ItemGroup, ItemGroupAttribute, Product, Warehouse
from catalog.services.categories import retire_categories, save_categories
from catalog.services.item_groups import retire_item_groups, save_item_groups
from catalog.services.links import attach_categories, attach_item_groups
from catalog.services.warehouses import retire_warehouses, save_warehouses
from catalog.tests.builders import LATER, NOON, saved_product
from catalog.tests.queries import steps
from catalog.values import AttributeValues, CategoryValues, ItemGroupValues, OptionValues, WarehouseValues
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def category(zoho_id: str, parent: str = "", **values) -> CategoryValues:
    return CategoryValues(zoho_id=zoho_id, name=f"C{zoho_id}", parent_zoho_id=parent, **values)


def parents() -> dict[str, str | None]:
    return {row.zoho_id: row.parent and row.parent.zoho_id for row in Category.objects.select_related("parent")}


def test_a_child_may_come_before_its_parent():
    save_categories([category("2", parent="1")], at=NOON)
    assert parents() == {"2": None}

    saved = save_categories([category("1")], at=LATER)

    assert parents() == {"1": None, "2": "1"}
    assert saved.created == {"1"}


def test_the_root_of_zohos_tree_is_no_category():
    saved = save_categories([category("-1", is_root=True), category("1")], at=NOON)

    assert list(Category.objects.values_list("zoho_id", flat=True)) == ["1"]
    assert saved.unchanged == {"-1"}


def test_a_moved_category_is_a_change():
    save_categories([category("1"), category("2"), category("3", parent="1")], at=NOON)

    saved = save_categories([category("3", parent="2")], at=LATER)

    assert parents()["3"] == "2"
    assert saved.changed == {"3"}
    assert StoredEvent.objects.latest("id").data["fields"] == ["parent", "parent_zoho_id"]


def test_a_circle_is_never_closed():
    save_categories([category("1", parent="3"), category("2", parent="1"), category("3", parent="2")], at=NOON)
    assert parents() == {"1": None, "2": None, "3": None}

    save_categories([category("1")], at=LATER)
    assert parents() == {"1": None, "2": "1", "3": "2"}


def test_the_tree_is_read_depth_first():
    save_categories([category("b"), category("a"), category("c", parent="a"), category("d", parent="c")], at=NOON)

    tree = [(row.zoho_id, row.tree_depth) for row in Category.tree.order_by("tree_ordering")]

    assert tree == [("a", 0), ("c", 1), ("d", 2), ("b", 0)]


def test_products_get_a_category_that_comes_later():
    product = saved_product("1", category_zoho_id="c")
    saved_product("2", category_zoho_id="other")
    save_categories([category("c")], at=NOON)

    assert attach_categories(["c"]) == 1

    product.refresh_from_db()
    assert product.category == Category.objects.get()
    assert Product.objects.get(zoho_id="2").category is None


def test_products_get_an_item_group_that_comes_later():
    product = saved_product("1", item_group_zoho_id="g")
    save_item_groups([ItemGroupValues(zoho_id="g", name="Bags")], at=NOON)

    assert attach_item_groups(["g"]) == 1
    assert attach_item_groups(["g"]) == 0

    product.refresh_from_db()
    assert product.item_group == ItemGroup.objects.get()


def test_retired_categories_groups_and_warehouses_stay_as_rows():
    save_categories([category("1")], at=NOON)
    save_item_groups([ItemGroupValues(zoho_id="1", name="G")], at=NOON)
    save_warehouses([WarehouseValues(zoho_id="1", name="W")], at=NOON)

    counts = [retire(["1", "2"], at=LATER) for retire in (retire_categories, retire_item_groups, retire_warehouses)]

    assert counts == [1, 1, 1]
    assert [model.objects.get().retired_at for model in (Category, ItemGroup, Warehouse)] == [LATER] * 3
    assert not Category.objects.live().exists()


SIZE = AttributeValues(
    name="Size", zoho_id="s", options=(OptionValues(name="Small", zoho_id="1"), OptionValues(name="Large"))
)
COLOUR = AttributeValues(name="Colour", options=(OptionValues(name="Black"),))


def shape() -> dict[str, list[str]]:
    return {row.name: [option.name for option in row.options.all()] for row in ItemGroupAttribute.objects.all()}


def test_attributes_are_replaced_as_a_whole():
    save_item_groups([ItemGroupValues(zoho_id="1", name="Bags", attributes=(SIZE, COLOUR))], at=NOON)
    assert shape() == {"Size": ["Small", "Large"], "Colour": ["Black"]}

    saved = save_item_groups([ItemGroupValues(zoho_id="1", name="Bags", attributes=(COLOUR,))], at=LATER)

    assert shape() == {"Colour": ["Black"]}
    assert saved.changed == {"1"}


def test_attributes_not_stated_stay():
    save_item_groups([ItemGroupValues(zoho_id="1", name="Bags", attributes=(SIZE,))], at=NOON)

    saved = save_item_groups([ItemGroupValues(zoho_id="1", name="Bags", attributes=None)], at=LATER)

    assert shape() == {"Size": ["Small", "Large"]}
    assert saved.unchanged == {"1"}


def test_the_same_attributes_are_not_written_again():
    save_item_groups([ItemGroupValues(zoho_id="1", name="Bags", attributes=(SIZE,))], at=NOON)
    before = ItemGroupAttribute.objects.get().pk

    saved = save_item_groups([ItemGroupValues(zoho_id="1", name="Bags", attributes=(SIZE,))], at=LATER)

    assert ItemGroupAttribute.objects.get().pk == before
    assert saved.unchanged == {"1"}


def test_queries_do_not_grow_with_the_batch():
    def groups(first: int, size: int, attribute: AttributeValues):
        return [
            ItemGroupValues(zoho_id=str(number), name=f"G{number}", attributes=(attribute, attribute))
            for number in range(first, first + size)
        ]

    one = steps(lambda: save_item_groups(groups(1, 1, SIZE), at=NOON))
    assert steps(lambda: save_item_groups(groups(100, 50, SIZE), at=NOON)) == one

    one = steps(lambda: save_item_groups(groups(1, 1, COLOUR), at=LATER))
    assert steps(lambda: save_item_groups(groups(100, 50, COLOUR), at=LATER)) == one

    one = steps(lambda: save_categories([category("k", parent="p")], at=NOON))
    assert steps(lambda: save_categories([category(f"k{n}", parent="p") for n in range(50)], at=NOON)) == one
