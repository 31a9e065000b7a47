"""What news does to a record: only newer news, only the keys it carries, and only what can be read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from catalog.models import Product
from commerce.models import Customer, Invoice
from tests.live.records import customer, held, invoice, item
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.models import DeadLetter, InboxEvent, ZohoRecord

NOON, A_SECOND_LATER = "2026-03-01T12:00:00+0300", "2026-03-01T12:00:01+0300"


@pytest.mark.lesson("L12")
def test_older_news_that_waits_with_newer_is_superseded(web: Web, workers: Workers) -> None:
    with held("item", "1"):
        web.deliver("products", item("1", rate=12, last_modified_time=A_SECOND_LATER))
        web.deliver("products", item("1", rate=11, last_modified_time=NOON))
    workers.settle()

    newer, older = InboxEvent.objects.order_by("id")
    assert (newer.state, older.state, older.successor) == ("applied", "superseded", newer)
    assert Product.objects.get().base_price == Decimal(12)


@pytest.mark.lesson("L12")
def test_older_news_after_newer_was_applied_is_stale(web: Web, workers: Workers) -> None:
    web.deliver("products", item("1", rate=12, last_modified_time=A_SECOND_LATER))
    workers.settle()

    web.deliver("products", item("1", rate=11, last_modified_time=NOON))
    workers.settle()

    older = InboxEvent.objects.latest("id")
    assert (older.state, older.reason) == ("stale", "older than what is known")
    assert Product.objects.get().base_price == Decimal(12)


@pytest.mark.lesson("L7")
def test_a_payload_with_only_a_name_changes_only_the_name(web: Web, workers: Workers) -> None:
    web.deliver(
        "products",
        item("1", rate=10, purchase_rate=7, sku="A-1", stock_on_hand=5, reorder_level=2, status="active", unit="pcs"),
    )
    workers.settle()
    before = Product.objects.values().get()

    web.deliver("products", {"item": {"item_id": "1", "name": "another"}})
    workers.settle()

    after = Product.objects.values().get()
    by_itself = {"updated_at", "search_text", "search_names", "search_codes"}
    assert {key for key in before if before[key] != after[key]} - by_itself == {"name"}
    assert (after["name"], after["base_price"], after["accounting_on_hand"]) == ("another", Decimal(10), Decimal(5))


@pytest.mark.lesson("L8")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("", None),
        (" ", None),
        ("None", None),
        (None, None),
        ({}, None),
        ("7.00", Decimal(7)),
        ("1,234.50", Decimal("1234.5")),
        (0, Decimal(0)),
        (0.1, Decimal("0.1")),
        ("-3", Decimal(-3)),
    ],
)
def test_numbers_are_read_as_zoho_writes_them(web: Web, workers: Workers, sent: Any, stored: Decimal | None) -> None:
    web.deliver("products", item("1", rate=5, reorder_level=sent))
    workers.settle()

    product = Product.objects.get()
    assert (product.reorder_level, product.base_price) == (stored, Decimal(5))


@pytest.mark.lesson("L8")
def test_booleans_and_dates_are_read_as_zoho_writes_them(web: Web, workers: Workers) -> None:
    web.deliver("customers", customer("9"))
    for number, date in enumerate(("2026-03-09", "09/03/2026", "09-03-2026", "9 Mar 2026", "")):
        web.deliver("invoices", invoice(str(number), customer_id="9", date=date))
    web.deliver("products", item("1", can_be_sold="true", can_be_purchased="", track_inventory=0))
    workers.settle()

    dates = [str(one) for one in Invoice.objects.order_by("zoho_id").values_list("date", flat=True)]
    assert dates == ["2026-03-09"] * 4 + ["None"]
    product = Product.objects.get()
    assert (product.can_be_sold, product.can_be_purchased, product.track_inventory) == (True, None, False)


@pytest.mark.lesson("L8")
@pytest.mark.parametrize(
    ("key", "nonsense"), [("rate", "abc"), ("rate", [1]), ("status", "asleep"), ("reorder_level", "1.2.3")]
)
def test_nonsense_is_refused_by_name(web: Web, workers: Workers, key: str, nonsense: Any) -> None:
    web.deliver("products", item("1", rate=5, reorder_level=2, status="active"))
    workers.settle()

    web.deliver("products", item("1", **{key: nonsense}))
    workers.settle()

    letter = DeadLetter.objects.get()
    assert (letter.error_class, letter.zoho_id, letter.state) == ("MappingError", "1", "open")
    assert letter.message.startswith(f"{key}: {nonsense!r}")
    assert letter.event == InboxEvent.objects.get(state="dead")
    product = Product.objects.get()
    assert (product.base_price, product.reorder_level, product.is_active) == (Decimal(5), Decimal(2), True)


@pytest.mark.lesson("L9")
def test_an_inactive_item_stays_inactive_until_zoho_says_otherwise(web: Web, workers: Workers) -> None:
    web.deliver("products", item("1", status="active"))
    web.deliver("products", item("1", status="inactive"))
    workers.settle()
    assert Product.objects.get().is_active is False

    web.deliver("products", item("1", rate=3))
    workers.settle()
    assert Product.objects.get().is_active is False

    web.deliver("products", item("1", status="active"))
    workers.settle()
    assert Product.objects.get().is_active is True


@pytest.mark.lesson("L9")
@pytest.mark.parametrize("how", ["DELETE", "?event=deleted", "envelope"])
def test_a_deleted_record_is_retired_and_old_news_does_not_wake_it(web: Web, workers: Workers, how: str) -> None:
    web.deliver("customers", customer("1", last_modified_time=NOON))
    workers.settle()

    body = customer("1", last_modified_time=NOON)
    if how == "DELETE":
        web.deliver("customers", body, method="DELETE")
    elif how == "envelope":
        web.deliver("customers", {"entity_type": "customer", "entity_id": "1", "event_type": "customer.deleted"})
    else:
        web.deliver("customers", body, pairs=[("event", "deleted")])
    workers.settle()
    retired_at = Customer.objects.get().retired_at
    assert retired_at is not None
    assert ZohoRecord.objects.get().state == "unconfirmed_gone"

    web.deliver("customers", customer("1", notes="old news", last_modified_time=NOON))
    web.deliver("customers", customer("1", notes="news without a time"))
    workers.settle()
    assert Customer.objects.get().retired_at == retired_at
    assert list(InboxEvent.objects.order_by("id").values_list("state", flat=True)[2:]) == ["stale", "stale"]


@pytest.mark.lesson("L9")
def test_a_record_we_never_had_can_be_deleted(web: Web, workers: Workers) -> None:
    web.deliver("products", item("1"), method="DELETE")
    workers.settle()

    assert not Product.objects.exists()
    assert InboxEvent.objects.get().state == "applied"
