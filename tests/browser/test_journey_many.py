"""What is done to thousands of rows at once, and to a whole kind of record: from the button to the last row."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from catalog.models import Product
from tests.browser.journeys import Person, Site
from tests.live.zoho import encode
from zoho_sync.models import BulkAction, DeadLetter, ErrorGroup, InboxEvent, Pause, SyncQueueItem

pytestmark = pytest.mark.slow

MANY = 5_000
LETTERS = "/admin/zoho_sync/deadletter/?state__exact=open"
PAUSES = "/admin/zoho_sync/pause/"


def bury(prefix: str, *, count: int) -> None:
    """So many good records that a fault has made dead letters of, one event each."""
    now = timezone.now()
    group = ErrorGroup.objects.create(
        fingerprint=f"{prefix} many", module="item", error_class="OperationalError", sample="the disk is full",
        first_seen_at=now, last_seen_at=now, count=count,
    )  # fmt: skip
    events = []
    for number in range(count):
        zoho_id = f"{prefix}{number:06d}"
        body = encode({"item": {"item_id": zoho_id, "name": f"مسمار {number}", "sku": zoho_id, "rate": 5}})
        events.append(
            InboxEvent(
                path="products", module="item", zoho_id=zoho_id, operation="upsert", state=InboxEvent.State.DEAD,
                received_at=now, settled_at=now, reason="the disk is full", body=body,
                body_sha256=hashlib.sha256(body).hexdigest(), proof=InboxEvent.Proof.API_KEY,
                content_type="application/json",
            )
        )  # fmt: skip
    InboxEvent.objects.bulk_create(events, batch_size=500)
    DeadLetter.objects.bulk_create(
        [
            DeadLetter(
                module="item", zoho_id=event.zoho_id, event=event, group=group, attempts=3,
                error_class="OperationalError", message="the disk is full",
            )
            for event in events
        ],
        batch_size=500,
    )  # fmt: skip


def test_five_thousand_dead_letters_are_retried_at_once(person: Person, busy: Site, owner: User) -> None:
    prefix = "9001" if person.window.language == "ar" else "9002"
    bury(prefix, count=MANY)
    person.window.log_in(owner)

    page = person.open(LETTERS)
    person.choose("retry", everything=True)
    assert str(MANY) in re.sub("[,٬.]", "", page.locator("#content").inner_text())
    person.window.screenshot(f"bulk-confirm-{person.window.language}")
    person.assert_page_is_in_order()
    person.confirm()
    person.arrive("/change/")
    assert "/bulkaction/" in person.path
    person.window.screenshot(f"bulk-under-way-{person.window.language}")
    person.wait_for_badge("shown_state", person.say("completed"), seconds=240)
    person.window.screenshot(f"bulk-done-{person.window.language}")
    person.assert_page_is_in_order()

    begun = BulkAction.objects.latest("id")
    assert (begun.state, begun.done, begun.failed_again, begun.user) == ("completed", MANY, 0, owner)
    products = Product.objects.filter(zoho_id__startswith=prefix)
    busy.wait_for(lambda: products.count() == MANY, "every record is brought in", seconds=240)
    busy.wait_for(lambda: not DeadLetter.objects.unresolved().exists(), "no dead letter is left", seconds=120)


def test_an_entity_is_paused_and_resumed(person: Person, busy: Site, owner: User) -> None:
    zoho_id = busy.items()[3 if person.window.language == "ar" else 4]
    Pause.objects.all().delete()
    person.window.log_in(owner)

    page = person.open(PAUSES)
    page.locator("form[action='/admin/zoho_sync/pause/item/pause/'] [name=reason]").fill("جرد المخزن")
    page.locator("form[action='/admin/zoho_sync/pause/item/pause/'] button").click()
    page.wait_for_load_state("load")
    assert person.say("paused") in page.locator("table.switches").inner_text()
    assert "جرد المخزن" in page.locator("table.switches").inner_text()
    person.window.screenshot(f"paused-{person.window.language}")
    person.assert_page_is_in_order()

    busy.zoho.control("patch", module="item", zoho_id=zoho_id, changes={"name": "ينتظر"})
    events = InboxEvent.objects.of_record("item", zoho_id)
    busy.wait_for(events.queued().exists, "the webhook is kept")
    busy.ring_for("zoho_sync.tasks.sweep")
    busy.ring_for("zoho_sync.tasks.drain")
    page.wait_for_timeout(3000)
    assert SyncQueueItem.objects.get(module="item", zoho_id=zoho_id, status="pending").attempts == 0
    assert not Product.objects.filter(zoho_id=zoho_id, name="ينتظر").exists()
    person.open(f"/admin/zoho_sync/inboxevent/{events.queued().latest('id').pk}/change/")
    assert person.badge("shown_state") == person.say("queued")

    person.open(PAUSES)
    page.locator("form[action='/admin/zoho_sync/pause/item/resume/'] button").click()
    page.wait_for_load_state("load")
    assert person.say("paused") not in page.locator("table.switches").inner_text()
    busy.wait_for(lambda: Product.objects.filter(zoho_id=zoho_id, name="ينتظر").exists(), "the record is brought in")
