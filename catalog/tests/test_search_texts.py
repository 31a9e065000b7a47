"""Products are found by their words, however these are spelt, and stay so when something is renamed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from io import StringIO
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.choices import Subject
from catalog.folding import compact, fold, search_columns
from catalog.models import Category, LowStock, Product
from catalog.search_index import make_search_index
from catalog.services.categories import save_categories
from catalog.services.freshness import versions
from catalog.services.item_groups import save_item_groups
from catalog.services.links import attach_categories
from catalog.services.local_fields import save_local_category_fields, save_local_product_fields
from catalog.services.products import save_products
from catalog.tests.builders import LATER, NOON, product_values, saved_product
from catalog.values import CategoryValues, ItemGroupValues, LocalCategoryFields, LocalProductFields, StockFigures
from tsh_erp.events.delivering import dispatch

pytestmark = pytest.mark.django_db


def found(typed: str) -> list[str]:
    return sorted(Product.objects.found_by(typed).values_list("zoho_id", flat=True))


def local(**values) -> LocalProductFields:
    empty = {"name_ar": "", "name_en": "", "description_ar": "", "is_hidden": False, "is_featured": False}
    return LocalProductFields(**{**empty, **values})


def test_words_names_and_codes_are_kept_apart():
    words, names, codes = search_columns(
        ["USB-C Cable", "شاحِن", ""], ["TL-WR841HP", ""], ["usb-c cable"], ["Cables", "كيبلات"]
    )

    assert words == " usb c cable شاحن tl wr841hp cables كيبلات 841hp usbccable tlwr841hp "
    assert names == "\n usb c cable \n شاحن \n"
    assert codes == " tlwr841hp "


def test_names_stay_on_lines_of_their_own():
    assert search_columns(["Kit\nof 2", "", "Set"], [])[1] == "\n kit of 2 \n set \n"
    assert search_columns(["", "…", ""], ["", ""], [""], [""]) == ("", "", "")


@pytest.mark.parametrize("text", ["RTX 4060", "Straße ١٢", "A\nB_c", "", "Café-1,200"])
def test_columns_are_folded_as_what_is_typed(text):
    words, names, codes = search_columns([text], [text])

    assert set(words.split()) == {*fold(text).split(), *codes.split()}
    assert names.split() == fold(text).split()
    assert codes.strip() == compact(text)


def test_a_product_is_found_by_everything_it_is_called():
    save_categories([CategoryValues(zoho_id="c", name="كيبلات")], at=NOON)
    save_item_groups([ItemGroupValues(zoho_id="g", name="Leads")], at=NOON)
    more = {"brand": "Ugreen", "sku": "UG-80", "ean": "6957303881111", "part_number": "PN 7", "manufacturer": "Lulian"}
    save_products(
        [
            product_values("1", name="USB-C Câble 1.5m", category_zoho_id="c", item_group_zoho_id="g", **more),
            product_values("2", name="أجهزة الشاشة", category_name="Screens"),
        ],
        at=NOON,
    )
    assert found("ugreen") == []
    dispatch()

    for typed in ("usb c", "USBC", "cable usb", "ugreen", "ug80", "6957303881111", "pn7", "lulian", "كيبلات", "leads"):
        assert found(typed) == ["1"], typed
    for typed in ("اجهزه", "شاشه", "الشاشة", "screens"):
        assert found(typed) == ["2"], typed
    for typed in ("usb mouse", "…", "", "%", "100%_"):
        assert found(typed) == [], typed


def test_only_what_changes_the_words_makes_them_anew():
    product = product_values("1", name="Mouse")
    save_products([product], at=NOON)
    save_local_product_fields(Product.objects.get().pk, local(name_ar="ماوس"), at=NOON)
    assert Product.objects.get().search_text == " mouse ماوس "
    dispatch()

    Product.objects.update(search_text="kept")
    save_products([replace(product, base_price=Decimal(3))], at=LATER)
    assert Product.objects.get().search_text == "kept"

    save_products([replace(product, base_price=Decimal(3), name="Trackball")], at=LATER)
    assert Product.objects.get().search_text == " trackball ماوس "


def test_words_cost_no_statement_when_products_are_saved():
    def statements(*values) -> int:
        with CaptureQueriesContext(connection) as captured:
            save_products(values, at=LATER)
        return len(captured)

    save_products([product_values("1"), product_values("2"), product_values("3", category_zoho_id="c")], at=NOON)

    assert statements(product_values("1", unit="pcs")) == statements(product_values("2", name="New"))


def test_words_that_staff_enter_and_take_away():
    product = saved_product("1", name="Mouse")

    save_local_product_fields(product.pk, local(name_ar="الماوس", name_en="Pointer"), at=NOON)
    assert (found("ماوس"), found("pointer")) == (["1"], ["1"])

    save_local_product_fields(product.pk, local(name_ar="الماوس"), at=NOON)
    assert (found("ماوس"), found("pointer")) == (["1"], [])


def test_a_category_or_group_that_is_renamed_takes_its_products_with_it():
    save_categories([CategoryValues(zoho_id="c", name="Cables")], at=NOON)
    save_item_groups([ItemGroupValues(zoho_id="g", name="Bags")], at=NOON)
    save_products(
        [product_values("1", category_zoho_id="c"), product_values("2", item_group_zoho_id="g"), product_values("3")],
        at=NOON,
    )
    dispatch()
    before = versions()

    save_categories([CategoryValues(zoho_id="c", name="Leads")], at=LATER)
    save_item_groups([ItemGroupValues(zoho_id="g", name="Sacks")], at=LATER)
    save_local_category_fields(Category.objects.get().pk, LocalCategoryFields(name_ar="كيبلات", sort_order=0), at=LATER)
    dispatch()

    assert [found(typed) for typed in ("leads", "كيبلات", "sacks")] == [["1"], ["1"], ["2"]]
    assert [found(typed) for typed in ("cables", "bags")] == [[], []]
    assert versions()[Subject.PRODUCTS] == before[Subject.PRODUCTS] + 1

    save_local_category_fields(Category.objects.get().pk, LocalCategoryFields(name_ar="كيبلات", sort_order=5), at=LATER)
    dispatch()
    assert versions()[Subject.PRODUCTS] == before[Subject.PRODUCTS] + 1


def test_a_category_that_comes_after_its_products():
    saved_product("1", category_zoho_id="c")
    save_categories([CategoryValues(zoho_id="c", name="Leads")], at=NOON)
    attach_categories(["c"])
    dispatch()

    assert found("leads") == ["1"]


def test_everything_derived_can_be_made_anew():
    low = {"reorder_level": Decimal(5), "totals": StockFigures(accounting_on_hand=Decimal(1))}
    save_products([product_values("1", name="Mouse"), product_values("2", name="Keyboard", **low)], at=NOON)
    dispatch()
    Product.objects.filter(zoho_id="1").update(search_text="", search_names="", search_codes="")
    LowStock.objects.update(product=Product.objects.get(zoho_id="1"))

    call_command("refresh_catalogue", stdout=(told := StringIO()))

    assert told.getvalue().splitlines()[0] == "1 products are found by other words, 2 rows of low stock were wrong"
    assert found("mouse") == ["1"]
    assert LowStock.objects.get().product.zoho_id == "2"

    call_command("refresh_catalogue", stdout=(told := StringIO()))
    assert told.getvalue().splitlines()[0] == "0 products are found by other words, 0 rows of low stock were wrong"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has trigrams")
def test_a_search_uses_the_trigram_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = Product.objects.found_by("usb cable").order_by().explain()

    assert "product_search" in plan


def test_products_that_were_here_before_are_filled_in_by_the_migration():
    save_categories([CategoryValues(zoho_id="c", name="Cables")], at=NOON)
    low = {"reorder_level": Decimal(5), "totals": StockFigures(accounting_on_hand=Decimal(1))}
    save_products([product_values("1", name="USB-C", category_zoho_id="c", **low), product_values("2")], at=NOON)
    LowStock.objects.all().delete()
    assert found("cables") == []

    migration = import_module("catalog.migrations.0004_fill_derived")
    migration.fill(apps, SimpleNamespace(connection=connection))

    filled = dict(Product.objects.values_list("zoho_id", "search_text"))
    assert filled == {"1": " usb c cables usbc ", "2": " product 2 product2 "}
    assert LowStock.objects.get().product.zoho_id == "1"
    dispatch()
    assert dict(Product.objects.values_list("zoho_id", "search_text")) == filled


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has extensions")
def test_without_the_right_to_the_extension_everything_else_works(caplog):
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE drift_without_rights")
        cursor.execute("SET LOCAL ROLE drift_without_rights")
    assert make_search_index(connection) is False
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")

    assert "CREATE EXTENSION pg_trgm" in caplog.text
    saved_product("1", name="Mouse")
    dispatch()
    assert found("mouse") == ["1"]
    assert make_search_index(connection) is True
