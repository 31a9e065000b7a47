"""Many rows at once, which PostgreSQL is given by COPY: as exact as an INSERT, and as safe."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.models import Product
from tsh_erp.common.sql import WORTH_COPYING, insert_new, insert_rows
from tsh_erp.common.upsert import new_row, upsert
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.publish import DomainEvent, publish

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
MANY = WORTH_COPYING + 6
NASTY = ("", " ", "\\", "\\N", "\\.", "a\tb", "a\nb\r\nc", "\\n", "'quoted' \"twice\"", "كاميرا خارجية", "😀", "\x01")


def products(count=MANY, **columns):
    return [Product(zoho_id=str(number), **{"name": f"Product {number}", **columns}) for number in range(count)]


def is_copied(queries):
    return any(query["sql"].startswith("COPY") for query in queries.captured_queries)


def test_many_rows_are_copied_and_few_are_not():
    with CaptureQueriesContext(connection) as of_many:
        insert_rows(Product, products())
    with CaptureQueriesContext(connection) as of_few:
        insert_rows(StoredEvent, [StoredEvent(type="t", aggregate="a", occurred_at=NOON)])

    assert is_copied(of_many) == (connection.vendor == "postgresql")
    assert not is_copied(of_few)


def test_texts_arrive_as_they_are():
    rows = products()
    for row, text in zip(rows, NASTY, strict=False):
        row.name = row.description = text
    insert_rows(Product, rows)

    stored = Product.objects.in_bulk(field_name="zoho_id")
    assert [stored[str(number)].name for number in range(len(NASTY))] == list(NASTY)
    assert [stored[str(number)].description for number in range(len(NASTY))] == list(NASTY)


@settings(max_examples=50)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00")), min_size=1, max_size=20))
def test_whatever_the_text(texts):
    rows = [new_row(StoredEvent, {"type": "t", "data": {"": texts}, "occurred_at": NOON}) for _ in range(MANY)]
    for row, text in zip(rows, texts, strict=False):
        row.aggregate = text[:100]
    with transaction.atomic():
        insert_rows(StoredEvent, rows)
        stored = StoredEvent.objects.in_bulk([row.pk for row in rows])
        transaction.set_rollback(True)

    assert [stored[row.pk].aggregate for row in rows] == [row.aggregate for row in rows]
    assert all(row.data == {"": texts} for row in stored.values())


def test_numbers_flags_json_and_nothing_arrive_as_they_are():
    rows = products(base_price=Decimal("12.50"), sku=None, is_combo=None, can_be_sold=False, track_inventory=True)
    rows[0].base_price, rows[0].sku = Decimal("-0.000001"), ""
    rows[0].custom_fields = [{"label": "\\N\t", "value": "س"}]
    insert_rows(Product, rows)

    first, second = Product.objects.filter(zoho_id__in=["0", "1"]).order_by("zoho_id")
    assert (first.base_price, first.sku, first.custom_fields) == (
        Decimal("-0.000001"),
        "",
        [{"label": "\\N\t", "value": "س"}],
    )
    assert (second.base_price, second.sku, second.custom_fields) == (Decimal("12.50"), None, [])
    assert (second.is_combo, second.can_be_sold, second.track_inventory) == (None, False, True)
    assert second.created_at is not None


def test_rows_get_their_keys():
    rows = products()
    insert_rows(Product, rows)

    assert dict(Product.objects.values_list("zoho_id", "pk")) == {row.zoho_id: row.pk for row in rows}
    assert not rows[0]._state.adding


def test_a_key_that_was_taken_meanwhile_is_updated():
    Product.objects.create(zoho_id="5", name="Earlier", name_ar="كاميرا")
    rows = products()
    with transaction.atomic():
        insert_new(Product, rows, fields=["name"], key=["zoho_id"])

    taken = Product.objects.get(zoho_id="5")
    assert (taken.name, taken.name_ar, taken.pk) == ("Product 5", "كاميرا", rows[5].pk)
    assert Product.objects.count() == MANY


def test_a_key_twice_is_an_error_of_the_database():
    rows = products()
    rows[1].zoho_id = rows[0].zoho_id

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Product, rows)

    assert not Product.objects.exists()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite does not look at lengths")
@pytest.mark.parametrize("name", ["x" * 501, "a\x00b"])
def test_what_cannot_be_stored_is_an_error_of_the_database(name):
    rows = products()
    rows[3].name = name

    with pytest.raises(DataError), transaction.atomic():
        upsert(Product, rows, fields=["name"])


def test_events_of_many_rows_are_stored_in_their_order():
    publish([DomainEvent("catalog.product.created", f"catalog.product:{n}", {"n": n}) for n in range(MANY)], at=NOON)

    events = list(StoredEvent.objects.order_by("id"))
    assert [event.data["n"] for event in events] == list(range(MANY))
    assert len({event.uuid for event in events}) == MANY
    assert {event.occurred_at for event in events} == {NOON}
