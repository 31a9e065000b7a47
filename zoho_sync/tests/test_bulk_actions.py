"""Bulk actions: everything that a list's filter finds, in the background, safely stopped, resumed and done once."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from zoho_sync import bulk_actions, tasks
from zoho_sync.admin import bulk_asking, bulk_performing
from zoho_sync.bulk_actions import Taken
from zoho_sync.models import BulkAction, DeadLetter, SyncQueueItem
from zoho_sync.tests.road import deliver, drain, invoice, item

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Three rows are many, four the first batch, and nobody waits for the first to show how they end."""
    monkeypatch.setattr(bulk_asking, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(bulk_performing, "FIRST_BATCH", 4)
    monkeypatch.setattr(bulk_performing, "BATCH", 5)
    monkeypatch.setattr(bulk_performing, "WATCH_SECONDS", 0)
    monkeypatch.setattr(bulk_performing, "LOOK_SECONDS", 0)


def ask(client, model, action, *, query="", **fields):
    page = reverse(f"admin:zoho_sync_{model._meta.model_name}_changelist") + query
    data = {"action": action, "index": "0", "select_across": "1", "_selected_action": [model.objects.first().pk]}
    return client.post(page, data | fields)


def begin(client, model, action, **fields):
    ask(client, model, action, confirmed="yes", **fields)
    return BulkAction.objects.latest("pk")


def bury(count, start=0):
    for number in range(start, start + count):
        deliver(item(str(number), rate="abc"))
    drain()


def letters():
    return sorted(DeadLetter.objects.values_list("state", flat=True))


def test_many_rows_are_asked_for_with_their_number_a_sample_and_what_becomes_of_them(admin_client):
    bury(12)

    page = ask(admin_client, DeadLetter, "retry").content.decode()

    assert "This will be done to 12 rows, in the background." in page
    assert "All dead events of their records are queued again." in page
    assert "if more than half of them fail again" in page
    assert page.count("item 1") >= 1
    assert not BulkAction.objects.exists()
    assert letters() == ["open"] * 12


def test_it_is_begun_and_leads_to_where_it_is_watched(admin_client, admin_user):
    bury(6)

    answer = ask(admin_client, DeadLetter, "retry", query="?module=item", confirmed="yes")

    begun = BulkAction.objects.get()
    assert answer["Location"] == reverse("admin:zoho_sync_bulkaction_change", args=[begun.pk])
    assert (begun.table, begun.action, begun.query) == ("zoho_sync.deadletter", "retry", "module=item")
    assert (begun.expected, begun.is_estimate, begun.user, begun.state) == (6, False, admin_user, "queued")
    assert OrmQ.objects.filter(key="long").count() == 1
    assert letters() == ["open"] * 6
    assert "Retry · dead letters" in admin_client.get(answer["Location"]).content.decode()


def test_it_does_what_the_filter_finds_and_no_other_row_and_nothing_newer(admin_client):
    for number in range(7):
        deliver(item(str(number)))
    deliver(invoice("9"), path="invoices")
    begun = begin(admin_client, SyncQueueItem, "prioritise", query="?module=item", priority="1")
    deliver(item("99"))

    assert bulk_performing.perform(begun.pk) == "completed"

    begun.refresh_from_db()
    assert (begun.done, begun.left_out, begun.expected) == (7, 0, 7)
    changed = SyncQueueItem.objects.filter(priority=1)
    assert sorted(changed.values_list("zoho_id", flat=True)) == [str(number) for number in range(7)]
    assert LogEntry.objects.filter(change_message="prioritise: 1").count() == 8  # seven rows, and itself


def test_rows_that_changed_meanwhile_are_left_alone(admin_client):
    for number in range(5):
        deliver(item(str(number)))
    begun = begin(admin_client, SyncQueueItem, "discard", reason="x", typed="everything")
    SyncQueueItem.objects.filter(zoho_id__in=["1", "3"]).update(status="processing")

    bulk_performing.perform(begun.pk)

    assert sorted(SyncQueueItem.objects.values_list("zoho_id", "status")) == [
        ("0", "discarded"),
        ("1", "processing"),
        ("2", "discarded"),
        ("3", "processing"),
        ("4", "discarded"),
    ]


def test_everything_is_discarded_only_with_the_word_typed(admin_client):
    for number in range(5):
        deliver(item(str(number)))

    page = ask(admin_client, SyncQueueItem, "discard", confirmed="yes", reason="x", typed="yes").content.decode()

    assert "This is not the word." in page
    assert not BulkAction.objects.exists()


def test_it_stops_when_most_of_the_first_fail_again(admin_client):
    bury(10)
    begun = begin(admin_client, DeadLetter, "retry")

    assert bulk_performing.perform(begun.pk) == "watching"
    assert letters() == ["open"] * 6 + ["retried"] * 4
    drain(timezone.now())
    assert bulk_performing.perform(begun.pk) == "stopped"

    begun.refresh_from_db()
    assert (begun.done, begun.failed_again) == (4, 4)
    assert letters() == ["open"] * 10
    assert bulk_performing.perform(begun.pk) != "completed"


def test_it_goes_on_when_the_first_come_through(admin_client, monkeypatch):
    bury(10)
    begun = begin(admin_client, DeadLetter, "retry")
    bulk_performing.perform(begun.pk)
    for number in range(4):
        deliver(item(str(number), rate="5", last_modified_time="2027-03-01T12:00:00+0300"))
    DeadLetter.objects.filter(state="retried").update(state="resolved")

    assert bulk_performing.perform(begun.pk) == "completed"

    assert letters() == ["resolved"] * 4 + ["retried"] * 6


def test_who_looked_at_it_can_have_the_rest_done_all_the_same(admin_client):
    bury(10)
    begun = begin(admin_client, DeadLetter, "retry")
    bulk_performing.perform(begun.pk)
    drain(timezone.now())
    bulk_performing.perform(begun.pk)

    page = reverse("admin:zoho_sync_bulkaction_do", args=[begun.pk])
    admin_client.post(page, {"action": "go_on", "confirmed": "yes"})

    assert bulk_performing.perform(begun.pk) == "completed"
    assert letters() == ["open"] * 4 + ["retried"] * 6


def test_it_is_cancelled_between_two_batches(admin_client):
    for number in range(12):
        deliver(item(str(number)))
    begun = begin(admin_client, SyncQueueItem, "prioritise", priority="1")
    work = bulk_performing._Work(bulk_actions.take(begun.pk, at=timezone.now()))
    work._do_some()

    page = reverse("admin:zoho_sync_bulkaction_do", args=[begun.pk])
    answer = admin_client.post(page, {"action": "cancel", "confirmed": "yes"})

    assert [str(one) for one in get_messages(answer.wsgi_request)][-1:] == ["1 bulk action was asked to stop."]
    assert work.run() == "cancelled"
    begun.refresh_from_db()
    assert (begun.state, begun.done) == ("cancelled", 5)
    assert SyncQueueItem.objects.filter(priority=1).count() == 5


def test_one_that_waits_is_cancelled_at_once(admin_client):
    bury(5)
    begun = begin(admin_client, DeadLetter, "retry")

    assert bulk_actions.request_cancel(begun.pk, at=timezone.now())

    assert bulk_performing.perform(begun.pk).startswith("bulk action")
    assert letters() == ["open"] * 5


def test_a_killed_worker_is_followed_by_another_and_no_row_is_done_twice(admin_client):
    for number in range(12):
        deliver(item(str(number)))
    begun = begin(admin_client, SyncQueueItem, "prioritise", priority="1")
    dead = bulk_performing._Work(bulk_actions.take(begun.pk, at=timezone.now()))
    dead._do_some()
    OrmQ.objects.all().delete()

    assert bulk_performing.perform(begun.pk).startswith("bulk action")  # the dead one is not yet taken for dead
    BulkAction.objects.update(beat_at=timezone.now() - bulk_actions.SILENCE - timedelta(seconds=1))
    assert bulk_actions.call_for_forgotten(at=timezone.now()) == 1
    assert OrmQ.objects.filter(key="long").count() == 1
    assert bulk_performing.perform(begun.pk) == "completed"

    begun.refresh_from_db()
    assert begun.done == 12
    assert LogEntry.objects.filter(change_message="prioritise: 1", object_id=str(begun.pk)).count() >= 1
    per_row = LogEntry.objects.filter(content_type__model="syncqueueitem")
    assert per_row.count() == 12
    with pytest.raises(Taken):
        dead._do_some()


def test_a_forgotten_one_is_called_for_by_the_sweep(admin_client):
    bury(5)
    begun = begin(admin_client, DeadLetter, "retry")
    OrmQ.objects.all().delete()
    BulkAction.objects.update(updated_at=timezone.now() - bulk_actions.FORGOTTEN_AFTER)

    tasks.sweep()

    assert OrmQ.objects.filter(key="long").count() == 1
    assert begun.state == "queued"


def test_it_ends_when_who_began_it_may_not_any_more(client, django_user_model):
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("member", is_staff=True)
    rights = Permission.objects.filter(codename__in=["view_syncqueueitem", "manage_queue", "view_bulkaction"])
    user.user_permissions.add(*rights)
    client.force_login(user)
    for number in range(5):
        deliver(item(str(number)))
    begun = begin(client, SyncQueueItem, "prioritise", priority="1")
    user.user_permissions.clear()

    assert bulk_performing.perform(begun.pk) == "failed"

    begun.refresh_from_db()
    assert begun.error == "who began this may not do it any more"
    assert not SyncQueueItem.objects.filter(priority=1).exists()


def test_an_error_ends_it_and_is_told(admin_client, monkeypatch):
    for number in range(5):
        deliver(item(str(number)))
    begun = begin(admin_client, SyncQueueItem, "prioritise", priority="1")
    BulkAction.objects.update(answer="seven")

    with pytest.raises(ValueError, match="seven"):
        bulk_performing.perform(begun.pk)

    begun.refresh_from_db()
    assert begun.state == "failed"
    assert "seven" in begun.error


def test_its_pages_show_how_far_it_has_come(admin_client):
    for number in range(12):
        deliver(item(str(number)))
    begun = begin(admin_client, SyncQueueItem, "prioritise", priority="1")
    bulk_performing._Work(bulk_actions.take(begun.pk, at=timezone.now()))._do_some()

    shown = admin_client.get(reverse("admin:zoho_sync_bulkaction_change", args=[begun.pk])).content.decode()
    listed = admin_client.get(reverse("admin:zoho_sync_bulkaction_changelist")).content.decode()

    assert 'value="41"' in shown
    assert 'value="cancel"' in shown
    assert "data-live" in shown
    assert 'value="41"' in listed


@pytest.mark.parametrize("count", [5, 40])
def test_a_batch_takes_a_constant_number_of_queries(admin_client, django_assert_max_num_queries, monkeypatch, count):
    monkeypatch.setattr(bulk_performing, "BATCH", 100)
    for number in range(count):
        deliver(item(str(number)))
    begun = begin(admin_client, SyncQueueItem, "prioritise", priority="1")
    work = bulk_performing._Work(bulk_actions.take(begun.pk, at=timezone.now()))

    with django_assert_max_num_queries(20):
        work._do_some()

    assert SyncQueueItem.objects.filter(priority=1).count() == count


@pytest.mark.slow
def test_five_thousand_rows_are_done_in_eleven_transactions(admin_client, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(bulk_performing, "BATCH", 500)
    now = timezone.now()
    SyncQueueItem.objects.bulk_create(
        [SyncQueueItem(module="item", zoho_id=str(number), next_attempt_at=now) for number in range(5_000)], 1_000
    )
    begun = begin(admin_client, SyncQueueItem, "prioritise", priority="1")
    assert begun.expected == 5_000

    with django_assert_max_num_queries(250):
        assert bulk_performing.perform(begun.pk) == "completed"

    begun.refresh_from_db()
    assert (begun.done, begun.left_out) == (5_000, 0)
    assert SyncQueueItem.objects.filter(priority=1).count() == 5_000
