"""The sync's admin pages: what they show, that nobody edits it, and that a list costs the same at any length."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tsh_erp.admin_site import paging
from tsh_erp.events.models import StoredEvent
from zoho_sync import alerts
from zoho_sync.admin.states import TONES
from zoho_sync.models import (
    Alert,
    AlertDelivery,
    ApiSlot,
    ApiUsage,
    DeadLetter,
    ErrorGroup,
    InboxEvent,
    SyncCursor,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
    ZohoRecord,
)
from zoho_sync.tests.road import FORM, NOON, contact, deliver, drain, item, receive_body

pytestmark = pytest.mark.django_db

SYNC_MODELS = (
    Alert,
    AlertDelivery,
    ApiSlot,
    ApiUsage,
    DeadLetter,
    ErrorGroup,
    InboxEvent,
    SyncCursor,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
    ZohoRecord,
)
MODELS = (*SYNC_MODELS, StoredEvent)
STATES = (
    *InboxEvent.State,
    *SyncQueueItem.Status,
    *SyncLog.Outcome,
    *DeadLetter.State,
    *ErrorGroup.State,
    *Alert.State,
    *Alert.Severity,
    *AlertDelivery.State,
    *ZohoRecord.State,
    *SyncRun.Status,
    *ZohoConnection.Breaker,
)


def list_page(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def row_page(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def text_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def fill(number, *, start=0):
    """`number` more rows in every table of the sync, numbered from `start`."""
    numbers = range(start, start + number)
    for one in numbers:
        deliver(item(str(one)))
        deliver(item(str(1000 + one), rate="nonsense"))
    drain()
    for one in numbers:
        run = SyncRun.objects.create(module="item", mode="full", status="completed", started_at=NOON, finished_at=NOON)
        SyncCursor.objects.create(module=f"module {one}", run=run)
        ZohoConnection.objects.create(organization_id=str(one), refresh_token="very secret", scopes=["a.READ"])
        ApiSlot.objects.create(number=one)
        ApiUsage.objects.create(day=NOON.date() - timedelta(days=one), priority=1, calls=one)
        alerts.raise_alert(code="test", cause=str(one), title="Title", at=NOON)
        AlertDelivery.objects.create(
            alert=Alert.objects.latest("pk"), channel="email", kind="opened", created_at=NOON, scheduled_at=NOON
        )
        ErrorGroup.objects.create(
            fingerprint=str(one), module="item", error_class="E", sample="s", first_seen_at=NOON, last_seen_at=NOON
        )


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_page_opens_in_both_languages(admin_client, language):
    fill(1)

    for model in MODELS:
        for address in (list_page(model), row_page(model.objects.latest("pk"))):
            page = admin_client.get(address, headers={"accept-language": language})
            assert page.status_code == 200
            assert f'lang="{language}"' in page.content.decode()
            assert not re.search(r"<style|\sstyle=|\son\w+=", page.content.decode())


def test_a_list_costs_the_same_queries_at_1_and_50_rows(admin_client):
    def queries():
        counts = {}
        for model in MODELS:
            with CaptureQueriesContext(connection) as captured:
                text_of(admin_client, list_page(model))
            counts[model.__name__] = len(captured)
        return counts

    fill(1)
    queries()  # content types and the like are remembered from here on
    one_row = queries()
    fill(49, start=1)

    # Where there are several pages, the keys of one are found before its rows are read.
    several = {
        model.__name__ for model in MODELS if model.objects.count() > admin.site.get_model_admin(model).list_per_page
    }
    assert queries() == {name: count + (name in several) for name, count in one_row.items()}
    assert max(one_row.values()) <= 6


@pytest.mark.parametrize(
    ("model", "column"),
    [
        (InboxEvent, "body"),
        (ZohoRecord, "payload"),
        (DeadLetter, "traceback"),
        (SyncQueueItem, "last_traceback"),
        (ZohoConnection, "refresh_token"),
        (StoredEvent, '"data"'),
    ],
)
def test_a_list_does_not_load_what_is_heavy_or_secret(admin_client, model, column):
    fill(1)

    with CaptureQueriesContext(connection) as captured:
        text_of(admin_client, list_page(model))

    statements = [query["sql"] for query in captured if model._meta.db_table in query["sql"]]
    assert statements
    assert not [statement for statement in statements if re.search(rf"{column}\W", statement.partition(" FROM ")[0])]


def test_a_list_without_end_is_counted_to_a_limit(admin_client, monkeypatch):
    monkeypatch.setattr(paging, "MOST", 2)
    deliver(item("1"))
    deliver(item("2"))
    assert "more than" not in text_of(admin_client, list_page(InboxEvent))

    deliver(item("3"))

    assert re.search(r"more than 2\s+inbox", text_of(admin_client, list_page(InboxEvent)))


@pytest.mark.parametrize("model", MODELS)
def test_nobody_adds_changes_or_deletes(admin_client, model):
    fill(1)
    row = model.objects.latest("pk")
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    before = list(model.objects.values())

    assert admin_client.get(reverse(f"{name}_add")).status_code == 403
    assert admin_client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert admin_client.post(reverse(f"{name}_change", args=[row.pk]), {"state": "applied"}).status_code == 403
    assert 'name="_save"' not in text_of(admin_client, row_page(row))
    assert "delete_selected" not in text_of(admin_client, list_page(model))
    assert list(model.objects.values()) == before


def test_every_state_has_a_colour():
    known = {tone.value for tone in TONES}

    assert [state for state in STATES if state.value not in known] == []


def test_a_token_is_never_shown(admin_client):
    row = ZohoConnection.objects.create(organization_id="1", refresh_token="rt.secret", access_token="at.secret")

    assert "secret" not in text_of(admin_client, row_page(row)) + text_of(admin_client, list_page(ZohoConnection))


def test_a_body_is_shown_indented_digit_for_digit(admin_client):
    event = deliver(b'{"item": {"item_id": "1", "name": "\xd9\x83\xd9\x8a\xd8\xa8\xd9\x84 <b>", "rate": 12.50}}')

    page = text_of(admin_client, row_page(event))

    assert "    &quot;name&quot;: &quot;كيبل &lt;b&gt;&quot;,\n    &quot;rate&quot;: 12.50\n" in page


def test_a_form_is_shown_as_it_came_and_as_it_was_read(admin_client):
    event = deliver(
        b"JSONString=%7B%22item%22%3A%7B%22item_id%22%3A%221%22%2C%22name%22%3A%22Cable%22%7D%7D", content_type=FORM
    )

    page = text_of(admin_client, row_page(event))

    assert "JSONString=%7B%22item%22" in page
    assert "&quot;name&quot;: &quot;Cable&quot;" in page


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"\xff\xfe\x00\x01binary", "ff fe 00 01 62 69 6e 61 72 79"),
        (b"nul \x00 here", "nul ␀ here"),
        (b'{"name": "\\ud800"}', "\\ud800"),
        (b"[" * 100_000, "[[[["),
        (b'{"item": {"name": "' + b"x" * 1_000_000 + b'"}}', "This is only the beginning."),
        (b"[" * 900 + b"1," * 200_000 + b"1" + b"]" * 900, "This is only the beginning."),
        (b'{"a": NaN, "b": 1e999999}', "NaN"),
    ],
)
def test_no_body_is_too_strange_to_be_shown(admin_client, body, shown):
    receive_body(body)

    page = text_of(admin_client, row_page(InboxEvent.objects.get()))

    assert shown in page
    assert len(page) < 500_000


def test_the_bytes_can_be_fetched_and_are_never_a_page(admin_client):
    event = deliver(b"<script>alert(1)</script>")

    answer = admin_client.get(reverse("admin:zoho_sync_inboxevent_body", args=[event.pk]))

    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{event.uuid}.body"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert admin_client.get(reverse("admin:zoho_sync_inboxevent_body", args=[0])).status_code == 404


def test_the_timeline_tells_what_happened_in_order(admin_client):
    event = deliver(item("1", rate="abc"))
    receive_body(item("1", rate="abc"), at=NOON + timedelta(seconds=5))
    drain(NOON + timedelta(seconds=10))

    timeline = re.search(r'<ol class="timeline">.*?</ol>', text_of(admin_client, row_page(event)), re.S)

    assert timeline
    order = [timeline[0].index(words) for words in ("received", "delivered again", "2 deliveries", "given up", "dead<")]
    assert order == sorted(order)


def test_the_mirror_shows_the_payload_as_zoho_sent_it(admin_client):
    deliver(b'{"item": {"item_id": "1", "name": "Cable", "rate": 7.10}}')
    drain()

    assert "&quot;rate&quot;: 7.10" in text_of(admin_client, row_page(ZohoRecord.objects.get()))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("460000000026049", ["contact", "item"]),
        ("product 460000000026049", ["item"]),
        ("Customer 460000000026049", ["contact"]),
        ("nothing 460000000026049", []),
        ("4600", []),
    ],
)
def test_a_record_is_found_by_its_id_and_kind(admin_client, words, found):
    deliver(item("460000000026049"))
    deliver(contact("460000000026049"), path="customers")

    answer = admin_client.get(list_page(InboxEvent), {"q": words})

    assert sorted(event.module for event in answer.context["cl"].result_list) == found


def test_an_event_is_found_by_the_id_that_zoho_was_given(admin_client):
    event, _other = deliver(item("1")), deliver(item("2"))

    answer = admin_client.get(list_page(InboxEvent), {"q": str(event.uuid)})

    assert list(answer.context["cl"].result_list) == [event]


def test_domain_events_are_found_by_type_or_aggregate(admin_client):
    fill(2)
    event = StoredEvent.objects.first()

    for words in (event.aggregate, event.type, str(event.uuid)):
        answer = admin_client.get(list_page(StoredEvent), {"q": words})
        assert event in answer.context["cl"].result_list
    assert not admin_client.get(list_page(StoredEvent), {"q": "nothing"}).context["cl"].result_list


def test_newest_first(admin_client):
    first, second = deliver(item("1")), deliver(item("2"))

    assert list(admin_client.get(list_page(InboxEvent)).context["cl"].result_list) == [second, first]


def test_times_are_local(admin_client):
    deliver(item("1"))

    assert "<span>2026-03-01</span> <span>12:00:00</span>" in text_of(admin_client, list_page(InboxEvent))


def test_filters_ask_no_table_what_it_holds(admin_client):
    deliver(item("1"))

    for query, found in ({"module": "item"}, 1), ({"module": "bill"}, 0), ({"path": "products"}, 1), ({"path": "x"}, 1):
        answer = admin_client.get(list_page(InboxEvent), query)
        assert len(answer.context["cl"].result_list) == found
    with CaptureQueriesContext(connection) as captured:
        admin_client.get(list_page(SyncLog))
    assert not [query for query in captured if "DISTINCT" in query["sql"]]
