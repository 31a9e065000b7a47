"""The page of an event: what it changed, and what is done with events that were put aside."""

import json

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from zoho_sync.admin.record_changes import ABSENT, differing
from zoho_sync.models import DeadLetter, InboxEvent, SyncQueueItem
from zoho_sync.tests.road import deliver, drain, item, receive_body
from zoho_sync.tests.test_admin_actions import act, history, said

pytestmark = pytest.mark.django_db


def page_of(client, event):
    return client.get(reverse("admin:zoho_sync_inboxevent_change", args=[event.pk])).content.decode()


def table_of(page):
    return page.partition('<table class="record-changes">')[2].partition("</table>")[0]


def test_an_event_shows_what_it_changed_field_by_field(admin_client):
    deliver(item("1", rate="5.00", name="Cable", unit="pcs", last_modified_time="2026-03-01T12:00:00+0300"))
    drain()
    event = deliver(item("1", rate="6.50", name="<b>Cable", unit="pcs", last_modified_time="2026-03-01T12:00:05+0300"))
    drain()

    table = table_of(page_of(admin_client, event))

    assert "rate" in table
    assert "5.00" in table
    assert "6.50" in table
    assert "&lt;b&gt;Cable" in table
    assert "unit" not in table


def test_only_fields_that_somebody_says_otherwise_are_shown():
    assert differing({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, {"c": 4, "a": 5}) == [
        ("a", 1, 1, 5),
        ("b", 2, 3, ABSENT),
    ]


def test_a_body_of_a_mebibyte_is_cut_on_the_page(admin_client, django_assert_max_num_queries):
    event = deliver(item("1", description="x" * (1024 * 1024 - 200)))

    with django_assert_max_num_queries(24):
        page = page_of(admin_client, event)

    assert "This is only the beginning." in page
    assert len(page) < 300_000


def test_events_that_were_put_aside_are_queued_again(admin_client):
    dead = deliver(item("1", rate="abc"))
    unread = InboxEvent.objects.get(uuid=receive_body(b"nonsense").event_id)
    deliver(item("2"))
    drain()

    answer = act(admin_client, list(InboxEvent.objects.order_by("pk")), "requeue")

    assert "1 event was queued again." in said(answer)
    assert {event.zoho_id: event.state for event in InboxEvent.objects.all()} == {
        "1": "queued",
        "": "invalid",
        "2": "applied",
    }
    assert DeadLetter.objects.get().state == "retried"
    assert SyncQueueItem.objects.waiting().count() == 1
    assert {pk for pk, _ in history()} == {str(dead.pk), str(unread.pk)}


def test_events_are_exported_as_json(admin_client):
    event = deliver(item("1", rate="5.10"))
    receive_body(b"\xff\x00")

    answer = act(admin_client, list(InboxEvent.objects.all()), "export_json")

    rows = json.loads(b"".join(answer.streaming_content))
    assert answer["Content-Disposition"].startswith('attachment; filename="inbox-')
    assert [row["zoho_id"] for row in rows] == ["", "1"]
    assert (rows[1]["uuid"], rows[1]["body"]) == (str(event.uuid), bytes(event.body).decode())
    assert rows[0]["body_base64"] == "/wA="


def test_a_button_of_the_page_leads_back_to_it(admin_client):
    event = deliver(item("1", rate="abc"))
    drain()
    do = reverse("admin:zoho_sync_inboxevent_do", args=[event.pk])
    assert do in page_of(admin_client, event)

    asked = admin_client.post(do, {"action": "requeue"}).content.decode()
    answer = admin_client.post(do, {"action": "requeue", "confirmed": "yes"})

    assert "This will be done to one row." in asked
    assert answer["Location"] == reverse("admin:zoho_sync_inboxevent_change", args=[event.pk])
    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["1 event was queued again."]
    assert admin_client.get(do)["Location"] == answer["Location"]
    assert admin_client.post(do, {"action": "nonsense"}).status_code == 403
