"""Actions of the sync's admin: asked, confirmed, counted, and written into the history of each row."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse

from tsh_erp.admin_site import operations
from zoho_sync import alerts, queue
from zoho_sync.audit import audit
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent, SyncQueueItem, ZohoRecord
from zoho_sync.tests.road import NOON, deliver, drain, invoice, item, jobs, receive_body, states

pytestmark = pytest.mark.django_db


def act(client, rows, action, *, confirmed=True, across=False, **fields):
    """Choose `action` for `rows` on their list, as the browser does after the confirmation page."""
    model = rows[0]._meta.model
    data = {
        "action": action,
        "index": "0",
        "select_across": "1" if across else "0",
        "_selected_action": [row.pk for row in rows],
        **({"confirmed": "yes"} if confirmed else {}),
        **fields,
    }
    return client.post(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), data)


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def history():
    return list(LogEntry.objects.order_by("pk").values_list("object_id", "change_message"))


def test_an_action_asks_before_it_does_anything(admin_client):
    for number in range(12):
        deliver(item(str(number)))
    deliver(item("99"))
    queue.claim("w", limit=1, at=NOON)
    rows = list(SyncQueueItem.objects.all())

    page = act(admin_client, rows, "discard", confirmed=False).content.decode()

    assert "This will be done to 12 rows." in page
    assert "One more selected row is not in a state for this" in page
    assert "item 11 (pending)" in page
    assert "and 2 more" in page
    assert '<textarea name="reason"' in page
    assert set(states()) == {"queued"}
    assert history() == []


def test_an_action_without_a_reason_where_one_is_needed_asks_again(admin_client):
    deliver(item("1"))

    answer = act(admin_client, [SyncQueueItem.objects.get()], "discard", reason="   ")

    assert "This field is required." in answer.content.decode()
    assert jobs() == ["pending"]


def test_jobs_are_discarded_with_a_reason(admin_client):
    deliver(item("1"))
    deliver(item("2"))
    drain()
    deliver(item("3"))
    rows = list(SyncQueueItem.objects.all())

    answer = act(admin_client, rows, "discard", reason="not ours")

    job = SyncQueueItem.objects.get(zoho_id="3")
    assert said(answer) == [
        "1 job was discarded.",
        "2 selected rows were left as they are: their state does not allow it.",
    ]
    assert (job.status, job.last_error) == ("discarded", "not ours")
    assert InboxEvent.objects.get(zoho_id="3").reason == "not ours"
    assert history() == [(str(job.pk), "discard: not ours")]
    assert all(check.holds for check in audit())


def test_jobs_are_retried_now_and_a_worker_is_called(admin_client, django_capture_on_commit_callbacks):
    deliver(invoice("9", customer="7"), path="invoices")
    drain()
    job = SyncQueueItem.objects.get()

    with django_capture_on_commit_callbacks() as callbacks:
        answer = act(admin_client, [job], "retry_now")

    job.refresh_from_db()
    assert said(answer) == ["1 job is due now."]
    assert (job.waits_for_id, job.attempts) == ("", 0)
    assert history() == [(str(job.pk), "retry_now")]
    assert len(callbacks) == 1


def test_nothing_selected_is_in_a_state_for_it(admin_client):
    deliver(item("1"))
    drain()

    answer = act(admin_client, [SyncQueueItem.objects.get()], "retry_now", confirmed=False)

    assert said(answer) == ["None of the selected rows is in a state for this."]


def test_all_that_the_filter_finds_and_no_more(admin_client, monkeypatch):
    monkeypatch.setattr(operations, "BATCH", 2)
    for number in range(5):
        deliver(item(str(number), rate="abc"))
    deliver(item("5"))
    drain()
    deliver(invoice("9", rate="abc"), path="invoices")
    address = reverse("admin:zoho_sync_deadletter_changelist") + "?module=item"
    data = {"action": "retry", "index": "0", "select_across": "1", "confirmed": "yes"}

    answer = admin_client.post(address, data | {"_selected_action": [DeadLetter.objects.first().pk]})

    assert said(answer) == ["5 dead letters are retried."]
    assert answer["Location"] == address
    assert set(DeadLetter.objects.values_list("state", flat=True)) == {"retried"}
    assert len(history()) == 5


def test_more_than_a_request_can_do_is_said(admin_client, monkeypatch):
    monkeypatch.setattr(operations, "MOST", 2)
    for number in range(3):
        deliver(item(str(number)))

    answer = act(admin_client, [SyncQueueItem.objects.first()], "discard", across=True, reason="x", typed="Everything ")

    assert said(answer) == [
        "2 jobs were discarded.",
        "There were more than can be done at once; select the rest again.",
    ]
    assert sorted(SyncQueueItem.objects.values_list("status", flat=True)) == ["discarded", "discarded", "pending"]


def test_a_dead_letter_is_retried_and_works(admin_client):
    deliver(item("1", rate="abc"))
    drain()

    act(admin_client, [DeadLetter.objects.get()], "retry")

    assert (states(), DeadLetter.objects.get().state) == (["queued"], "retried")
    assert jobs()[-1] == "pending"


def test_a_fresh_record_needs_a_client(admin_client):
    deliver(item("1", rate="abc"))
    drain()

    answer = act(admin_client, [DeadLetter.objects.get()], "retry_fresh")

    assert said(answer) == ["No Zoho client is configured, so no record can be fetched."]
    assert DeadLetter.objects.get().state == "open"


@pytest.mark.usefixtures("zoho")
def test_a_dead_letter_is_retried_with_a_fresh_record(admin_client):
    deliver(item("1", rate="abc"))
    drain()

    answer = act(admin_client, [DeadLetter.objects.get()], "retry_fresh")

    assert said(answer) == ["1 dead letter is retried."]
    assert SyncQueueItem.objects.waiting().get().needs_fetch is True


def test_a_dead_letter_is_discarded_with_a_reason(admin_client, admin_user):
    deliver(item("1", rate="abc"))
    drain()

    answer = act(admin_client, [DeadLetter.objects.get()], "discard", reason="test data")

    letter = DeadLetter.objects.get()
    assert said(answer) == ["1 dead letter was discarded."]
    assert (letter.state, letter.reason, letter.closed_by) == ("discarded", "test data", admin_user)
    assert states() == ["discarded"]
    assert history() == [(str(letter.pk), "discard: test data")]


@pytest.mark.parametrize(
    ("action", "reason", "state", "words"),
    [
        ("acknowledge", {}, "acknowledged", "1 error group was acknowledged."),
        ("ignore", {"reason": "known"}, "ignored", "1 error group is ignored."),
        ("resolve", {"reason": "mended"}, "resolved", "1 error group was resolved."),
    ],
)
def test_error_groups(admin_client, admin_user, action, reason, state, words):
    deliver(item("1", rate="abc"))
    drain()

    answer = act(admin_client, [ErrorGroup.objects.get()], action, **reason)

    group = ErrorGroup.objects.get()
    assert said(answer) == [words]
    assert (group.state, group.owner, group.note) == (state, admin_user, reason.get("reason", ""))


def test_alerts_are_acknowledged_and_resolved(admin_client, admin_user):
    alerts.raise_alert(code="test", title="Trouble", at=NOON)
    alert = Alert.objects.get()

    assert said(act(admin_client, [alert], "acknowledge")) == ["1 alert was acknowledged."]
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", admin_user)

    assert "1 alert was resolved." in said(act(admin_client, [alert], "resolve", reason="cable plugged in"))
    alert.refresh_from_db()
    assert (alert.state, alert.resolved_by, alert.resolution) == ("resolved", admin_user, "cable plugged in")
    assert [message for _, message in history()] == ["acknowledge", "resolve: cable plugged in"]


def test_unreadable_events_are_discarded(admin_client):
    receive_body(b"nonsense")
    event = InboxEvent.objects.get()

    assert said(act(admin_client, [event], "discard", reason="noise")) == ["1 event was discarded."]

    event.refresh_from_db()
    assert (event.state, event.reason.endswith("noise")) == ("discarded", True)


@pytest.mark.usefixtures("zoho")
def test_mirrored_records_are_synced_again(admin_client):
    ZohoRecord.objects.create(module="item", zoho_id="5", observed_at=NOON)

    answer = act(admin_client, list(ZohoRecord.objects.all()), "sync_again")

    job = SyncQueueItem.objects.get()
    assert said(answer) == ["1 record will be fetched."]
    assert (job.module, job.zoho_id, job.needs_fetch, job.priority) == ("item", "5", True, 2)
