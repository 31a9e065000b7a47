"""Zoho's fields: what begins to come, comes no more or changes its type is told once, and breaks nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Product
from zoho_sync import drift
from zoho_sync.bringing import Bringer
from zoho_sync.drift import judging, shapes
from zoho_sync.entities import BY_MODULE
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Alert, ZohoField
from zoho_sync.tests.road import NOON, Time, deliver, drain, item

pytestmark = pytest.mark.django_db

LONG_AGO = NOON - timedelta(days=2)


@pytest.fixture(autouse=True)
def _new_process():
    drift.forget()
    yield
    drift.forget()


def told(payload, *, kind=Kind.LIST, count=1):
    return [
        Observation(zoho_id=str(number), kind=kind, payload={"item_id": str(number), **payload}, observed_at=NOON)
        for number in range(count)
    ]


def watch(payload, *, at=NOON, count=1, kind=Kind.LIST, module="item"):
    """Told so many times, in batches that are looked at whole."""
    for first in range(0, count, shapes.SAMPLE):
        drift.watch(module, told(payload, kind=kind, count=min(shapes.SAMPLE, count - first)), at=at)


def learn(payload, *, at=LONG_AGO, **how):
    """A day ago, so that what comes now is news."""
    watch(payload, at=at, **how)


def fields(**where) -> dict[str, str]:
    """Types by path."""
    return {row.path: row.types for row in ZohoField.objects.filter(**where).exclude(name="")}


def changes() -> dict[str, str]:
    return {str(row): row.change for row in ZohoField.objects.changed()}


def open_alerts() -> list[tuple[str, str, str]]:
    rows = Alert.objects.unresolved().order_by("fingerprint")
    return list(rows.values_list("fingerprint", "severity", "title"))


# --- learning ------------------------------------------------------------------------------------


def test_the_first_records_teach_silently():
    watch({"name": "A", "rate": Decimal("1.5"), "is_taxable": True, "tags": [], "unit": "", "source": None})
    watch({"name": "B", "rate": 2, "lines": [{"id": "1"}], "address": {"city": "x"}, "tags": ["a"]})

    assert fields() == {
        "item_id": "string",
        "name": "string",
        "rate": "number",
        "is_taxable": "boolean",
        "tags": "list",
        "unit": "",
        "source": "",
        "lines": "list",
        "lines.id": "string",
        "address": "object",
        "address.city": "string",
    }
    assert (changes(), open_alerts()) == ({}, [])


def test_after_two_hundred_records_what_is_new_is_news():
    watch({"name": "A"}, count=199)
    watch({"name": "A", "colour": "red"})
    assert changes() == {}

    watch({"name": "A", "size": 4})

    assert changes() == {"item.size": "new"}
    assert open_alerts() == [("schema_drift:new:item.size", "info", "Zoho sends a new field: item.size")]


def test_after_a_day_too():
    learn({"name": "A"})

    watch({"name": "A", "size": 4})

    assert changes() == {"item.size": "new"}


def test_each_source_has_fields_of_its_own():
    learn({"name": "A"}, kind=Kind.LIST)
    watch({"name": "A", "locations": [{"id": 1}]}, kind=Kind.DETAIL)

    assert changes() == {}
    assert fields(source="list") == {"item_id": "string", "name": "string"}
    assert fields(source="detail")["locations.id"] == "number"


@pytest.mark.parametrize(
    "custom", [{"cf_colour": "red"}, {"custom_field_hash": {"cf_a": 1}}, {"custom_fields": [{"value": 1}]}]
)
def test_custom_fields_are_data_and_no_schema(custom):
    learn({"name": "A"})

    watch({"name": "A", **custom})

    assert fields() == {"item_id": "string", "name": "string"}


# --- what changes --------------------------------------------------------------------------------


def test_a_new_field_alerts_once_wherever_it_is_seen():
    learn({"name": "A"}, kind=Kind.LIST)
    learn({"name": "A"}, kind=Kind.WEBHOOK)

    for kind in (Kind.LIST, Kind.WEBHOOK, Kind.LIST):
        watch({"name": "A", "size": 4}, kind=kind, count=30)
    drift.forget()  # another process
    watch({"name": "A", "size": 4})

    assert [row.count for row in Alert.objects.all()] == [2]
    assert drift.count_changes() == {"item": 2}


def test_a_new_field_in_lines_is_told_by_its_path():
    learn({"line_items": [{"rate": 1}, {"rate": 2}]}, module="invoice")

    watch({"line_items": [{"rate": 1, "batch": "7"}]}, module="invoice")

    assert changes() == {"invoice.line_items.batch": "new"}


def test_a_new_list_is_one_field_and_not_all_that_is_in_it():
    learn({"name": "A"})

    watch({"name": "A", "lines": [{"a": 1, "b": 2}]})

    assert changes() == {"item.lines": "new"}


def test_another_type_is_told_with_the_one_before():
    learn({"rate": Decimal("1.5")})

    watch({"rate": {"amount": 1}})

    assert changes() == {"item.rate": "type"}
    assert fields()["rate"] == "number, object"
    alert = Alert.objects.get()
    assert (alert.title, alert.severity) == ("Zoho sends another type of value in item.rate", "warning")
    assert alert.detail == "It was number and can now be number, object: see whether records fail because of it."


@pytest.mark.parametrize(("before", "after"), [("", 5), (None, "x"), (5, ""), (5, None), (5, Decimal("5.5"))])
def test_empty_is_no_type_and_a_number_is_a_number(before, after):
    learn({"reorder_level": before})

    watch({"reorder_level": after})

    assert changes() == {}


def test_a_field_that_always_came_and_stops_is_missed_and_may_come_back():
    learn({"name": "A", "rate": 1}, count=100)

    watch({"name": "A"}, count=199)
    assert changes() == {}
    watch({"name": "A"})
    watch({"name": "A"}, at=NOON + timedelta(minutes=6))

    assert changes() == {"item.rate": "missing"}
    assert open_alerts() == [("schema_drift:missing:item.rate", "warning", "Zoho no longer sends the field item.rate")]

    watch({"name": "A", "rate": 2}, at=NOON + timedelta(minutes=20))

    assert (changes(), open_alerts()) == ({}, [])
    assert Alert.objects.get().resolution == "over by itself"


def test_a_field_that_comes_now_and_then_is_not_missed():
    for number in range(10):
        learn({"name": "A", **({"coupon": "x"} if number % 2 else {})}, count=20)

    watch({"name": "A"}, count=400)

    assert changes() == {}


def test_lines_are_missed_only_where_there_are_lines():
    learn({"lines": [{"rate": 1}]}, count=100)

    watch({"lines": []}, count=400)

    assert changes() == {}


# --- what it costs, and what it cannot break ------------------------------------------------------


def test_what_is_known_costs_no_query():
    watch({"name": "A"}, count=20)

    with CaptureQueriesContext(connection) as captured:
        watch({"name": "B"}, count=100)
    assert len(captured) == 0

    with CaptureQueriesContext(connection) as captured:
        watch({"name": "B"}, count=100)
    assert 0 < len(captured) <= 6
    whole = ZohoField.objects.get(name="", parent="")
    assert (whole.seen, ZohoField.objects.get(name="name").share) == (208, 1.0)


def test_of_a_large_batch_a_sample_is_looked_at():
    drift.watch("item", told({"name": "A"}, count=200), at=NOON)
    drift.watch("item", told({"name": "A"}, count=21), at=NOON + timedelta(minutes=5))

    assert ZohoField.objects.get(name="", parent="").seen == 8 + 7


def test_counts_of_several_processes_add_up():
    for _ in range(3):
        drift.forget()
        watch({"name": "A"}, count=8)

    assert ZohoField.objects.get(name="name").seen == 24


def test_odd_records_are_looked_at_without_harm():
    watch({"x" * 300: 1, "a\x00b": 2, **{f"k{number}": 1 for number in range(2_000)}})

    assert ZohoField.objects.count() == shapes.MOST_KEYS + 1 - 2  # with the row of the whole
    watch({"name": "A"}, at=NOON + timedelta(minutes=5))
    assert "name" in fields()


def test_a_failure_here_fails_no_batch(monkeypatch, caplog):
    watch({"item_id": "1", "name": "A"}, kind=Kind.WEBHOOK)
    monkeypatch.setattr(judging, "COUNTED", ("nonsense",))

    deliver(item("1", name="Mouse", colour="red"))
    assert drain() == 1
    deliver(item("1", name="Mouse", colour="blue"))
    assert drain() == 1

    assert Product.objects.get().name == "Mouse"
    assert caplog.text.count("drift_not_noted") == 1
    assert "colour" not in fields()

    monkeypatch.undo()
    watch({"colour": "red"}, kind=Kind.WEBHOOK, at=NOON + timedelta(minutes=5))
    assert "colour" in fields()


def test_webhooks_and_pulls_are_watched():
    time = Time()
    deliver(item("1", name="Mouse", rate="5"))
    drain()
    Bringer().bring(BY_MODULE["item"], told({"name": "A", "unit": "pcs"}))

    assert fields(source="webhook") == {"item_id": "string", "name": "string", "rate": "string"}
    assert fields(source="list")["unit"] == "string"

    ZohoField.objects.update(first_seen_at=time.now - timedelta(days=2))
    deliver(item("1", name="Mouse", rate={"amount": "5"}, is_new=True), at=time.pass_by(minutes=1))
    drain(time.now)

    assert changes() == {"item.rate": "type", "item.is_new": "new"}
    assert Product.objects.get(zoho_id="1").base_price == Decimal(5)


# --- the page ------------------------------------------------------------------------------------


def test_staff_see_and_accept_changes(client):
    client.force_login(get_user_model().objects.create_superuser("owner"))
    learn({"name": "A", "rate": 1, "old": 1}, count=100)
    watch({"name": "A", "rate": "x", "size": 1}, count=200)
    watch({"name": "A"}, at=NOON + timedelta(minutes=6))
    page = reverse("admin:zoho_sync_zohofield_changelist")
    assert changes() == {"item.old": "missing", "item.rate": "type", "item.size": "new"}

    listed = client.get(page, {"change__exact": "new"}).content.decode()
    assert "began to come" in listed
    assert "size" in listed
    chosen = [row.pk for row in ZohoField.objects.changed()]
    assert client.get(reverse("admin:zoho_sync_zohofield_change", args=chosen[:1])).status_code == 200
    client.post(page, {"action": "accept", "_selected_action": chosen, "confirmed": "1"})

    assert (changes(), open_alerts()) == ({}, [])
    assert "old" not in fields()
    watch({"name": "A", "rate": "x", "size": 1}, at=NOON + timedelta(minutes=20))
    assert changes() == {}
    watch({"name": "A", "rate": "x", "old": 1}, at=NOON + timedelta(minutes=30))
    assert changes() == {"item.old": "new"}
