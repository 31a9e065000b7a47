"""What changes without moving its time, and what cannot be stored: a pull puts it right all the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.models import Product
from commerce.models import Customer
from zoho_sync import bulk, refetch
from zoho_sync.apply import apply_records
from zoho_sync.dead_letters import storable
from zoho_sync.entities import BY_MODULE
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import DeadLetter, SyncRun, ZohoRecord

pytestmark = pytest.mark.django_db(transaction=True)

FULL, INCREMENTAL = SyncRun.Mode.FULL, SyncRun.Mode.INCREMENTAL
ITEM, CONTACT = BY_MODULE["item"], BY_MODULE["contact"]


def apply(entity, observation):
    with transaction.atomic():
        return apply_records(entity, [observation], at=timezone.now(), can_fetch=True)


@pytest.mark.parametrize("mode", [FULL, INCREMENTAL])
@pytest.mark.parametrize("with_time", [False, True])
def test_an_old_webhook_that_came_late_is_put_right_by_the_next_pull(zoho, mode, with_time):
    bulk.pull(ITEM, mode=FULL)
    newest = ZohoRecord.objects.filter(module="item").order_by("-modified_at").first()
    product = Product.objects.get(zoho_id=newest.zoho_id)
    apply(ITEM, refetch.fetch_record(ITEM, product.zoho_id))
    bulk.pull(ITEM, mode=FULL)
    row = ZohoRecord.objects.get(module="item", zoho_id=product.zoho_id)
    late = Observation(
        zoho_id=product.zoho_id,
        kind=Kind.WEBHOOK,
        payload={"item_id": product.zoho_id, "name": "AN OLD NAME"},
        modified_at=row.modified_at if with_time else None,
        observed_at=timezone.now(),
    )
    apply(ITEM, late)
    assert Product.objects.get(pk=product.pk).name == "AN OLD NAME"

    bulk.pull(ITEM, mode=mode)

    assert Product.objects.get(pk=product.pk).name == product.name


@pytest.mark.lesson("L3")
def test_a_balance_that_changed_and_changed_back_without_its_time_is_right_again(zoho):
    bulk.pull(CONTACT, mode=FULL)
    record = next(one for one in zoho.control.records("contact") if one["contact_type"] == "customer")
    was = record["outstanding_receivable_amount"]
    other = Decimal(str(was)) + 50
    without_time = {"webhook": False, "touch": False}
    zoho.control.patch("contact", record["contact_id"], {"outstanding_receivable_amount": other}, **without_time)
    apply(CONTACT, refetch.fetch_record(CONTACT, record["contact_id"]))
    zoho.control.patch(
        "contact", record["contact_id"], {"outstanding_receivable_amount": was}, webhook=False, touch=False
    )

    bulk.pull(CONTACT, mode=FULL)

    mirrored = ZohoRecord.objects.get(module="contact", zoho_id=record["contact_id"])
    assert mirrored.payload["outstanding_receivable_amount"] == Decimal(str(was))
    assert Customer.objects.filter(zoho_id=record["contact_id"]).exists()


def test_a_record_with_a_character_that_no_column_holds_becomes_a_dead_letter_and_harms_no_other(zoho):
    wrong, *others = zoho.control.records("item")
    zoho.control.patch("item", wrong["item_id"], {"name": "Cable\0USB"}, webhook=False)

    run = bulk.pull(ITEM, mode=FULL)

    assert (run.status, run.failed, run.created) == (SyncRun.Status.PARTIAL, 1, len(others))
    assert DeadLetter.objects.get().payload["name"] == "Cable\\u0000USB"


def test_what_no_column_holds_is_spelled_out_wherever_it_stands():
    assert storable({"a\0": ["\ud800", {"b": ("\0", 1, None, Decimal("1.50"))}]}) == {
        "a\\u0000": ["\\ud800", {"b": ["\\u0000", 1, None, Decimal("1.50")]}]
    }
