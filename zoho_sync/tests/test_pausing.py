"""Pausing a kind of record: nothing of it is worked on, lost, aged or alarmed about, until it is resumed."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from zoho_sync import monitoring, queue
from zoho_sync.models import DeadLetter, InboxEvent, Pause, SyncQueueItem
from zoho_sync.tests.road import NOON, deliver, drain, invoice, item, jobs, states
from zoho_sync.worker.outcomes import PARENT_PATIENCE

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def paused(monkeypatch):
    """Items are paused since noon."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    queue.pause("item", reason="the mapper is being mended", by=None)
    monkeypatch.undo()


def test_what_is_paused_is_received_and_queued_but_not_claimed(paused):
    deliver(item("1"))
    deliver(invoice("9"), path="invoices")

    claimed = queue.claim("w", limit=10, at=NOON)

    assert [claim.module for claim in claimed] == ["invoice"]
    assert queue.claim_alike("w", "item", limit=10, at=NOON) == []
    assert InboxEvent.objects.get(zoho_id="1").state == "queued"


def test_nobody_is_called_for_what_is_paused(paused):
    deliver(item("1"))

    assert not SyncQueueItem.objects.due(NOON).exists()
    assert drain() == 0


def test_what_is_in_hands_is_finished(db):
    deliver(item("1"))
    [claim] = queue.claim("w", limit=1, at=NOON)

    queue.pause("item", reason="x", by=None)

    assert queue.lock_claimed([claim]) == [claim]
    assert queue.return_expired_leases(at=NOON + DAY).returned == 1
    assert (jobs(), drain(NOON + DAY)) == (["retry"], 0)


def test_a_long_pause_is_no_backlog(paused):
    deliver(item("1"))

    assert monitoring.queue_depth(at=NOON + DAY).oldest_due_seconds(NOON + DAY) == 0
    assert monitoring.queue_depth(at=NOON + DAY).by_status["pending"] == 1


def test_what_is_resumed_is_due_from_then_on_and_is_brought_in(paused):
    deliver(item("1"))

    assert queue.resume("item", at=NOON + DAY)

    assert SyncQueueItem.objects.get().next_attempt_at == NOON + DAY
    assert monitoring.queue_depth(at=NOON + DAY + HOUR).oldest_due_seconds(NOON + DAY + HOUR) == 3600
    assert drain(NOON + DAY) == 1
    assert states() == ["applied"]


def test_a_postponed_job_keeps_its_time_when_its_kind_is_resumed(paused):
    deliver(item("1"))
    SyncQueueItem.objects.update(next_attempt_at=NOON + 2 * DAY)

    queue.resume("item", at=NOON + DAY)

    assert SyncQueueItem.objects.get().next_attempt_at == NOON + 2 * DAY


def test_children_of_a_paused_kind_do_not_grow_old_waiting_for_it(db, monkeypatch):
    deliver(invoice("9", customer="7"), path="invoices")
    drain(NOON)
    waited = SyncQueueItem.objects.get(zoho_id="9")
    assert (waited.waits_for_module, waited.waiting_since) == ("contact", NOON)
    monkeypatch.setattr(timezone, "now", lambda: NOON + HOUR)
    queue.pause("contact", reason="x", by=None)
    monkeypatch.undo()
    late = NOON + PARENT_PATIENCE + 2 * HOUR

    drain(late)
    assert not DeadLetter.objects.exists()
    queue.resume("contact", at=late)

    # It had waited for an hour before the pause, and has the other twenty-three before it.
    assert SyncQueueItem.objects.get(zoho_id="9").waiting_since == late - HOUR
    drain(late + 22 * HOUR)
    assert not DeadLetter.objects.exists()
    drain(late + 25 * HOUR)
    assert DeadLetter.objects.get().zoho_id == "9"


def test_pausing_twice_and_resuming_twice_change_nothing(paused):
    assert not queue.pause("item", reason="again", by=None)
    assert Pause.objects.get().reason == "the mapper is being mended"
    assert queue.resume("item", at=NOON)
    assert not queue.resume("item", at=NOON)


def test_a_pause_needs_a_reason(db):
    with pytest.raises(ValueError, match="reason"):
        queue.pause("item", reason="  ", by=None)


# --- the page -------------------------------------------------------------------------------------

SWITCHES = "admin:zoho_sync_pause_changelist"


def said(answer):
    """The last thing that was said."""
    return [str(message) for message in get_messages(answer.wsgi_request)][-1]


def test_a_kind_is_paused_and_resumed_on_the_page(admin_client, admin_user, django_capture_on_commit_callbacks):
    deliver(item("1"))
    begin, end = (reverse(f"admin:zoho_sync_pause_{name}", args=["item"]) for name in ("begin", "end"))

    assert said(admin_client.post(begin, {"reason": "new prices"})) == "Paused: Products. What comes is queued."
    row = Pause.objects.get()
    assert (row.module, row.reason, row.user) == ("item", "new prices", admin_user)
    page = admin_client.get(reverse(SWITCHES)).content.decode()
    assert "new prices" in page
    assert end in page
    assert said(admin_client.post(begin, {"reason": "mine"})) == "Somebody else has paused it meanwhile: Products."

    with django_capture_on_commit_callbacks() as callbacks:
        assert said(admin_client.post(end)) == "Goes on: Products."
    assert len(callbacks) == 1
    assert not Pause.objects.exists()
    assert said(admin_client.post(end)) == "It was not paused any more: Products."
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == [
        "pause item: new prices",
        "resume item",
    ]


def test_pausing_by_link_or_without_a_reason_does_nothing(admin_client):
    begin = reverse("admin:zoho_sync_pause_begin", args=["item"])

    admin_client.get(begin)
    assert said(admin_client.post(begin, {"reason": " "})) == "Say why: a reason is needed to pause."
    assert admin_client.post(reverse("admin:zoho_sync_pause_begin", args=["nonsense"])).status_code == 403

    assert not Pause.objects.exists()


def test_who_only_looks_may_not_switch(client, django_user_model):
    user = django_user_model.objects.create_user("reader", is_staff=True)
    user.user_permissions.add(permission("view_syncqueueitem"))
    client.force_login(user)
    begin = reverse("admin:zoho_sync_pause_begin", args=["item"])

    assert begin not in client.get(reverse(SWITCHES)).content.decode()
    assert client.post(begin, {"reason": "x"}).status_code == 403
    assert not Pause.objects.exists()


def permission(codename):
    from django.contrib.auth.models import Permission

    return Permission.objects.get(content_type__app_label="zoho_sync", codename=codename)


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_takes_a_constant_number_of_queries(admin_client, django_assert_max_num_queries, count):
    for number in range(count):
        deliver(item(str(number)))
    admin_client.get(reverse(SWITCHES))

    with django_assert_max_num_queries(32):
        admin_client.get(reverse(SWITCHES))


def test_the_queue_says_what_is_paused(admin_client):
    queue.pause("item", reason="new prices", by=None)
    deliver(item("1"))

    page = admin_client.get(reverse("admin:zoho_sync_syncqueueitem_changelist")).content.decode()

    assert "Paused: Products" in page
