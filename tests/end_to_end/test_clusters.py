"""Real django-q2 clusters that are killed in every way: their supervisor brings them back (design/dependencies.md)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from tests.live.environment import project_environment
from tests.live.processes import PYTHON, LiveProcess, children
from tests.live.tables import empty_tables
from tests.live.waiting import wait_for
from tsh_erp.jobs.heartbeat import last_beat
from tsh_erp.jobs.models import JobRun
from tsh_erp.jobs.running import RUN_JOB

pytestmark = [pytest.mark.django_db(transaction=True)]

CLUSTER = "long"
WINDOW_SECONDS = 3
ASK_SECONDS = 1


class Cluster:
    """A cluster of its own beside those of other tests, under the supervisor that production has."""

    def __init__(self, folder: Path) -> None:
        environment = project_environment(TDS_HEARTBEAT_SECONDS=str(WINDOW_SECONDS), TDS_WORKERS="2")
        command = [PYTHON, "-m", "tsh_erp.jobs.supervise", CLUSTER]
        self.supervisor = LiveProcess("supervised", command, environment=environment, folder=folder)
        try:
            self.serves("the cluster starts")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.supervisor.stop(seconds=10)

    def serves(self, what: str, *, seconds: float = 60) -> None:
        """Wait until a task that is enqueued from now on has been done. What a dying cluster took is not given back."""
        started, asked = timezone.now(), 0.0

        def is_done() -> bool:
            nonlocal asked
            if time.monotonic() - asked > ASK_SECONDS:
                asked = time.monotonic()
                async_task(RUN_JOB, "probe", "os.getcwd", save=False, cluster=CLUSTER)
            return JobRun.objects.filter(state=JobRun.State.SUCCEEDED, started_at__gte=started).exists()

        wait_for(is_done, seconds=seconds, what=what, otherwise=self.supervisor.describe, every=0.1)

    @property
    def head(self) -> int:
        [head] = children(self.supervisor.pid)
        return head

    @property
    def guard(self) -> int:
        """django-q2's sentinel."""
        [guard] = children(self.head)
        return guard

    def family(self) -> list[int]:
        """The head, its guard, and what the guard started: two workers, a pusher and a monitor."""
        return [self.head, self.guard, *children(self.guard)]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    empty_tables()
    one = Cluster(tmp_path)
    yield one
    one.stop()
    empty_tables()


def test_a_cluster_that_works_beats_and_is_left_alone(cluster: Cluster) -> None:
    head, first = cluster.head, last_beat(CLUSTER)

    wait_for(
        lambda: (last_beat(CLUSTER) - first).total_seconds() > WINDOW_SECONDS,
        seconds=20,
        what="the beat goes on for longer than its window",
        otherwise=cluster.supervisor.describe,
    )

    assert cluster.head == head
    wait_for(
        lambda: not OrmQ.objects.filter(key=CLUSTER, lock__lte=timezone.now()).exists(),
        seconds=10,
        what="no beat is left in the queue",
    )


def test_a_cluster_whose_workers_all_died_serves_again(cluster: Cluster) -> None:
    """Those that the guard starts in their place may wait for ever on a lock that died with them, or not."""
    for pid in children(cluster.guard):
        os.kill(pid, signal.SIGKILL)

    cluster.serves("a task is done after all workers died")


def test_a_cluster_whose_guard_died_is_started_again_without_its_orphans(cluster: Cluster) -> None:
    family = cluster.family()

    os.kill(cluster.guard, signal.SIGKILL)
    cluster.serves("a task is done after the guard died")

    wait_for(lambda: not any(map(is_alive, family)), seconds=10, what="no orphan is left")


@pytest.mark.slow
def test_a_cluster_that_was_stopped_in_its_tracks_is_started_again(cluster: Cluster) -> None:
    family = cluster.family()

    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    cluster.serves("a task is done after the cluster froze")

    wait_for(lambda: not any(map(is_alive, family)), seconds=10, what="the frozen family is gone")


@pytest.mark.slow
def test_a_task_whose_function_is_gone_does_not_stop_the_others(cluster: Cluster) -> None:
    async_task("zoho_sync.tasks.removed_long_ago", save=False, cluster=CLUSTER)

    cluster.serves("a task is done beside one that cannot be")
