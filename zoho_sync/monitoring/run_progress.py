"""How single runs are doing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from zoho_sync.models import DeadLetter, SyncRun

MOST_ERRORS = 100
_NAMED = re.compile(r"(\d{1,50}): (.+)")


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come: records looked at, of how many (None: unknown), since when and how quickly.

    `share` lies between 0 and 1; `seconds_left` is a guess from the pace so far.
    """

    done: int
    expected: int | None
    share: float | None
    seconds: float
    per_second: float | None
    seconds_left: int | None


@dataclass(frozen=True)
class RecordError:
    """Why one record of a run could not be brought in; the run's own error has no record."""

    zoho_id: str
    error: str
    dead_letter: int | None = None


def progress_of(run: SyncRun, *, at: datetime) -> RunProgress:
    """How far a run has come. No query."""
    seconds = max(((run.finished_at or at) - run.started_at).total_seconds(), 0.0)
    pace = run.seen / seconds if seconds and run.seen else None
    share = min(run.seen / run.expected, 1.0) if run.expected else None
    if run.status in (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL):
        share = 1.0
    left = None
    if run.status == SyncRun.Status.RUNNING and pace and run.expected:
        left = round(max(run.expected - run.seen, 0) / pace)
    return RunProgress(run.seen, run.expected, share, seconds, pace, left)


def errors_of(run: SyncRun) -> list[RecordError]:
    """The records that a run could not bring in: those it names, and its module's dead letters of that time.

    At most `MOST_ERRORS`. Two queries.
    """
    lines = [_NAMED.fullmatch(line.strip()) for line in run.error.splitlines()]
    noted = [one for one in run.checkpoint.get("errors", ()) if one.get("zoho_id")]
    named = {line[1]: line[2] for line in lines if line} | {one["zoho_id"]: one["error"] for one in noted}
    letters = DeadLetter.objects.filter(module=run.module).order_by("-id")
    of_its_time = letters.filter(created_at__gte=run.started_at, created_at__lte=run.finished_at or timezone.now())
    buried: dict[str, tuple[int, str]] = {
        zoho_id: (pk, message)
        for one in (letters.filter(zoho_id__in=named), of_its_time)
        for pk, zoho_id, message in one.values_list("pk", "zoho_id", "message")[:MOST_ERRORS]
    }
    errors = [
        RecordError(zoho_id, text, buried[zoho_id][0] if zoho_id in buried else None) for zoho_id, text in named.items()
    ]
    errors += [RecordError(zoho_id, text, pk) for zoho_id, (pk, text) in buried.items() if zoho_id not in named]
    return errors[:MOST_ERRORS]


def error_of(run: SyncRun) -> str:
    """What a run says of itself, without what it says of single records."""
    return "\n".join(line for line in run.error.splitlines() if not _NAMED.fullmatch(line.strip()))


def status_of(runs: Sequence[SyncRun]) -> SyncRun.Status:
    """The status of runs that were started together: under way, or the worst of how they ended."""
    statuses = {run.status for run in runs}
    if statuses & {SyncRun.Status.RUNNING, SyncRun.Status.QUEUED}:
        return SyncRun.Status.QUEUED if statuses == {SyncRun.Status.QUEUED} else SyncRun.Status.RUNNING
    worst = (SyncRun.Status.FAILED, SyncRun.Status.CANCELLED, SyncRun.Status.PARTIAL)
    return next((status for status in worst if status in statuses), SyncRun.Status.COMPLETED)
