"""A real django-q2 cluster, and waiting until it has done its work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from django.db.models import Q
from django_q.models import OrmQ

from tests.live.processes import MANAGE, LiveProcess
from tests.live.waiting import wait_for
from zoho_sync import tasks
from zoho_sync.models import WAITING, SyncQueueItem

START_SECONDS = 90
SWEEP_EVERY_SECONDS = 0.5
PROCESSING = SyncQueueItem.Status.PROCESSING


class Workers:
    """`manage.py qcluster` with two queue workers."""

    def __init__(self, *, environment: Mapping[str, str], folder: Path) -> None:
        self._next_sweep = 0.0
        self.process = LiveProcess("workers", [*MANAGE, "qcluster"], environment=environment, folder=folder)
        tasks.ring(tasks.DRAIN, at_most=1)
        try:
            wait_for(_no_ring_waits, seconds=START_SECONDS, what="the cluster starts", otherwise=self.process.describe)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """At once: a drain that lingers would be waited for."""
        self.process.stop(seconds=0)

    def settle(self, *, seconds: float = 20) -> None:
        """Until no job can be worked on any more: all that is left waits for a parent.

        Sweeps meanwhile, as the schedule does every minute: that rings again for what is tried once more.
        """
        self._next_sweep = time.monotonic() + SWEEP_EVERY_SECONDS
        wait_for(self._is_settled, seconds=seconds, what="the workers settle every job", otherwise=self.describe)

    def describe(self) -> str:
        rows = SyncQueueItem.objects.exclude(status=SyncQueueItem.Status.COMPLETED).order_by("id")[:20]
        jobs = "\n".join(f"{job}: attempts {job.attempts}, {job.last_error or 'no error'}" for job in rows)
        return f"{jobs}\n{OrmQ.objects.count()} rings\n{self.process.describe()}"

    def _is_settled(self) -> bool:
        assert self.process.is_running, self.process.describe()
        if not SyncQueueItem.objects.filter(Q(status=PROCESSING) | Q(status__in=WAITING, waits_for_id="")).exists():
            return True
        if time.monotonic() >= self._next_sweep:
            tasks.sweep()
            self._next_sweep = time.monotonic() + SWEEP_EVERY_SECONDS
        return False


def kill_holder(job: SyncQueueItem) -> int:
    """SIGKILL the process that holds `job`; its process id."""
    pid = int(job.locked_by.split(":")[1])
    os.kill(pid, signal.SIGKILL)
    return pid


def _no_ring_waits() -> bool:
    return not OrmQ.objects.exists()
