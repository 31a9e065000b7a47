"""The storm: Zoho's books change, jobs come round, and everything that can die does. Each in a thread of its own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import Random
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from tests.live.postgres import Server
from tests.load.chaos.plan import FAULTS, HANG_SECONDS, PERIODS, SHARES, Plan
from tests.load.chaos.system import System
from tests.load.chaos.tally import Tally
from tsh_erp.jobs.running import RUN_JOB
from zoho_sync.models import SyncQueueItem, SyncRun
from zoho_sync.schedules import SCHEDULES

MOST_WAITING_TASKS = 20
# Zoho does not wait for one webhook to be answered before it sends the next.
HANDS = 4
HOT_SHARE = 0.1
KILLED, KILLED_WHOLE = "workers killed", "whole clusters killed"
WEB, DATABASE = "web servers killed and restarted", "databases crashed and restarted"
LOOK_SECONDS = 0.1
Target = tuple[str, str]


# --- Zoho's books ---------------------------------------------------------------------------------


class Books:
    """Zoho's side: what changes there."""

    def __init__(self, system: System, plan: Plan, tally: Tally) -> None:
        self._zoho, self._plan, self._tally = system.zoho, plan, tally
        self._chance = Random(plan.seed)
        self._system, self.is_done = system, threading.Event()

    def open(self) -> None:
        """Webhooks and faults are switched on; the records that will change are chosen."""
        self._zoho.control(
            "webhooks",
            to=self._system.web.url,
            secret=self._system.secrets.signing,
            key=self._system.secrets.api_key,
            hands=HANDS,
            duplicate=self._plan.duplicate,
            drop=self._plan.drop,
            delayed=self._plan.delayed,
            retries=120,
            retry_seconds=1.0,
        )
        self._zoho.control(
            "fault", kinds=FAULTS, rate=self._plan.fault_rate, seed=self._plan.seed, seconds=HANG_SECONDS
        )
        self._targets: list[Target] = []
        self._others: list[str] = []
        for module, share in SHARES.items():
            key = f"{module}_id"
            ids = [str(record[key]) for record in self._zoho.control("list", module=module)]
            self._chance.shuffle(ids)
            self._targets += [(module, zoho_id) for zoho_id in ids[:share]]
            if module == "salesorder":
                self._others = ids[share : share + self._plan.deletions]
        self._chance.shuffle(self._targets)
        self._tally.add("records", len(self._targets))

    def change(self, stopped: threading.Event) -> None:
        """All changes, spread over the storm: every record once at least, a tenth of them most of the time."""
        try:
            self._change_all(stopped)
        finally:
            self.is_done.set()

    def _change_all(self, stopped: threading.Event) -> None:
        hot = self._targets[: round(len(self._targets) * HOT_SHARE)]
        more = self._plan.changes - len(self._targets)
        chosen = [
            *self._targets,
            *(self._chance.choice(self._chance.choice((hot, self._targets))) for _ in range(more)),
        ]
        self._chance.shuffle(chosen)
        pause, began = self._plan.storm_seconds / len(chosen), time.monotonic()
        deletions = {round(len(chosen) * (n + 1) / (len(self._others) + 1)): one for n, one in enumerate(self._others)}
        for number, target in enumerate(chosen):
            if stopped.wait(max(began + number * pause - time.monotonic(), 0)):
                break
            if order := deletions.get(number):
                self._zoho.control("delete", module="salesorder", id=order)
                self._tally.add("deletions")
            if self._chance.random() < self._plan.happenings:
                self._tally.add("records touched by happenings", len(self._zoho.control("tick")))
            self._edit(*target, number)

    def _edit(self, module: str, zoho_id: str, number: int) -> None:
        edits: dict[str, Any] = {
            "item": {"rate": number / 4 + 1, "description": f"وصف {number}"},
            "contact": {"notes": f"ملاحظة {number}", "website": f"https://example.com/{number}"},
            "salesorder": {"notes": f"note {number}", "reference_number": f"R-{number}"},
            "invoice": {"notes": f"note {number}", "reference_number": f"R-{number}"},
        }[module]
        self._zoho.control("patch", module=module, id=zoho_id, changes=edits)
        self._tally.add("changes")


# --- what comes round -----------------------------------------------------------------------------


class Rounds:
    """The schedules, many times as often: django-q2's own scheduler looks twice a minute, and its clusters die sooner.

    A job goes the way the scheduler sends it, through a cluster's queue and `run_job`.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._jobs = {one.name: one for one in SCHEDULES}
        self._paused: set[str] = set()

    def pause(self, *names: str) -> None:
        self._paused = set(names)

    def run(self, stopped: threading.Event) -> None:
        due = dict.fromkeys(PERIODS, 0.0)
        while not stopped.wait(LOOK_SECONDS):
            for name, period in PERIODS.items():
                if time.monotonic() >= due[name] and name not in self._paused:
                    due[name] = time.monotonic() + period
                    self.start(name)
        connection.close()

    def start(self, name: str) -> None:
        """Have one job done now, unless so much waits already that one more is of no use."""
        job = self._jobs[name]
        try:
            if OrmQ.objects.filter(lock__lte=timezone.now()).count() < MOST_WAITING_TASKS:
                async_task(RUN_JOB, name, job.task, *job.arguments, save=False, cluster=job.cluster)
                self._tally.add("jobs started")
        except DatabaseError:
            connection.close()


# --- what dies ------------------------------------------------------------------------------------


class Reaper:
    """Kills workers and clusters on the beat."""

    def __init__(self, system: System, plan: Plan, tally: Tally) -> None:
        self._system, self._plan, self._tally = system, plan, tally
        self._chance = Random(plan.seed)
        self._turn = 0

    def run(self, stopped: threading.Event) -> None:
        began = time.monotonic()
        worker_at, cluster_at = began + self._plan.worker_every, began + self._plan.cluster_every
        while not stopped.wait(LOOK_SECONDS):
            now = time.monotonic()
            if now >= cluster_at:
                cluster_at += self._plan.cluster_every
                self._kill_clusters()
            elif now >= worker_at and self._kill_worker():
                worker_at = now + self._plan.worker_every
        connection.close()

    def _kill_worker(self) -> bool:
        """One that is in the middle of something, if there is one; whether there was anybody at all."""
        self._turn += 1
        cluster = self._system.clusters[self._turn % 3 == 0]
        members = cluster.members()
        if not members:
            return False
        busy = [pid for pid in members if pid in self._at_work()]
        with suppress(ProcessLookupError):
            os.kill(self._chance.choice(busy or members), signal.SIGKILL)
            self._tally.add(KILLED)
            self._tally.add("workers killed in the middle of work", bool(busy))
        return True

    def _kill_clusters(self) -> None:
        for cluster in self._system.clusters:
            if cluster.kill():
                self._tally.add(KILLED_WHOLE)

    def _at_work(self) -> set[int]:
        """The process ids of those who hold a job's lease or a run."""
        try:
            holders = [
                *SyncQueueItem.objects.processing().values_list("locked_by", flat=True)[:100],
                *SyncRun.objects.running().values_list("worker", flat=True),
            ]
        except DatabaseError:
            connection.close()
            return set()
        return {int(part) for holder in holders for part in holder.split(":")[1:2] if part.isdigit()}


def restart_web(system: System, tally: Tally) -> None:
    """From the main thread: what a thread has started is told to stop when the thread ends."""
    tally.say("the web server is killed")
    system.restart_web()
    tally.add(WEB)


def restart_database(server: Server, tally: Tally) -> None:
    tally.say("the database crashes")
    server.crash_and_start()
    tally.add(DATABASE)


# --- all of it ------------------------------------------------------------------------------------


@contextmanager
def under_way(*loops: Callable[[threading.Event], None]) -> Iterator[Sequence[threading.Thread]]:
    """Run each loop in a thread until the block ends. What breaks one of them is raised at the end."""
    stopped, broken = threading.Event(), []

    def guard(loop: Callable[[threading.Event], None]) -> None:
        try:
            loop(stopped)
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guard, args=(loop,), daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        stopped.set()
        for thread in threads:
            thread.join(timeout=60)
    if broken:
        raise broken[0]
