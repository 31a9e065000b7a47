"""Periodic jobs: one at a time, once for each time they are due, and what went wrong is on record."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from tsh_erp.jobs.models import JobRun
from tsh_erp.jobs.processes import is_gone, this_process
from tsh_erp.jobs.reading import read_jobs
from tsh_erp.jobs.running import give_up_dead, run_job
from tsh_erp.jobs.schedules import Periodic, bring_back, write_schedules
from tsh_erp.jobs.watching import Watch

# django-q2's scheduler closes connections, which would end a test's transaction.
pytestmark = pytest.mark.django_db(transaction=True)

HERE = "tsh_erp.jobs.tests.test_running"
DUE = "2026-11-22T02:00:00+03:00"
done: list[str] = []


def work(*arguments: str) -> str:
    done.append(" ".join(arguments))
    return f"did {len(arguments)}"


def work_that_starts_itself() -> str:
    return run_job("twice", f"{HERE}.work", "inner")


def work_that_fails() -> None:
    raise RuntimeError("no luck")


@pytest.fixture(autouse=True)
def forget():
    done.clear()


def gone_process() -> str:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return this_process().rpartition(":")[0] + f":{child.pid}"


def running(name: str, **values: object) -> JobRun:
    now = timezone.now()
    fixed = {"started_at": now, "lease_ends_at": now + timedelta(minutes=3), "worker": this_process()}
    return JobRun.objects.create(name=name, **(fixed | values))


def test_a_job_is_done_with_its_arguments_and_leaves_a_record():
    assert run_job("night", f"{HERE}.work", "a", "b", due_at=DUE) == "did 2"

    run = JobRun.objects.get()
    assert (run.name, run.state, run.result, run.due_at) == ("night", "succeeded", "did 2", datetime.fromisoformat(DUE))
    assert run.finished_at >= run.started_at
    assert done == ["a b"]


def test_a_time_that_was_served_is_not_served_again():
    run_job("night", f"{HERE}.work", due_at=DUE)
    run_job("night", f"{HERE}.work", due_at=DUE)
    run_job("night", f"{HERE}.work", due_at="2026-11-23T02:00:00+03:00")

    assert len(done) == 2


def test_a_job_does_not_overlap_itself():
    assert run_job("twice", f"{HERE}.work_that_starts_itself") == "under way or done already"

    assert done == []
    assert JobRun.objects.get().state == "succeeded"


def test_a_job_that_fails_is_recorded_and_raised_and_runs_the_next_time():
    with pytest.raises(RuntimeError, match="no luck"):
        run_job("night", f"{HERE}.work_that_fails", due_at=DUE)

    run = JobRun.objects.get()
    assert run.state == "failed"
    assert run.error.rstrip().endswith("RuntimeError: no luck")
    assert run_job("night", f"{HERE}.work") == "did 0"


@pytest.mark.parametrize("dead", ["process gone", "lease out"])
def test_a_run_whose_process_died_stands_in_nobodys_way(dead):
    if dead == "process gone":
        running("night", worker=gone_process())
    else:
        running("night", worker="elsewhere:1", lease_ends_at=timezone.now() - timedelta(seconds=1))

    assert run_job("night", f"{HERE}.work") == "did 0"

    assert list(JobRun.objects.order_by("id").values_list("state", flat=True)) == ["abandoned", "succeeded"]


def test_a_run_on_another_machine_is_believed_until_its_time_is_up():
    running("night", worker="elsewhere:1")

    assert give_up_dead() == 0


def test_a_process_of_this_machine_is_known_to_live_or_to_be_gone():
    assert is_gone(gone_process())
    assert not is_gone(this_process())
    assert not is_gone("elsewhere:1")
    assert not is_gone("")


def test_a_process_that_nobody_buried_is_gone():
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead now, but still in the table

    assert is_gone(f"{this_process().rpartition(':')[0]}:{child.pid}")
    child.wait()


# --- the scheduler of django-q2 --------------------------------------------------------------------------


def overdue(name: str = "night", *, minutes: int = 5, by: timedelta = timedelta(seconds=30)) -> Schedule:
    write_schedules([Periodic(name=name, task=f"{HERE}.work", minutes=minutes, arguments=("a",))])
    Schedule.objects.filter(name=name).update(next_run=timezone.now() - by)
    return Schedule.objects.get(name=name)


def do_all() -> None:
    from django.utils.module_loading import import_string

    for task in OrmQ.objects.order_by("id"):
        import_string(task.func())(*task.task["args"], **task.task["kwargs"])


def test_the_scheduler_starts_a_job_through_its_record():
    schedule = overdue()

    scheduler(broker=get_broker("tsh_erp"))
    do_all()

    run = JobRun.objects.get()
    assert (run.name, run.state, run.due_at) == ("night", "succeeded", schedule.next_run)
    assert done == ["a"]


def test_a_job_that_missed_many_hours_runs_once():
    overdue(by=timedelta(hours=7))

    scheduler(broker=get_broker("tsh_erp"))
    scheduler(broker=get_broker("tsh_erp"))
    do_all()

    assert done == ["a"]
    assert Schedule.objects.get().next_run > timezone.now()


def test_a_task_that_is_delivered_twice_does_its_job_once():
    overdue()
    scheduler(broker=get_broker("tsh_erp"))

    do_all()
    do_all()

    assert done == ["a"]


def test_two_schedulers_at_once_start_each_job_once():
    for number in range(5):
        write_schedules(
            [Periodic(name=f"job {one}", task=f"{HERE}.work", minutes=5, arguments=(str(one),)) for one in range(5)]
        )
        Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=30 + number))
        barrier = threading.Barrier(2)

        def tick(barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            scheduler(broker=get_broker("tsh_erp"))
            connections.close_all()

        threads = [threading.Thread(target=tick) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert OrmQ.objects.count() == 5
        do_all()
        assert sorted(done) == ["0", "1", "2", "3", "4"]
        OrmQ.objects.all().delete()
        JobRun.objects.all().delete()
        done.clear()


def test_a_paused_schedule_stays_paused_after_a_deploy():
    schedule = overdue()
    Schedule.objects.update(repeats=0)

    write_schedules([Periodic(name="night", task=f"{HERE}.work", minutes=10)])
    scheduler(broker=get_broker("tsh_erp"))

    assert Schedule.objects.get(pk=schedule.pk).repeats == 0
    assert not OrmQ.objects.exists()


# --- how they are doing ----------------------------------------------------------------------------------


def test_a_healthy_job_is_neither_late_nor_silent_nor_failed():
    overdue()
    scheduler(broker=get_broker("tsh_erp"))
    do_all()

    [job] = read_jobs(at=timezone.now())

    assert (job.name, job.trigger, job.is_late, job.is_silent, job.has_failed) == (
        "night",
        "every 5 minutes",
        False,
        False,
        False,
    )
    assert job.last_run.state == "succeeded"


def test_a_job_that_nobody_starts_is_late():
    overdue(by=timedelta(minutes=3))

    [job] = read_jobs(at=timezone.now())

    assert job.is_late


def test_a_paused_job_is_not_late():
    overdue(by=timedelta(minutes=3))
    Schedule.objects.update(repeats=0)

    [job] = read_jobs(at=timezone.now())

    assert not job.is_late


def test_a_job_that_fails_every_time_is_failed_and_in_the_end_silent():
    overdue()
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    running("night", state="succeeded", started_at=long_ago, finished_at=long_ago)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            run_job("night", f"{HERE}.work_that_fails")

    [job] = read_jobs(at=timezone.now())

    assert (job.has_failed, job.is_silent) == (True, True)


def test_reading_costs_two_queries_and_shows_each_jobs_newest_runs(django_assert_num_queries):
    write_schedules([Periodic(name=f"job {one}", task=f"{HERE}.work", minutes=5) for one in range(4)])
    for number in range(25):
        run_job(f"job {number % 2}", f"{HERE}.work")
    for _ in range(30):
        run_job("job 1", f"{HERE}.work")

    with django_assert_num_queries(2):
        jobs = read_jobs(at=timezone.now())

    assert [len(job.recent) for job in jobs] == [13, 20, 0, 0]
    newest = list(JobRun.objects.filter(name="job 1").order_by("-id").values_list("id", flat=True)[:20])
    assert [run.pk for run in jobs[1].recent] == newest


# --- a clock that is put back ---------------------------------------------------------------------


def plan(name: str, minutes: int, next_run: datetime, **values: object) -> None:
    kind = Schedule.MINUTES if minutes else Schedule.DAILY
    Schedule.objects.create(
        name=name, func=f"{HERE}.work", schedule_type=kind, minutes=minutes or None, next_run=next_run, **values
    )


def test_after_the_clock_was_put_back_an_hour_jobs_run_by_the_new_time():
    now = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
    behind = now + timedelta(hours=1)
    plan("each minute", 1, behind)
    plan("each quarter", 15, behind + timedelta(minutes=10))
    plan("hourly", 60, datetime(2026, 11, 22, 11, 0, tzinfo=UTC))
    plan("daily", 0, now + timedelta(hours=24, minutes=30))
    plan("paused", 1, behind, repeats=0)
    plan("in time", 15, now + timedelta(minutes=14))

    assert bring_back(at=now) == 3
    assert bring_back(at=now) == 0

    told = {one.name: one.next_run for one in Schedule.objects.all()}
    assert told == {
        "each minute": now,
        "each quarter": now,
        "hourly": datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
        "daily": now + timedelta(hours=24, minutes=30),
        "paused": behind,
        "in time": now + timedelta(minutes=14),
    }


def test_whoever_watches_a_cluster_sees_to_its_schedules():
    plan("each minute", 1, timezone.now() + timedelta(hours=1))

    Watch("long", window=60).has_stopped()

    assert Schedule.objects.get().next_run <= timezone.now()
