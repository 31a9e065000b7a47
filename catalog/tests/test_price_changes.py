"""What a price was before stays known: the old one and the new one, in each list."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import PriceChange
from catalog.services.history import prune_history
from catalog.services.price_lists import retire_price_lists, save_price_lists
from catalog.services.products import retire_products, save_products
from catalog.tests.builders import LATER, NOON, price_item, price_list, product_values

pytestmark = pytest.mark.django_db


def changes() -> list[tuple]:
    rows = PriceChange.objects.order_by("price_list__zoho_id", "id")
    return list(rows.values_list("product__zoho_id", "price_list__zoho_id", "old_price", "new_price"))


@pytest.fixture
def sold():
    """A product of 100, in a list at 110 and in one at 7."""
    save_products([product_values("1", base_price=Decimal(100))], at=NOON)
    save_price_lists(
        [
            price_list("8", kind="percentage", percentage=Decimal(10), is_increase=True),
            price_list("9", currency="IQD", items=(price_item("1", "7"),)),
        ],
        at=NOON,
    )


def test_the_first_price_is_no_change(sold):
    assert changes() == []


def test_a_new_base_price_changes_the_lists_that_follow_it(sold):
    save_products([product_values("1", base_price=Decimal(200))], at=LATER)

    assert changes() == [("1", "8", Decimal(110), Decimal(220))]
    assert PriceChange.objects.get().at == LATER


def test_a_product_that_leaves_a_list(sold):
    save_price_lists([price_list("9", currency="IQD", items=())], at=LATER)

    assert changes() == [("1", "9", Decimal(7), None)]


@pytest.mark.parametrize(
    "retired", [lambda: retire_products(["1"], at=LATER), lambda: retire_price_lists(["8", "9"], at=LATER)]
)
def test_what_is_retired_has_no_price(sold, retired):
    retired()

    assert changes() == [("1", "8", Decimal(110), None), ("1", "9", Decimal(7), None)]


def test_another_currency_is_another_price(sold):
    save_price_lists([price_list("9", currency="USD", items=(price_item("1", "7"),))], at=LATER)

    change = PriceChange.objects.get()
    assert (change.old_currency, change.new_currency, change.new_price) == ("IQD", "USD", Decimal(7))


def test_the_same_price_again_is_no_change(sold):
    save_products([product_values("1", base_price=Decimal(100), brand="TSH", base_cost=Decimal(3))], at=LATER)

    assert changes() == []


def test_changes_are_one_statement_whatever_their_number(sold):
    counts = []
    for size in (2, 40):
        for price in (100, 300):
            values = [product_values(str(n), base_price=Decimal(price)) for n in range(100, 100 + size)]
            with CaptureQueriesContext(connection) as captured:
                save_products(values, at=LATER)
        counts.append(sum("pricechange" in query["sql"].partition("VALUES")[0] for query in captured.captured_queries))

    assert counts == [1, 1]


def test_old_changes_are_forgotten(sold):
    save_products([product_values("1", base_price=Decimal(200))], at=LATER)

    assert prune_history(before=LATER) == 0
    assert prune_history(before=LATER.replace(year=2027)) == 1
    assert changes() == []
