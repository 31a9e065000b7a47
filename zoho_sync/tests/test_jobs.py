"""Rings and schedules: a ring carries nothing and is made good when lost, the schedule table is what the code says."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from tsh_erp.jobs.ring import ring
from tsh_erp.jobs.schedules import Periodic, write_schedules
from zoho_sync import queue, tasks
from zoho_sync.models import SyncQueueItem
from zoho_sync.queue import Work
from zoho_sync.schedules import SCHEDULES
from zoho_sync.tests.road import deliver, item, seconds, states

pytestmark = pytest.mark.django_db

TASK = "zoho_sync.tasks.drain"


def rings():
    """Those for the queue; what happened to products rings for its listeners."""
    return [one for one in OrmQ.objects.order_by("id") if one.func() == TASK]


# --- rings ---------------------------------------------------------------------------------------


def test_a_ring_names_a_task_and_carries_no_data(settings):
    assert ring(TASK, at_most=2) is True

    [one] = rings()
    assert one.key == settings.Q_CLUSTER["name"]
    assert (one.func(), one.task["args"], one.task["kwargs"]) == (TASK, (), {})


def test_no_more_rings_than_workers_wait():
    assert [ring(TASK, at_most=2) for _ in range(4)] == [True, True, False, False]
    assert len(rings()) == 2


def test_a_ring_that_a_worker_has_taken_does_not_count():
    ring(TASK, at_most=1)
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=240))  # as the broker does when it hands it out

    assert ring(TASK, at_most=1) is True


def test_rings_of_other_clusters_do_not_count():
    OrmQ.objects.create(key="long", payload="", lock=timezone.now())

    assert ring(TASK, at_most=1) is True


@pytest.mark.django_db(transaction=True)
def test_a_ring_that_cannot_be_stored_is_no_error():
    with connection.schema_editor() as editor:
        editor.alter_db_table(OrmQ, "django_q_ormq", "away")
    try:
        assert ring(TASK, at_most=2) is False
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(OrmQ, "away", "django_q_ormq")


def test_a_drain_rings_again_only_when_work_is_left(settings):
    settings.TDS_QUEUE_POLL_INTERVAL_MS = 0
    deliver(item("1"), at=timezone.now())
    assert tasks.drain() == 1
    assert (states(), rings()) == (["applied"], [])

    queue.enqueue([Work(module="item", zoho_id="2")], at=timezone.now())
    queue.claim("elsewhere", limit=1, at=timezone.now())
    queue.enqueue([Work(module="item", zoho_id="2")], at=timezone.now())
    assert tasks.drain() == 0
    assert len(rings()) == 1


def test_the_sweep_makes_a_lost_ring_good():
    assert tasks.sweep() == 0
    assert rings() == []

    deliver(item("1"), at=timezone.now())
    assert tasks.sweep() == 0
    assert [one.func() for one in rings()] == [TASK]


def test_the_sweep_takes_back_what_dead_workers_held(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 60
    earlier = timezone.now() - seconds(120)
    queue.enqueue([Work(module="item", zoho_id="1")], at=earlier)
    queue.claim("dead", limit=1, at=earlier)

    assert tasks.sweep() == 1
    assert SyncQueueItem.objects.get().status == "retry"
    assert len(rings()) == 1


# --- schedules -----------------------------------------------------------------------------------


def test_the_schedules_of_this_project_can_be_written_again_and_again():
    first, again = write_schedules(SCHEDULES), write_schedules(SCHEDULES)

    assert (first.created, first.changed, first.removed) == (len(SCHEDULES), 0, 0)
    assert (again.created, again.changed, again.removed, again.total) == (0, 0, 0, len(SCHEDULES))
    assert sorted(Schedule.objects.values_list("name", flat=True)) == sorted(one.name for one in SCHEDULES)


def test_every_scheduled_function_is_there_and_takes_its_arguments():
    from inspect import signature

    from django.utils.module_loading import import_string

    write_schedules(SCHEDULES)
    for one in Schedule.objects.all():
        arguments = eval(one.args, {})  # as django-q2 reads them
        signature(import_string(one.func)).bind(*arguments, due_at="2026-11-22T02:00:00+03:00")
        _name, task, *others = arguments
        signature(import_string(task)).bind(*others)


def test_a_schedule_that_stays_keeps_its_next_run():
    one = Periodic(name="sweep", task="a.b", minutes=5)
    write_schedules([one])
    due = datetime(2030, 1, 1, tzinfo=UTC)
    Schedule.objects.update(next_run=due)

    write_schedules([one])
    assert Schedule.objects.get().next_run == due
    changed = write_schedules([Periodic(name="sweep", task="a.c", minutes=5, cluster="long")])
    assert (changed.changed, changed.created) == (1, 0)
    kept = Schedule.objects.get()
    assert (eval(kept.args), kept.cluster, kept.next_run) == (("sweep", "a.c"), "long", due)


def test_a_schedule_that_is_no_longer_in_the_code_is_removed():
    write_schedules([Periodic(name="old", task="a.b", minutes=5), Periodic(name="kept", task="a.b", minutes=5)])

    assert write_schedules([Periodic(name="kept", task="a.b", minutes=5)]).removed == 1
    assert Schedule.objects.get().name == "kept"


def test_a_daily_job_begins_at_its_local_time():
    write_schedules([Periodic(name="night", task="a.b", daily_at=time(2, 0))])

    one = Schedule.objects.get()
    first = timezone.localtime(one.next_run)
    assert (one.schedule_type, first.hour, first.minute) == (Schedule.DAILY, 2, 0)
    assert timedelta(0) < first - timezone.now() <= timedelta(days=1)
    assert first.utcoffset() == timedelta(hours=3)


def test_an_hourly_job_begins_on_the_hour():
    write_schedules([Periodic(name="hourly", task="a.b", minutes=60)])

    one = Schedule.objects.get()
    assert (one.schedule_type, one.minutes, one.next_run.minute, one.next_run.second) == (Schedule.MINUTES, 60, 0, 0)
    assert timedelta(0) < one.next_run - timezone.now() <= timedelta(hours=1)


def test_arguments_are_written_so_that_they_can_be_read():
    write_schedules(
        [
            Periodic(name="none", task="a.b", minutes=1),
            Periodic(name="one", task="a.b", minutes=1, arguments=("it's",)),
            Periodic(name="two", task="a.b", minutes=1, arguments=("a", "b")),
        ]
    )

    read = {one.name: eval(one.args or "()", {}) for one in Schedule.objects.all()}
    assert read == {"none": ("none", "a.b"), "one": ("one", "a.b", "it's"), "two": ("two", "a.b", "a", "b")}


def test_looking_whether_to_ring_is_one_query():
    ring(TASK, at_most=1)
    with CaptureQueriesContext(connection) as queries:
        ring(TASK, at_most=1)

    assert len(queries) == 1
