"""Old results go, what is open or new stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from tsh_erp.jobs.models import Heartbeat, JobRun
from tsh_erp.jobs.pruning import delete_in_batches, prune_jobs

pytestmark = pytest.mark.django_db

NOW = timezone.now()
OLD = NOW - timedelta(days=100)
LIMIT = NOW - timedelta(days=90)


def job_run(name: str, state: str, started_at: object) -> JobRun:
    return JobRun.objects.create(name=name, state=state, started_at=started_at, lease_ends_at=NOW, worker="here:1")


def task(key: str, stopped: object) -> Task:
    return Task.objects.create(id=key, name=key, func="a.b", started=stopped, stopped=stopped, success=True)


def test_old_results_and_runs_go_and_new_or_open_ones_stay():
    task("old", OLD)
    task("new", NOW)
    job_run("a", "succeeded", OLD)
    job_run("a", "failed", NOW)
    job_run("b", "running", OLD)
    Heartbeat.objects.create(cluster="gone", host="h", pid=1, beat_at=OLD)
    Heartbeat.objects.create(cluster="here", host="h", pid=1, beat_at=NOW)

    pruned = prune_jobs(before=LIMIT)

    assert pruned == {"tasks": 1, "job_runs": 1, "heartbeats": 1, "unknown_tasks": 0}
    assert list(Task.objects.values_list("id", flat=True)) == ["new"]
    assert sorted(JobRun.objects.values_list("name", "state")) == [("a", "failed"), ("b", "running")]
    assert Heartbeat.objects.get().cluster == "here"


def test_tasks_whose_function_is_gone_from_the_code_go_and_others_stay():
    async_task("zoho_sync.tasks.removed_long_ago", save=False)
    async_task("os.getcwd", save=False)
    OrmQ.objects.create(key="tsh_erp", payload="nonsense", lock=NOW)

    assert prune_jobs(before=LIMIT)["unknown_tasks"] == 2

    assert [one.func() for one in OrmQ.objects.all()] == ["os.getcwd"]


def test_rows_go_in_batches_and_the_work_can_be_cut_short():
    for number in range(5):
        task(str(number), OLD)
    looks = iter([False, False, True])

    assert delete_in_batches(Task.objects.all(), batch_size=2, until=lambda: next(looks)) == 4

    assert Task.objects.count() == 1
