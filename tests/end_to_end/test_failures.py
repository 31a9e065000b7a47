"""What cannot be applied now: tried again, kept for a person, or held until its parent is there."""

from __future__ import annotations

import pytest
from django.utils import timezone

from catalog.models import Product
from commerce.models import Customer, CustomerPaymentAllocation, Invoice
from tests.end_to_end.conftest import ATTEMPTS
from tests.live.obstacles import refused_row
from tests.live.records import customer, invoice, item
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync import dead_letters, tasks
from zoho_sync.models import Alert, DeadLetter, InboxEvent, SyncLog, SyncQueueItem


@pytest.mark.lesson("L4")
def test_a_failure_leaves_its_own_words_on_the_row(web: Web, workers: Workers) -> None:
    with refused_row(Product, "1", message="the shelf is full"):
        web.deliver("products", item("1"))
        workers.settle()

        job = SyncQueueItem.objects.get()
        assert (job.status, job.attempts) == ("dead_letter", ATTEMPTS)
        assert job.last_error.startswith("the shelf is full")
        assert job.last_traceback.startswith("Traceback (most recent call last)")
        assert "catalog/services/products.py" in job.last_traceback
        assert "the shelf is full" in job.last_traceback
        outcomes = SyncLog.objects.order_by("id").values_list("outcome", "attempt")
        assert list(outcomes) == [("retry", 1), ("retry", 2), ("dead", 3)]


@pytest.mark.lesson("L4")
def test_a_failure_takes_no_neighbour_down(web: Web, workers: Workers) -> None:
    with refused_row(Product, "5", message="the shelf is full"):
        web.deliver("products", {"items": [item(str(number))["item"] for number in range(1, 10)]})
        workers.settle()

    assert set(Product.objects.values_list("zoho_id", flat=True)) == set("12346789")
    assert DeadLetter.objects.get().zoho_id == "5"


@pytest.mark.lesson("L5")
def test_used_up_attempts_make_a_dead_letter_whose_retry_works(web: Web, workers: Workers) -> None:
    with refused_row(Product, "1", message="the shelf is full"):
        web.deliver("products", item("1", rate=5))
        workers.settle()

    event, letter = InboxEvent.objects.get(), DeadLetter.objects.get()
    assert (event.state, letter.event, letter.state, letter.attempts) == ("dead", event, "open", ATTEMPTS)
    assert letter.message.startswith("the shelf is full")
    assert "the shelf is full" in letter.traceback
    assert b'"rate": 5' in bytes(letter.event.body)
    assert Alert.objects.get(code="dead_letter").state == "open"

    assert dead_letters.retry(DeadLetter.objects.all(), at=timezone.now()) == 1
    tasks.sweep()
    workers.settle()

    event.refresh_from_db()
    letter.refresh_from_db()
    assert (event.state, letter.state) == ("applied", "resolved")
    assert Product.objects.get().base_price == 5


@pytest.mark.lesson("L10")
def test_a_child_waits_for_its_parent_and_is_applied_when_it_comes(web: Web, workers: Workers) -> None:
    web.deliver("invoices", invoice("7", customer_id="1", total=100))
    workers.settle()

    job = SyncQueueItem.objects.get()
    assert (job.status, job.waits_for_module, job.waits_for_id) == ("retry", "contact", "1")
    assert (job.last_error, job.attempts) == ("waits for contact 1", 0)
    assert InboxEvent.objects.get().state == "queued"
    assert not DeadLetter.objects.exists()

    web.deliver("customers", customer("1"))
    workers.settle()

    stored = Invoice.objects.get()
    assert (stored.zoho_id, stored.customer, stored.total) == ("7", Customer.objects.get(), 100)
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"applied"}


@pytest.mark.lesson("L10")
def test_a_grandchild_waits_for_both(web: Web, workers: Workers) -> None:
    payment = {
        "payment_id": "8",
        "customer_id": "1",
        "amount": 100,
        "invoices": [{"invoice_id": "7", "amount_applied": 100}],
    }
    web.deliver("payments", {"payment": payment})
    web.deliver("invoices", invoice("7", customer_id="1", total=100))
    workers.settle()
    assert SyncQueueItem.objects.filter(status="retry").count() == 2

    web.deliver("customers", customer("1"))
    workers.settle()

    assert CustomerPaymentAllocation.objects.get().invoice == Invoice.objects.get()
    assert set(SyncQueueItem.objects.values_list("status", flat=True)) == {"completed"}


def test_what_cannot_be_stored_is_asked_for_again(web: Web, workers: Workers) -> None:
    with refused_row(InboxEvent, "1", message="the disk is full"):
        response = web.post("products", item("1"))

    assert (response.status_code, response.json()["code"]) == (503, "storage_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert "disk" not in response.text
    assert not InboxEvent.objects.exists()
    assert not SyncQueueItem.objects.exists()

    web.deliver("products", item("1"))
    workers.settle()
    assert InboxEvent.objects.get().state == "applied"
