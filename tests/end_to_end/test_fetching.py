"""Workers that can ask Zoho: what a webhook left open is settled without a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog.models import Product
from commerce.models import Customer, Invoice
from tests.end_to_end.conftest import Machine
from tests.live.records import item
from tests.live.sandbox import LiveSandbox
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.models import InboxEvent, ZohoRecord


@pytest.fixture(scope="module", autouse=True)
def _workers_with_a_connection(machine: Machine, zoho: LiveSandbox) -> Iterator[None]:
    machine.start_workers(**zoho.settings)
    yield
    machine.stop_workers()


@pytest.mark.lesson("L10")
def test_a_missing_parent_is_fetched(web: Web, workers: Workers, zoho: LiveSandbox) -> None:
    sold = zoho.control("list", module="invoice")[0]

    web.deliver("invoices", {"invoice": sold})
    workers.settle()

    stored = Invoice.objects.get(zoho_id=sold["invoice_id"])
    assert stored.customer == Customer.objects.get(zoho_id=sold["customer_id"])
    assert InboxEvent.objects.get().state == "applied"
    assert ZohoRecord.objects.get(module="contact").detail_at is not None


@pytest.mark.lesson("L9")
def test_a_delete_is_believed_only_when_zoho_confirms_it(web: Web, workers: Workers, zoho: LiveSandbox) -> None:
    made = zoho.control("create", module="item", webhook=False)[0]
    web.deliver("products", {"item": made})
    workers.settle()

    web.deliver("products", item(made["item_id"]), method="DELETE")
    workers.settle()
    assert Product.objects.get().retired_at is None
    event = InboxEvent.objects.latest("id")
    assert (event.state, event.reason) == ("stale", "Zoho still has the record")

    zoho.control("delete", module="item", zoho_id=made["item_id"], webhook=False)
    web.deliver("products", item(made["item_id"], name="other bytes"), method="DELETE")
    workers.settle()
    assert Product.objects.get().retired_at is not None
    assert ZohoRecord.objects.get().state == "gone"
