"""The pages from which the sync is operated, looked at in both languages, light and dark, on a desk and a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests.browser.visitor import DESK, PHONE
from tsh_erp.jobs.models import JobRun
from tsh_erp.jobs.schedules import write_schedules
from zoho_sync import bulk_actions, queue
from zoho_sync.models import BulkAction, DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem, ZohoConnection
from zoho_sync.schedules import SCHEDULES
from zoho_sync.tests.road import deliver, drain, item

LOOKS = [
    pytest.param("ar", "light", DESK, id="ar-light-desk"),
    pytest.param("en", "dark", DESK, id="en-dark-desk"),
    pytest.param("ar", "dark", PHONE, id="ar-dark-phone"),
    pytest.param("en", "light", PHONE, id="en-light-phone"),
]


@pytest.fixture(scope="module")
def room(machine, owner: User) -> dict[str, str]:
    """Something on every page; the addresses by name."""
    now = timezone.now()
    deliver(item("9001", rate="5.00", name="كيبل شحن"), at=now)
    drain(now)
    deliver(item("9001", rate="6.50", name="كيبل شحن سريع"), at=now)
    deliver(item("9002", rate="خمسة آلاف"), at=now)
    drain(timezone.now())
    deliver(item("9003"), at=now)
    queue.pause("invoice", reason="الأسعار تُصحَّح", by=owner)
    write_schedules(SCHEDULES)
    for state, seconds in (("succeeded", 2), ("failed", 5), ("succeeded", 3)):
        JobRun.objects.create(
            name="healing",
            state=state,
            started_at=now,
            finished_at=now + timedelta(seconds=seconds),
            lease_ends_at=now,
            worker="w",
        )
    letter = DeadLetter.objects.get(zoho_id="9002")
    bulk = bulk_actions.start(
        table="zoho_sync.deadletter",
        action="retry",
        query="state__exact=open",
        answer="",
        upto=10**6,
        expected=5_000,
        is_estimate=False,
        user=owner,
    )
    BulkAction.objects.filter(pk=bulk.pk).update(done=1_700, state="cancelled", finished_at=now)
    connection, _ = ZohoConnection.objects.get_or_create(
        organization_id="1", defaults={"organization_name": "TSH", "scopes": ["ZohoInventory.fullaccess.all"]}
    )
    event = InboxEvent.objects.filter(zoho_id="9001").latest("pk")
    job = SyncQueueItem.objects.filter(zoho_id="9003").latest("pk")
    root = "/admin/zoho_sync"
    return {
        "inbox": f"{root}/inboxevent/",
        "event": f"{root}/inboxevent/{event.pk}/change/",
        "queue": f"{root}/syncqueueitem/",
        "job": f"{root}/syncqueueitem/{job.pk}/change/",
        "pauses": f"{root}/pause/",
        "causes": f"{root}/errorgroup/",
        "cause": f"{root}/errorgroup/{ErrorGroup.objects.get(pk=letter.group_id).pk}/change/",
        "dead-letter": f"{root}/deadletter/{letter.pk}/change/",
        "correct": f"{root}/deadletter/{letter.pk}/correct/",
        "bulk-actions": f"{root}/bulkaction/",
        "bulk-action": f"{root}/bulkaction/{bulk.pk}/change/",
        "schedules": "/admin/django_q/schedule/",
        "connection": f"{root}/zohoconnection/{connection.pk}/change/",
    }


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_the_pages_look_right(visitor, owner, room, language, scheme, size):
    window = visitor(language=language, scheme=scheme, size=size)
    window.log_in(owner)
    wrong = []

    for name, path in room.items():
        page = window.open_page(path)
        window.screenshot(f"room-{name}-{language}-{scheme}-{size[0]}")
        assert page.evaluate("getComputedStyle(document.body).direction") == ("rtl" if language == "ar" else "ltr")
        for check in (window.assert_no_sideways_scroll, window.assert_no_axe_findings):
            try:
                check()
            except AssertionError as error:
                wrong.append(f"{name}: {error}")

    window.assert_no_csp_or_foreign_requests()
    assert not wrong, "\n\n".join(wrong)


def test_a_kind_is_paused_and_resumed_without_javascript(visitor, owner, room):
    window = visitor(javascript=False)
    window.log_in(owner)
    page = window.open_page(room["pauses"])
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Products"))

    row.get_by_role("textbox").fill("new prices")
    row.get_by_role("button", name="Pause").click()
    assert "new prices" in row.inner_text()
    assert "Paused: " in window.open_page(room["queue"]).locator(".paused-note").inner_text()

    window.open_page(room["pauses"])
    row.get_by_role("button", name="Resume").click()
    assert "new prices" not in row.inner_text()
