"""After the storm nobody dies any more, and Zoho still fails one call in ten: the system puts itself right."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from tests.load.chaos.plan import Plan
from tests.load.chaos.storm import Rounds
from tests.load.chaos.system import System
from tests.load.chaos.tally import Tally, ask
from tsh_erp.events.delivering import has_undelivered
from tsh_erp.jobs.models import JobRun
from zoho_sync import healing, images
from zoho_sync.backfill.worklist import modules_to_do
from zoho_sync.models import WAITING, DeadLetter, Reconciliation, SyncQueueItem, SyncRun

LOOK_SECONDS = 0.5
MOST_NIGHTS = 3
PROCESSING = SyncQueueItem.Status.PROCESSING
FULL, COMPARE, IMAGES = "full sync", "reconciliation", "product images"


class NotCalm(AssertionError):
    """Something did not come to rest in the time there is; the text says what."""


class Calm:
    """Waits, while healing and the sweep come round, and has the night's jobs done."""

    def __init__(self, system: System, rounds: Rounds, plan: Plan, tally: Tally) -> None:
        self._system, self._rounds, self._plan, self._tally = system, rounds, plan, tally

    def settle(self) -> None:
        """Until every webhook is delivered, the queue is empty, and the night's jobs leave nothing to do."""
        self._wait("every webhook is delivered", lambda: not self._system.zoho.stats()["webhooks"]["waiting"])
        self._wait("the queue is empty", _queue_is_empty)
        self._retry_letters()
        # By night the hourly jobs are at rest, or the runs of this night would wait for theirs.
        self._rounds.pause("incremental sync", "stock sync")
        self._wait("no run is open", _no_run_is_open)
        for night in range(1, MOST_NIGHTS + 1):
            if self._pull_everything() or night == MOST_NIGHTS:
                break
            self._tally.say("a run of this night failed: another night")
        self._wait("every detail is there", self._details_are_there)
        self._do(IMAGES)
        self._wait("every image is there", self._images_are_there)
        self._wait("the queue is empty", _queue_is_empty)
        self._retry_letters()

    def compare(self) -> Reconciliation:
        """The night's reconciliation, finished."""
        self._do(COMPARE)
        self._wait("the reconciliation is finished", _no_run_is_open)
        report = ask(lambda: Reconciliation.objects.order_by("-pk").first())
        if report is None or report.finished_at is None:
            raise NotCalm("no reconciliation was finished")
        return report

    def _pull_everything(self) -> bool:
        """One night's full pull, stock included; whether all its runs ended well."""
        before = ask(lambda: SyncRun.objects.order_by("-pk").values_list("pk", flat=True).first()) or 0
        self._do(FULL)
        self._wait("the full pull has ended", _no_run_is_open)
        runs = ask(lambda: list(SyncRun.objects.filter(pk__gt=before, mode=SyncRun.Mode.FULL)))
        pulls = [run for run in runs if run.kind in (SyncRun.Kind.PULL, SyncRun.Kind.STOCK)]
        bad = [run for run in pulls if run.status != SyncRun.Status.COMPLETED]
        for run in bad:
            self._tally.say(f"{run.kind} of {run.module} was left {run.status}: {run.error[:200]}")
        return bool(pulls) and not bad

    def _do(self, name: str) -> None:
        """Have a periodic job done once, from now on."""
        began = timezone.now()
        done = JobRun.objects.filter(name=name, state=JobRun.State.SUCCEEDED, started_at__gte=began)
        asked = 0.0

        def is_done() -> bool:
            nonlocal asked
            if time.monotonic() - asked > 10:
                asked = time.monotonic()
                self._rounds.start(name)
            return done.exists()

        self._wait(f"{name} is started", is_done)

    def _details_are_there(self) -> bool:
        return _no_run_is_open() and not modules_to_do(at=timezone.now() + timedelta(days=1))

    def _images_are_there(self) -> bool:
        return _no_run_is_open() and not images.is_needed(at=timezone.now())

    def _retry_letters(self) -> None:
        """Healing tries dead letters again after hours: it is told that they have passed."""
        letters = ask(lambda: list(DeadLetter.objects.unresolved()))
        if not letters:
            return
        for letter in letters:
            self._tally.say(
                f"dead letter: {letter.module} {letter.zoho_id}: {letter.error_class}: {letter.message[:300]}"
            )
        self._tally.add("dead letters on the way", len(letters))
        later = timezone.now() + timedelta(hours=settings.TDS_DLQ_RETRY_AFTER_HOURS, minutes=1)
        report = healing.heal(at=later)
        self._tally.say(f"healing, a day ahead: {[one for one in report.as_json()['findings'] if one['found']]}")
        self._wait("the queue is empty", _queue_is_empty)

    def _wait(self, what: str, look: Callable[[], bool]) -> None:
        began = self._tally.seconds
        while not ask(look):
            if self._tally.seconds > self._plan.most_seconds:
                raise NotCalm(f"not within {self._plan.most_seconds:g} s: {what}\n{_open_work()}")
            time.sleep(LOOK_SECONDS)
        self._tally.say(f"{what} ({self._tally.seconds - began:.0f} s)")


def _queue_is_empty() -> bool:
    waiting = Q(status=PROCESSING) | Q(status__in=WAITING)
    return not SyncQueueItem.objects.filter(waiting).exists() and not has_undelivered()


def _no_run_is_open() -> bool:
    return not SyncRun.objects.open().exists()


def _open_work() -> str:
    jobs = SyncQueueItem.objects.filter(Q(status=PROCESSING) | Q(status__in=WAITING)).order_by("id")
    told = [f"{job}: {job.status}, attempts {job.attempts}, {job.last_error or 'no error'}" for job in jobs[:10]]
    runs = [f"{run.kind} {run.module} {run.status} {run.worker} {run.error}" for run in SyncRun.objects.open()[:10]]
    return "\n".join([f"{jobs.count()} jobs", *told, *runs])
