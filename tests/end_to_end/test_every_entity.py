"""Every entity of the registry goes the whole road: receiver, queue, worker, business table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps

from tests.live.records import bill, customer, invoice, vendor
from tests.live.web import Web
from tests.live.workers import Workers
from tests.live.zoho import read_example
from zoho_sync.entities import ENTITIES, Entity
from zoho_sync.models import InboxEvent, SyncQueueItem

# The documentation examples of each module; the one without an example is told in api.md §4.
EXAMPLES: dict[str, tuple[str, ...]] = {
    "currency": ("get_settings_currencies.json",),
    "tax": ("get_settings_taxes.json",),
    "user": ("get_users.json", "get_users_user_id.json"),
    "location": ("get_locations.json",),
    "category": (),
    "itemgroup": ("get_itemgroups.json", "get_itemgroups_itemgroup_id.json"),
    "item": ("get_items.json", "get_items_item_id.json", "get_itemdetails.json"),
    "pricebook": ("get_pricebooks.json",),
    "contact": ("get_contacts.json", "get_contacts_contact_id.json"),
    "salesorder": ("get_salesorders.json", "get_salesorders_salesorder_id.json"),
    "purchaseorder": ("get_purchaseorders.json", "get_purchaseorders_purchaseorder_id.json"),
    "invoice": ("get_invoices.json", "get_invoices_invoice_id.json"),
    "bill": ("get_bills.json", "get_bills_bill_id.json"),
    "creditnote": ("get_creditnotes.json", "get_creditnotes_creditnote_id.json"),
    "vendorcredit": ("get_vendorcredits.json",),
    "customerpayment": ("get_customerpayments.json", "get_customerpayments_payment_id.json"),
    "vendorpayment": ("books_get_vendorpayments.json", "books_get_vendorpayments_payment_id.json"),
    "inventoryadjustment": (
        "get_inventoryadjustments.json",
        "get_inventoryadjustments_inventory_adjustment_id.json",
    ),
}
CATEGORY = {"category_id": "31", "name": "كاميرات", "parent_category_id": "-1"}
OF_VENDORS = {"bill", "purchaseorder", "vendorcredit", "vendorpayment"}


def records(entity: Entity) -> Iterator[dict[str, Any]]:
    if not EXAMPLES[entity.module]:
        yield CATEGORY
    for name in EXAMPLES[entity.module]:
        body = read_example(name)
        if entity.id_key in body:
            yield {key: value for key, value in body.items() if key not in ("code", "message")}
        for key in (*entity.list_keys, *entity.detail_keys):
            found = body.get(key, [])
            yield from found if isinstance(found, list) else [found]


def parent(child: Entity, module: str, zoho_id: str) -> tuple[str, dict[str, Any]]:
    """Where to post what of a parent that an example names and does not bring along."""
    contact = vendor if child.module in OF_VENDORS else customer
    return {
        "contact": lambda: ("customers", contact(zoho_id)),
        "invoice": lambda: ("invoices", invoice(zoho_id, customer_id="1")),
        "bill": lambda: ("bills", bill(zoho_id, vendor_id="1")),
    }[module]()


@pytest.mark.lesson("L6")
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.module)
def test_examples_reach_the_business_table(web: Web, workers: Workers, entity: Entity) -> None:
    path, root = entity.webhook_path or "products", entity.detail_keys[0]
    sent = list(records(entity))
    assert sent
    for record in sent:
        web.deliver(path, {root: record})
    workers.settle()
    while waiting := list(SyncQueueItem.objects.waiting()):
        for job in waiting:
            web.deliver(*parent(entity, job.waits_for_module, job.waits_for_id))
        workers.settle()

    events = InboxEvent.objects.filter(module=entity.module)
    wanted = {str(record[entity.id_key]) for record in sent}
    assert set(events.values_list("zoho_id", flat=True)) >= wanted
    assert set(events.values_list("state", flat=True)) <= {"applied", "superseded", "unchanged"}
    stored = {
        zoho_id
        for label in entity.models
        for zoho_id in apps.get_model(label).objects.filter(retired_at=None).values_list("zoho_id", flat=True)
    }
    assert stored >= wanted


@pytest.mark.lesson("L6")
@pytest.mark.parametrize("name", ["PRODUCT", "Product", "product", "items", "ITEM"])
def test_the_case_of_a_name_drops_nothing(web: Web, workers: Workers, name: str) -> None:
    answer = web.deliver("products", {"entity_type": name, "entity_id": "1", "data": {"name": "mouse"}})
    workers.settle()

    assert answer["success"] is True
    assert InboxEvent.objects.get().state == "applied"
    assert apps.get_model("catalog.product").objects.get().name == "mouse"
