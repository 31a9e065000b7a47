from dataclasses import replace
from decimal import Decimal

import pytest

from catalog.models import Category, EffectivePrice, Freshness, ItemGroup, Product
from catalog.services.categories import save_categories
from catalog.services.item_groups import save_item_groups
from catalog.services.local_fields import save_local_product_fields
from catalog.services.price_lists import save_price_lists
from catalog.services.products import retire_products, save_products
from catalog.tests.builders import LATER, NOON, place, price_list, product_values, saved_product
from catalog.tests.queries import steps
from catalog.values import CategoryValues, ItemGroupValues, LocalProductFields, StockFigures
from tsh_erp.events.models import StoredEvent

pytestmark = pytest.mark.django_db


def test_a_product_is_stored_as_stated():
    values = product_values(
        "7",
        name="❌Air mouse ((Cancel ))❌",
        base_price=Decimal("0.0"),
        base_cost=Decimal("5.116"),
        reorder_level=None,
        custom_fields=[{"api_name": "cf_x", "label": "X", "data_type": "text", "value": "1"}],
        totals=StockFigures(accounting_on_hand=Decimal("-20"), physical_for_sale=Decimal("3.5")),
    )

    saved = save_products([values], at=NOON)

    product = Product.objects.get(zoho_id="7")
    assert saved.created == {"7"}
    assert product.name == "❌Air mouse ((Cancel ))❌"
    assert product.sku is None
    assert product.base_price == Decimal(0)
    assert product.base_cost == Decimal("5.116")
    assert product.currency == ""
    assert product.reorder_level is None
    assert product.accounting_on_hand == Decimal("-20")
    assert product.accounting_committed is None
    assert product.physical_for_sale == Decimal("3.5")
    assert product.custom_fields == [{"api_name": "cf_x", "label": "X", "data_type": "text", "value": "1"}]
    assert (product.is_hidden, product.is_featured, product.name_ar) == (False, False, "")


def test_two_products_may_share_a_sku():
    save_products([product_values("1", sku="A"), product_values("2", sku="A")], at=NOON)

    assert Product.objects.filter(sku="A").count() == 2


def test_saving_again_says_what_changed():
    save_products([product_values("1", brand="Old"), product_values("2")], at=NOON)

    saved = save_products([product_values("1", brand="New", unit="pcs"), product_values("2")], at=LATER)

    assert saved.changed == {"1"}
    assert saved.unchanged == {"2"}
    event = StoredEvent.objects.get(type="catalog.product.updated")
    assert event.data == {"zoho_id": "1", "fields": ["brand", "unit"]}
    assert event.aggregate == f"catalog.product:{Product.objects.get(zoho_id='1').pk}"
    assert StoredEvent.objects.filter(type="catalog.product.created").count() == 2


def test_the_sync_never_touches_what_staff_keep():
    product = saved_product("1", name="Old")
    local = LocalProductFields(name_ar="ماوس", name_en="Mouse", description_ar="وصف", is_hidden=True, is_featured=True)
    save_local_product_fields(product.pk, local, at=NOON)

    save_products([product_values("1", name="New", base_price=Decimal(3))], at=LATER)

    product.refresh_from_db()
    assert (product.name, product.name_ar, product.name_en) == ("New", "ماوس", "Mouse")
    assert (product.description_ar, product.is_hidden, product.is_featured) == ("وصف", True, True)


def test_inactive_is_not_retired():
    product = saved_product("1", is_active=False)

    assert not product.is_active
    assert product.retired_at is None


def test_retired_once_and_woken_by_newer_news():
    saved_product("1")

    assert retire_products(["1", "unknown"], at=NOON) == 1
    assert retire_products(["1"], at=LATER) == 0
    assert Product.objects.get().retired_at == NOON

    saved = save_products([product_values("1")], at=LATER)

    assert saved.changed == {"1"}
    assert Product.objects.get().retired_at is None
    assert [event.type for event in StoredEvent.objects.order_by("id")] == [
        "catalog.product.created",
        "catalog.product.retired",
        "catalog.product.updated",
    ]


def test_parents_that_are_here_are_linked_and_others_kept_by_name():
    save_categories([CategoryValues(zoho_id="c", name="كيبلات")], at=NOON)
    save_item_groups([ItemGroupValues(zoho_id="g", name="Bags")], at=NOON)

    save_products(
        [
            product_values("1", category_zoho_id="c", item_group_zoho_id="g"),
            product_values("2", category_zoho_id="later", category_name="هاردات"),
        ],
        at=NOON,
    )

    one, two = Product.objects.order_by("zoho_id")
    assert (one.category, one.item_group) == (Category.objects.get(), ItemGroup.objects.get())
    assert (two.category, two.category_zoho_id, two.category_name) == (None, "later", "هاردات")


def test_prices_follow_the_base_price_and_retirement():
    save_price_lists([price_list("9", kind="percentage", percentage=Decimal(10), is_increase=True)], at=NOON)

    save_products([product_values("1", base_price=Decimal(100)), product_values("2")], at=NOON)
    assert [row.price for row in EffectivePrice.objects.all()] == [Decimal(110)]

    save_products([product_values("1", base_price=Decimal(200))], at=LATER)
    assert [row.price for row in EffectivePrice.objects.all()] == [Decimal(220)]

    retire_products(["1"], at=LATER)
    assert not EffectivePrice.objects.exists()

    save_products([product_values("1", base_price=Decimal(200))], at=LATER)
    assert [row.price for row in EffectivePrice.objects.all()] == [Decimal(220)]


def test_freshness_moves_only_with_news():
    save_products([product_values("1", stock=(place("w", "5"),))], at=NOON)
    assert dict(Freshness.objects.values_list("subject", "updated_at")) == {"products": NOON, "stock": NOON}

    save_products([product_values("1", stock=(place("w", "5"),))], at=LATER)
    assert dict(Freshness.objects.values_list("subject", "updated_at")) == {"products": NOON, "stock": NOON}

    save_products([product_values("1", stock=(place("w", "4"),))], at=LATER)
    assert dict(Freshness.objects.values_list("subject", "updated_at")) == {"products": NOON, "stock": LATER}


def test_the_number_of_queries_does_not_grow_with_the_batch():
    lists = [
        price_list("9", kind="percentage", percentage=Decimal(10), is_increase=True),
        price_list("8", kind="percentage", percentage=Decimal(5), is_increase=False),
    ]
    save_price_lists(lists, at=NOON)
    save_categories([CategoryValues(zoho_id="c", name="C")], at=NOON)
    save_item_groups([ItemGroupValues(zoho_id="g", name="G")], at=NOON)

    def batch(first: int, size: int):
        return [
            product_values(
                str(number),
                base_price=Decimal(number),
                category_zoho_id="c",
                item_group_zoho_id="g",
                stock=(place("w1", "1"), place("w2", "2", "3")),
            )
            for number in range(first, first + size)
        ]

    save_products(batch(1, 1), at=NOON)
    one, twenty = batch(1000, 1), batch(2000, 20)
    created_one = steps(lambda: save_products(one, at=NOON))
    assert steps(lambda: save_products(twenty, at=NOON)) == created_one

    def moved(values):
        return [replace(row, base_price=Decimal("9.99"), stock=(place("w1", "7"),)) for row in values]

    changed_one = steps(lambda: save_products(moved(one), at=LATER))
    assert steps(lambda: save_products(moved(twenty), at=LATER)) == changed_one

    ids = [row.zoho_id for row in twenty]
    retired_one = steps(lambda: retire_products([one[0].zoho_id], at=LATER))
    assert steps(lambda: retire_products(ids, at=LATER)) == retired_one
    assert len(created_one) <= 20


def test_unchanged_products_cost_one_query():
    batch = [product_values(str(number), base_price=Decimal(number)) for number in range(20)]
    save_products(batch, at=NOON)

    statements = steps(lambda: save_products(batch, at=LATER))

    assert len([text for text in statements if "SAVEPOINT" not in text]) == 1
