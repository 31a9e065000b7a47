"""What a worker asks Zoho for: details, parents, and whether a deleted record is really gone."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from catalog.models import Product
from commerce.models import Customer, Invoice, Vendor
from zoho_sync import queue, worker
from zoho_sync.audit import audit
from zoho_sync.models import DeadLetter, SyncLog, SyncQueueItem
from zoho_sync.queue import Work
from zoho_sync.tests.conftest import lift_limits
from zoho_sync.tests.road import NOON, deliver, drain, invoice, item, jobs, mirrored, seconds, states

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert [check for check in audit() if not check.holds] == []


@pytest.fixture
def known_invoice(zoho):
    """One of the sandbox's invoices."""
    return zoho.control.records("invoice")[0]


@pytest.fixture
def known_item(zoho):
    return next(row for row in zoho.control.records("item") if row["status"] == "active")


def header(row):
    """What a webhook says of an invoice when it was set up without its lines."""
    keys = ("invoice_id", "invoice_number", "customer_id", "total", "status", "date", "last_modified_time")
    return {"invoice": {key: row[key] for key in keys}}


def test_a_missing_parent_is_fetched_and_the_child_comes_with_it(known_invoice):
    deliver(header(known_invoice))

    drain()

    assert Invoice.objects.get().customer == Customer.objects.get(zoho_id=known_invoice["customer_id"])
    assert states() == ["applied"]


def test_a_record_that_was_only_asked_for_is_asked_for_again_after_its_parent(known_invoice):
    queue.enqueue([Work(module="invoice", zoho_id=known_invoice["invoice_id"], needs_fetch=True)], at=NOON)

    drain()

    assert Invoice.objects.get().customer.zoho_id == known_invoice["customer_id"]
    assert Invoice.objects.get().lines.exists()


def test_a_header_is_completed_by_its_detail(known_invoice):
    deliver(header(known_invoice))

    drain()

    row = mirrored("invoice", known_invoice["invoice_id"])
    assert (row.detail_stale, row.detail_at) == (False, NOON)
    assert Invoice.objects.get().lines.count() == len(row.payload["line_items"])


def test_a_parent_that_zoho_does_not_have_is_a_dead_letter_at_once(zoho):
    deliver(invoice("9", customer="404"))
    drain()

    assert DeadLetter.objects.get().message == "contact 404, to which it belongs, is gone from Zoho"
    assert (states(), Invoice.objects.count()) == (["dead"], 0)


def test_a_delete_that_zoho_confirms(zoho, known_item):
    queue.enqueue([Work(module="item", zoho_id=known_item["item_id"], needs_fetch=True)], at=NOON)
    drain()
    zoho.control.delete("item", known_item["item_id"])
    deliver(item(known_item["item_id"], name=None), method="DELETE", at=NOON + seconds(5))
    drain(NOON + seconds(5))

    assert mirrored("item", known_item["item_id"]).state == "gone"
    assert Product.objects.get().retired_at == NOON + seconds(5)


def test_a_delete_that_zoho_denies(known_item):
    queue.enqueue([Work(module="item", zoho_id=known_item["item_id"], needs_fetch=True)], at=NOON)
    drain()
    deliver(item(known_item["item_id"], name=None), method="DELETE", at=NOON + seconds(5))
    drain(NOON + seconds(5))

    assert mirrored("item", known_item["item_id"]).state == "present"
    assert Product.objects.get().retired_at is None
    assert states() == ["stale"]


@pytest.mark.parametrize("fault", ["minute_limit", "unauthorized"])
def test_what_holds_up_the_organisation_costs_no_attempt(zoho, known_item, fault):
    zoho.control.fault(fault, times=5)
    deliver(item(known_item["item_id"], name=None), method="DELETE")
    drain()

    job = SyncQueueItem.objects.get()
    assert (job.status, job.attempts) == ("retry", 0)
    assert job.next_attempt_at > NOON
    assert (states(), SyncLog.objects.get().outcome) == (["queued"], "released")

    zoho.control.fault()
    lift_limits()
    drain(job.next_attempt_at)
    assert states() == ["stale"]


def test_news_is_not_held_up_by_a_fetch_that_fails(zoho, known_item):
    queue.enqueue([Work(module="item", zoho_id=known_item["item_id"], needs_fetch=True)], at=NOON)
    zoho.control.fault("minute_limit", times=5)
    deliver(item(known_item["item_id"], name="News"))
    drain()

    assert (Product.objects.get().name, states()) == ("News", ["applied"])
    assert jobs("item", known_item["item_id"]) == ["completed", "pending"]
    follow_up = SyncQueueItem.objects.latest("id")
    assert (follow_up.needs_fetch, follow_up.next_attempt_at > NOON) == (True, True)


@pytest.fixture
def asked_for(zoho):
    """Three of the sandbox's items, wanted from Zoho."""
    ids = sorted(row["item_id"] for row in zoho.control.records("item")[:3])
    queue.enqueue([Work(module="item", zoho_id=zoho_id, needs_fetch=True) for zoho_id in ids], at=NOON)
    return ids


@pytest.fixture
def asked_for_singly(zoho):
    """Three of the sandbox's contacts, which Zoho only gives one by one."""
    ids = sorted(row["contact_id"] for row in zoho.control.records("contact")[:3])
    queue.enqueue([Work(module="contact", zoho_id=zoho_id, needs_fetch=True) for zoho_id in ids], at=NOON)
    return ids


def test_a_limit_holds_for_all_that_were_still_to_be_asked_for(zoho, asked_for_singly):
    zoho.control.fault("minute_limit", times=9)
    before = zoho.calls("/contacts/")

    drain()

    assert zoho.calls("/contacts/") - before == 1
    assert {(job.status, job.attempts, job.needs_fetch) for job in SyncQueueItem.objects.all()} == {("retry", 0, True)}


def test_nothing_is_asked_for_when_the_time_of_the_drain_is_up(zoho, asked_for):
    claims = queue.claim("w", limit=10, at=NOON)

    worker.work("w", claims, worker.Clock(now=lambda: NOON, seconds=0))

    assert (zoho.calls("/item"), Product.objects.count()) == (0, 0)
    assert {(job.status, job.attempts, job.needs_fetch) for job in SyncQueueItem.objects.all()} == {("retry", 0, True)}
    drain()
    assert Product.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stumbles_while_zoho_is_asked_loses_no_fetch(zoho, asked_for_singly, monkeypatch):
    renew, stumbles = queue.renew, iter([False, True])

    def stumble(claims, *, at):
        if next(stumbles, False):
            raise OperationalError("database is locked")
        renew(claims, at=at)

    monkeypatch.setattr(queue, "renew", stumble)

    drain()

    here = {*Customer.objects.values_list("zoho_id", flat=True), *Vendor.objects.values_list("zoho_id", flat=True)}
    assert sorted(here) == asked_for_singly
    assert zoho.calls("/contacts/") == 3


def test_a_follow_up_leaves_the_back_off_of_a_waiting_job_alone(asked_for):
    later = NOON + seconds(3600)
    SyncQueueItem.objects.update(next_attempt_at=later, attempts=3)

    queue.enqueue([Work(module="item", zoho_id=asked_for[0], priority=1)], at=NOON, hurry=False)

    job = SyncQueueItem.objects.get(zoho_id=asked_for[0])
    assert (job.next_attempt_at, job.attempts, job.priority) == (later, 3, 1)
