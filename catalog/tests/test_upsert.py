"""Writing many rows by their key: only what changed, only what the caller owns, in a constant number of queries."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import Product
from tsh_erp.common.sql import update_from_values
from tsh_erp.common.upsert import upsert

pytestmark = pytest.mark.django_db

FIELDS = ("name", "base_price", "sku", "options")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def product(zoho_id="1", **columns):
    return Product(zoho_id=zoho_id, **{"name": f"Product {zoho_id}", **columns})


def put(*rows, **how):
    with transaction.atomic():
        return upsert(Product, rows, fields=FIELDS, **how)


def age():
    """Make every row look as if it had been written long ago."""
    Product.objects.update(updated_at=LONG_AGO)


def test_new_rows_are_created_with_their_keys():
    result = put(product("2"), product("1", base_price=Decimal("1.50"), options=[{"a": "ب"}]))

    assert (result.created, result.changed, result.before) == ({"1", "2"}, {}, {})
    assert result.saved.created == {"1", "2"}
    stored = Product.objects.get(zoho_id="1")
    assert (stored.pk, stored.base_price, stored.options) == (result.rows["1"].pk, Decimal("1.50"), [{"a": "ب"}])
    assert stored.created_at is not None


def test_only_rows_that_differ_are_written():
    put(product("1", base_price=1), product("2", base_price=2))
    age()

    result = put(product("1", base_price=Decimal("1.000000")), product("2", base_price=3, sku="S"))

    assert (result.created, result.changed) == (frozenset(), {"2": {"base_price", "sku"}})
    assert (result.saved.changed, result.saved.unchanged) == ({"2"}, {"1"})
    assert result.before["2"].base_price == 2
    written = dict(Product.objects.values_list("zoho_id", "updated_at"))
    assert written["1"] == LONG_AGO
    assert written["2"] > LONG_AGO


def test_columns_of_others_are_never_touched():
    put(product("1"))
    Product.objects.update(name_ar="كرسي", is_featured=True, brand="Mine")

    result = put(product("1", name="New", name_ar="lost", is_featured=False, brand="lost"))

    stored = Product.objects.get()
    assert (stored.name, stored.name_ar, stored.is_featured, stored.brand) == ("New", "كرسي", True, "Mine")
    assert (result.rows["1"].name_ar, result.rows["1"].created_at) == ("كرسي", stored.created_at)


def test_a_row_that_changes_writes_nothing_old_over_its_neighbours():
    put(product("1", base_price=1), product("2", base_price=2))
    put(product("1", name="New", base_price=1), product("2", base_price=5))

    assert sorted(Product.objects.values_list("zoho_id", "name", "base_price")) == [
        ("1", "New", 1),
        ("2", "Product 2", 5),
    ]


def test_unknown_becomes_null_and_known_again():
    put(product("1", base_price=5, sku="S"))
    put(product("1", base_price=None, sku=None))
    assert list(Product.objects.values_list("base_price", "sku")) == [(None, None)]

    put(product("1", base_price=0, sku=""))
    assert list(Product.objects.values_list("base_price", "sku")) == [(0, "")]


def test_a_retired_row_that_is_saved_is_alive_again_unless_it_must_not_be():
    put(product("1"))
    Product.objects.update(retired_at=LONG_AGO)
    assert put(product("1"), wake=False).changed == {}
    assert Product.objects.get().retired_at == LONG_AGO

    assert put(product("1")).changed == {"1": {"retired_at"}}
    assert Product.objects.get().retired_at is None


def test_the_queries_do_not_grow_with_the_rows():
    counts = {}
    for size in (1, 10, 50):
        ids = [f"{size}-{number}" for number in range(size)]
        for kind, columns in (("new", {}), ("same", {}), ("changed", {"name": "New"})):
            with CaptureQueriesContext(connection) as queries:
                put(*(product(zoho_id, **columns) for zoho_id in ids))
            counts.setdefault(kind, set()).add(len(queries))

    assert {kind: len(numbers) for kind, numbers in counts.items()} == {"new": 1, "same": 1, "changed": 1}


def test_nothing_is_nothing():
    assert put().rows == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("123"), st.none() | st.decimals(0, 99, places=6), st.text(max_size=5)), max_size=6
    )
)
def test_whatever_was_put_last_is_stored(written):
    with transaction.atomic():
        for zoho_id, price, sku in written:
            clean = sku.replace("\x00", "")
            put(product(zoho_id, base_price=price, sku=clean))
        wanted = {zoho_id: (price, sku.replace("\x00", "")) for zoho_id, price, sku in written}
        stored = {row.zoho_id: (row.base_price, row.sku) for row in Product.objects.all()}
        transaction.set_rollback(True)

    assert stored == wanted


# --- different values for many rows in one statement ---------------------------------------------


def test_each_row_gets_its_own_values(django_assert_num_queries):
    put(product("1"), product("2"), product("3"))
    keys = dict(Product.objects.values_list("zoho_id", "pk"))

    with django_assert_num_queries(1):
        found = update_from_values(
            Product,
            ("base_price", "sku", "is_active", "retired_at", "category"),
            [
                (keys["1"], None, None, False, None, None),
                (keys["2"], Decimal("1.25"), "س", True, LONG_AGO, None),
                (0, 1, "", True, None, None),
            ],
        )

    assert found == 2
    assert list(Product.objects.order_by("zoho_id").values_list("base_price", "sku", "is_active", "retired_at")) == [
        (None, None, False, None),
        (Decimal("1.25"), "س", True, LONG_AGO),
        (None, None, True, None),
    ]


def test_only_upwards():
    put(product("1", base_price=5), product("2", base_price=5))
    keys = dict(Product.objects.values_list("zoho_id", "pk"))

    assert update_from_values(Product, ("base_price",), [(keys["1"], 4), (keys["2"], 6)], only_upwards=True) == 1
    assert dict(Product.objects.values_list("zoho_id", "base_price")) == {"1": 5, "2": 6}


def test_more_rows_than_a_statement_takes():
    put(*(product(str(number)) for number in range(20)))
    [first] = Product.objects.order_by("pk").values_list("pk", flat=True)[:1]

    found = update_from_values(Product, ("sku",), [(first + number, str(number)) for number in range(20_000)])

    assert found == 20
    assert Product.objects.get(pk=first).sku == "0"


def test_no_rows_cost_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert update_from_values(Product, ("sku",), []) == 0
