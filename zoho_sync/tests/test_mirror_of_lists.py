"""What the mirror offers to whoever reads lists: a look without payloads, one encoding, many rows at once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Product
from tests.live.obstacles import refused_row
from tsh_erp.common.sql import WORTH_COPYING
from zoho_sync import mirror
from zoho_sync.apply import Outcome, apply_records
from zoho_sync.entities import BY_MODULE
from zoho_sync.mirror import EncodedPayload, Glimpse, Kind, Observation, fold, payload_hash
from zoho_sync.models import ZohoRecord
from zoho_sync.tests.road import NOON, seconds

ITEM = BY_MODULE["item"]
MANY = WORTH_COPYING + 6


def listed(zoho_id="1", *, second=0, modified=0, kind=Kind.LIST, **payload):
    """A row of the item list."""
    return Observation(
        zoho_id=zoho_id,
        kind=kind,
        payload=EncodedPayload({"item_id": zoho_id, "name": f"Item {zoho_id}", **payload}),
        modified_at=None if modified is None else NOON + seconds(modified),
        observed_at=NOON + seconds(second),
    )


def bring(*observations):
    with transaction.atomic():
        return apply_records(ITEM, observations, at=NOON)


def see(zoho_id, *, second):
    """A list shows the record just as the mirror has it."""
    mirror.see([ZohoRecord.objects.get(zoho_id=zoho_id).pk], at=NOON + seconds(second))


# --- one encoding ----------------------------------------------------------------------------------


def test_a_row_that_is_all_we_know_is_encoded_once():
    one = listed(rate=Decimal("12.50"))
    row = fold(ITEM, None, [one]).row

    assert row.payload is one.payload
    assert row.hash == row.list_hash == one.payload.hash == payload_hash(dict(one.payload))


@pytest.mark.parametrize(
    "other",
    [
        {"hints": {"name": "B"}},
        {"payload": EncodedPayload({"item_id": "1", "locations": [1]})},
    ],
)
def test_a_row_that_is_not_all_we_know_is_encoded_anew(other):
    one = Observation(
        **{
            "zoho_id": "1",
            "kind": Kind.LIST,
            "observed_at": NOON,
            "payload": EncodedPayload({"item_id": "1", "name": ""}),
            **other,
        }
    )
    row = fold(ITEM, None, [one]).row

    assert row.payload != one.payload
    assert row.hash == payload_hash(dict(row.payload))
    assert row.list_hash == one.payload.hash


def test_the_hash_does_not_depend_on_the_order_of_keys_but_on_digits():
    assert EncodedPayload({"a": 1, "b": {"c": 2, "d": 3}}).hash == EncodedPayload({"b": {"d": 3, "c": 2}, "a": 1}).hash
    assert EncodedPayload({"rate": Decimal("12.00")}).hash != EncodedPayload({"rate": 12}).hash


@pytest.mark.parametrize(("stock", "is_stale"), [(3, True), (5, False)])
def test_a_list_row_that_contradicts_a_webhook_of_the_same_time_makes_the_detail_stale(stock, is_stale):
    """Balances and stock move without the time; after a webhook there is no earlier row to compare with."""
    places = [{"location_id": "9", "location_stock_on_hand": 5}]
    before = listed(name="A", stock_on_hand=5)
    webhook = listed(second=1, modified=1, kind=Kind.WEBHOOK, name="B", stock_on_hand=5, locations=places)
    after = listed(second=2, modified=1, name="B", stock_on_hand=stock)

    row = fold(ITEM, None, [before, webhook, after]).row

    assert (row.list_hash, row.detail_stale) == (after.payload.hash, is_stale)


# --- a look without payloads ----------------------------------------------------------------------


@pytest.mark.django_db
def test_a_glance_shows_what_is_known_without_reading_payloads(django_assert_num_queries):
    one = listed("1", second=5, modified=3)
    bring(one, listed("2"))
    with django_assert_num_queries(1) as queries:
        found = mirror.glance("item", ["1", "9"])

    assert found == {
        "1": Glimpse(
            key=ZohoRecord.objects.get(zoho_id="1").pk,
            state=ZohoRecord.State.PRESENT,
            list_hash=one.payload.hash,
            modified_at=NOON + seconds(3),
            observed_at=NOON + seconds(5),
            detail_at=None,
            detail_stale=True,
        )
    }
    assert "payload" not in queries.captured_queries[0]["sql"]


@pytest.mark.django_db
def test_only_the_last_list_row_of_the_known_time_proves_that_nothing_happened():
    one, other = listed(rate=1), listed(rate=2)
    bring(one)
    glimpse = mirror.glance("item", ["1"])["1"]

    assert glimpse.is_as_listed(one.payload.hash, one.modified_at)
    assert not glimpse.is_as_listed(other.payload.hash, one.modified_at)
    assert not glimpse.is_as_listed(one.payload.hash, NOON + seconds(1))
    assert not glimpse.is_as_listed(one.payload.hash, None)


@pytest.mark.django_db
def test_a_record_that_has_no_time_or_is_gone_is_never_as_listed():
    without_time, gone = listed("1", modified=None), listed("2")
    bring(without_time, gone)
    bring(listed("2", second=9, kind=Kind.GONE, modified=None))
    found = mirror.glance("item", ["1", "2"])

    assert not found["1"].is_as_listed(without_time.payload.hash, None)
    assert (found["2"].is_here, found["2"].is_as_listed(gone.payload.hash, gone.modified_at)) == (False, False)


@pytest.mark.django_db
def test_noting_a_page_that_brought_nothing_new_is_one_statement(django_assert_num_queries):
    bring(*(listed(str(number)) for number in range(20)))
    keys = [row.pk for row in ZohoRecord.objects.all()]
    for second in (7, 8):
        with django_assert_num_queries(1):
            mirror.see(keys, at=NOON + seconds(second))

        assert {row.last_observed_at for row in ZohoRecord.objects.all()} == {NOON + seconds(second)}


@pytest.mark.django_db
def test_noting_nothing_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        mirror.see([], at=NOON)


@pytest.mark.django_db
def test_whoever_reads_the_mirror_knows_that_a_list_showed_the_record(django_assert_num_queries):
    bring(*(listed(str(number), second=3) for number in range(3)))
    see("0", second=9)
    see("1", second=1)
    told = {"0": NOON + seconds(9), "1": NOON + seconds(3), "2": NOON + seconds(3)}

    with django_assert_num_queries(1):
        assert {name: one.observed_at for name, one in mirror.glance("item", told).items()} == told
    with transaction.atomic():
        assert {name: row.observed_at for name, row in mirror.hold("item", told).items()} == told
    with django_assert_num_queries(1):
        assert {row.zoho_id: row.last_observed_at for row in ZohoRecord.objects.with_sightings()} == told


@pytest.mark.django_db
def test_news_of_before_a_list_showed_the_record_is_refused():
    bring(listed("1", rate=1))
    see("1", second=9)

    [late] = bring(listed("1", second=8, rate=2, kind=Kind.WEBHOOK))
    [later] = bring(listed("1", second=10, rate=3, kind=Kind.WEBHOOK))

    assert (late.outcome, later.outcome) == (Outcome.STALE, Outcome.UPDATED)
    assert ZohoRecord.objects.get().payload["rate"] == 3


@pytest.mark.django_db
def test_what_was_observed_when_tells_the_sweep_and_the_door():
    bring(*(listed(str(number), second=5) for number in range(2)))
    see("0", second=9)

    def ids(rows):
        return sorted(rows.values_list("zoho_id", flat=True))

    for second, unobserved in ((5, []), (6, ["1"]), (9, ["1"]), (10, ["0", "1"])):
        assert ids(ZohoRecord.objects.unobserved_since(NOON + seconds(second))) == unobserved
    for second, observed in ((4, ["0", "1"]), (5, ["0"]), (8, ["0"]), (9, [])):
        assert ids(ZohoRecord.objects.observed_after(NOON + seconds(second))) == observed


# --- many at once ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_many_new_rows_and_known_ones_are_written_together():
    bring(*(listed(str(number)) for number in range(5)))
    bring(*(listed(str(number), second=1, modified=1, rate=number) for number in range(MANY + 5)))

    assert ZohoRecord.objects.count() == Product.objects.count() == MANY + 5
    stored = {row.zoho_id: row for row in ZohoRecord.objects.all()}
    assert all(stored[str(number)].payload["rate"] == number for number in range(MANY + 5))
    assert all(row.hash == payload_hash(dict(row.payload)) for row in stored.values())


@pytest.mark.django_db(transaction=True)
def test_one_row_that_the_database_refuses_takes_none_of_many_down():
    with refused_row(Product, "7", message="no room for 7"):
        results = bring(*(listed(str(number)) for number in range(MANY)))

    failed = [result for result in results if result.error]
    assert [(result.zoho_id, "no room for 7" in str(result.error)) for result in failed] == [("7", True)]
    assert Product.objects.count() == ZohoRecord.objects.count() == MANY - 1


@pytest.mark.django_db
def test_the_statements_for_many_new_records_do_not_grow_with_them():
    counts = []
    for size in (MANY, 3 * MANY):
        with CaptureQueriesContext(connection) as queries:
            bring(*(listed(f"{size}-{number}") for number in range(size)))
        counts.append(len(queries))

    assert counts[0] == counts[1]
