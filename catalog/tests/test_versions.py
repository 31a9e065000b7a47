"""Phones ask whether something changed: a version rises with every change and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from catalog.choices import Subject
from catalog.models import Freshness, Product
from catalog.services.categories import save_categories
from catalog.services.freshness import touch, touched_last, versions
from catalog.services.item_groups import save_item_groups
from catalog.services.links import attach_categories, attach_item_groups
from catalog.services.local_fields import save_local_product_fields
from catalog.services.price_lists import save_price_lists
from catalog.services.products import retire_products, save_products
from catalog.tests.builders import LATER, NOON, place, price_item, price_list, product_values, saved_product
from catalog.tests.queries import steps
from catalog.values import CategoryValues, ItemGroupValues, LocalProductFields, StockFigures

pytestmark = pytest.mark.django_db


def raised(work) -> dict[str, int]:
    """By how much each version rises through `work`."""
    before = versions()
    work()
    return {subject.value: after - before[subject] for subject, after in versions().items() if after != before[subject]}


def test_nothing_was_heard_of_anything_yet(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert versions() == dict.fromkeys(Subject, 0)


def test_each_change_raises_the_versions_of_what_it_changes():
    product = product_values("1", base_price=Decimal(5), totals=StockFigures(accounting_on_hand=Decimal(3)))
    lists = price_list("9", items=(price_item("1", "7"),))

    assert raised(lambda: save_products([product], at=NOON)) == {"products": 1, "stock": 1}
    assert raised(lambda: save_price_lists([lists], at=NOON)) == {"price_lists": 1, "prices": 1}
    sold = replace(product, totals=StockFigures(accounting_on_hand=Decimal(2)))
    assert raised(lambda: save_products([sold], at=LATER)) == {"stock": 1}
    assert raised(lambda: save_products([replace(sold, brand="TSH")], at=LATER)) == {"products": 1}
    placed = replace(sold, brand="TSH", stock=(place("w", "2"),))
    assert raised(lambda: save_products([placed], at=LATER)) == {"stock": 1}
    assert raised(lambda: retire_products(["1"], at=LATER)) == {"products": 1, "prices": 1}


def test_the_same_again_raises_nothing():
    product = product_values("1", totals=StockFigures(accounting_on_hand=Decimal(3)), stock=(place("w", "3"),))
    lists = price_list("9", items=(price_item("1", "7"),))
    category = CategoryValues(zoho_id="c", name="Cables")
    local = LocalProductFields(name_ar="كيبل", name_en="", description_ar="", is_hidden=False, is_featured=False)
    for at in (NOON, LATER):
        before = versions()
        save_products([product], at=at)
        save_price_lists([lists], at=at)
        save_categories([category], at=at)
        save_local_product_fields(Product.objects.get().pk, local, at=at)

    assert versions() == before
    assert retire_products(["unknown"], at=LATER) == 0
    assert versions() == before


def test_a_product_that_gets_its_category_and_group_has_changed():
    saved_product("1", category_zoho_id="c", item_group_zoho_id="g")
    save_categories([CategoryValues(zoho_id="c", name="Cables")], at=NOON)
    save_item_groups([ItemGroupValues(zoho_id="g", name="Bags")], at=NOON)

    assert raised(lambda: attach_categories(["c"])) == {"products": 1}
    assert raised(lambda: attach_item_groups(["g"])) == {"products": 1}
    assert raised(lambda: [attach_categories(["c"]), attach_item_groups(["g"])]) == {}


def test_a_batch_raises_each_version_once_and_last():
    def batch() -> None:
        with transaction.atomic(), touched_last():
            touch(Subject.PRODUCTS, Subject.PRICES, at=NOON)
            touch(Subject.PRODUCTS, at=LATER)

    assert raised(batch) == {"prices": 1, "products": 1}
    assert [step for step in steps(batch) if step.startswith("INSERT")] == ['INSERT INTO "catalog_freshness"']
    assert Freshness.objects.get(subject="products").updated_at == LATER


def test_what_is_rolled_back_raises_nothing():
    def broken() -> None:
        with transaction.atomic(), touched_last():
            touch(Subject.PRODUCTS, at=NOON)
            raise LookupError

    before = versions()
    with pytest.raises(LookupError):
        broken()

    assert versions() == before


@pytest.mark.django_db(transaction=True)
def test_a_version_rises_with_each_of_two_writers_at_once():
    barrier = Barrier(2)

    def write() -> None:
        try:
            for subjects in ((Subject.PRODUCTS, Subject.STOCK), (Subject.STOCK, Subject.PRODUCTS)):
                barrier.wait(timeout=10)
                with transaction.atomic():
                    touch(*subjects, at=NOON)
        finally:
            connection.close()

    threads = [Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert (versions()[Subject.PRODUCTS], versions()[Subject.STOCK]) == (4, 4)
