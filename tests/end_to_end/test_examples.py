"""Everything we have of the real Zoho, sent by `manage.py zoho_webhook`: every record finds its place, none is lost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from catalog.models import Product
from tests.live.web import Web
from tests.live.workers import Workers
from tests.live.zoho import REAL_ITEMS, example_files
from zoho_sync.audit import audit
from zoho_sync.models import InboxEvent, SyncQueueItem

# What each example holds; None where it holds no record of a module we mirror.
ENTITY_OF_FILE: dict[str, str | None] = {
    "books_get_pricebooks_items.json": None,
    "books_get_vendorpayments.json": "vendor-payment",
    "books_get_vendorpayments_payment_id.json": "vendor-payment",
    "get_bills.json": "bill",
    "get_bills_bill_id.json": "bill",
    "get_contacts.json": "customer",
    "get_contacts_contact_id.json": "customer",
    "get_creditnotes.json": "credit-note",
    "get_creditnotes_creditnote_id.json": "credit-note",
    "get_customerpayments.json": "payment",
    "get_customerpayments_payment_id.json": "payment",
    "get_inventoryadjustments.json": "stock",
    "get_inventoryadjustments_inventory_adjustment_id.json": "stock",
    "get_invoices.json": "invoice",
    "get_invoices_invoice_id.json": "invoice",
    "get_itemdetails.json": "product",
    "get_itemgroups.json": "item-group",
    "get_itemgroups_itemgroup_id.json": "item-group",
    "get_items.json": "product",
    "get_items_item_id.json": "product",
    "get_locations.json": "warehouse",
    "get_organizations.json": None,
    "get_pricebooks.json": "price-list",
    "get_purchaseorders.json": "purchase-order",
    "get_purchaseorders_purchaseorder_id.json": "purchase-order",
    "get_salesorders.json": "order",
    "get_salesorders_salesorder_id.json": "order",
    "get_settings_currencies.json": "currency",
    "get_settings_taxes.json": "tax",
    "get_users.json": "user",
    "get_users_user_id.json": "user",
    "get_vendorcredits.json": "vendor-credit",
}
SETTLED = {"applied", "unchanged", "superseded"}


@pytest.fixture
def send(web: Web, settings: Any) -> Any:
    """Send the records of a file; how many were taken."""
    settings.ZOHO_WEBHOOK_SECRETS = [web.secrets.signing]

    def send_file(entity: str, file: Path, capsys: pytest.CaptureFixture[str]) -> int:
        call_command("zoho_webhook", entity, str(file), to=web.url)
        taken, _, sent, _ = capsys.readouterr().out.splitlines()[-1].split()
        assert taken == sent
        return int(sent)

    return send_file


def assert_nothing_lost(*, deliveries: int) -> None:
    """Every event settled or held for a parent that its job names."""
    for event in InboxEvent.objects.exclude(state__in=SETTLED):
        assert event.state == "queued", f"{event}: {event.state}, {event.reason}"
        job = SyncQueueItem.objects.waiting().get(module=event.module, zoho_id=event.zoho_id)
        assert job.waits_for_module
        assert job.last_error == f"waits for {job.waits_for_module} {job.waits_for_id}"
    assert [check for check in audit(deliveries=deliveries) if not check.holds] == []


def test_every_example_is_known() -> None:
    assert {file.name for file in example_files()} == ENTITY_OF_FILE.keys()


@pytest.mark.lesson("L32")
@pytest.mark.parametrize("order", ["as listed", "backwards"])
def test_every_example_is_settled_or_waits_for_a_named_parent(
    workers: Workers, send: Any, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    files = example_files() if order == "as listed" else example_files()[::-1]

    sent = sum(send(entity, file, capsys) for file in files if (entity := ENTITY_OF_FILE[file.name]))
    workers.settle()

    assert sent == 30
    assert_nothing_lost(deliveries=sent)
    call_command("zoho_audit", deliveries=sent)


@pytest.mark.lesson("L28")
def test_the_real_items_arrive_as_they_are(workers: Workers, send: Any, capsys: pytest.CaptureFixture[str]) -> None:
    items = json.loads(REAL_ITEMS.read_text(encoding="utf-8"), parse_float=Decimal)["items"]

    sent = send("product", REAL_ITEMS, capsys)
    workers.settle(seconds=60)

    assert sent == len(items) == 236
    assert_nothing_lost(deliveries=236)
    stored = {product.zoho_id: product for product in Product.objects.all()}
    assert stored.keys() == {one["item_id"] for one in items}
    for one in items:
        product = stored[one["item_id"]]
        assert product.name.encode() == one["name"].encode()
        assert product.sku == (one["sku"] or None)
        assert (product.base_price, product.base_cost) == (one["rate"], one["purchase_rate"])
        assert product.reorder_level == (Decimal(one["reorder_level"]) if one["reorder_level"] != "" else None)
        assert product.is_active is (one["status"] == "active")
