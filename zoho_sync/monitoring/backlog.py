"""What waits: jobs by state, dead letters, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from zoho_sync.models import Alert, DeadLetter, SyncQueueItem
from zoho_sync.models.queue import WAITING, Status
from zoho_sync.monitoring.keeping import kept

# Named one by one: what is not equal to something no index can find.
UNRESOLVED = (Alert.State.OPEN, Alert.State.ACKNOWLEDGED)
OPEN = (*WAITING, Status.PROCESSING)
CLOSED = tuple(status for status in Status if status not in OPEN)
# How long a long count may be kept: the open jobs change by the second, the closed ones are history.
OPEN_SECONDS, CLOSED_SECONDS = 10, 150


@dataclass(frozen=True)
class QueueDepth:
    """Jobs by status, every status present; since when the oldest due one waits.

    `oldest` is since when the oldest open job of each status is in the queue, or worked on. Both are
    as of the moment they were asked for, or as of `open_counted_at` and `closed_counted_at` where so
    many are open or closed that they were counted a little earlier.
    """

    by_status: dict[str, int]
    oldest_due_at: datetime | None
    oldest: dict[str, datetime | None]
    open_counted_at: datetime
    closed_counted_at: datetime

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def waiting(self) -> int:
        return sum(self.by_status[status] for status in WAITING)

    def oldest_due_seconds(self, at: datetime) -> float:
        """How long the oldest due job has been waiting for a worker; 0 when none is due."""
        return max((at - self.oldest_due_at).total_seconds(), 0.0) if self.oldest_due_at else 0.0


@dataclass(frozen=True)
class _Open:
    counts: dict[str, int]
    oldest_due_at: datetime | None
    oldest: dict[str, datetime | None]
    at: datetime


@dataclass(frozen=True)
class _Closed:
    counts: dict[str, int]
    at: datetime


def queue_depth(*, at: datetime) -> QueueDepth:
    """Jobs by status. Two queries, one more for each open status that has jobs and for what is due."""
    open_jobs = kept("open", lambda: _open(at), rows=lambda found: sum(found.counts.values()), seconds=OPEN_SECONDS)
    closed = kept("closed", lambda: _closed(at), rows=lambda found: sum(found.counts.values()), seconds=CLOSED_SECONDS)
    counts = {str(status): open_jobs.counts.get(status, 0) + closed.counts.get(status, 0) for status in Status}
    return QueueDepth(counts, open_jobs.oldest_due_at, open_jobs.oldest, open_jobs.at, closed.at)


def open_dead_letters() -> int:
    return DeadLetter.objects.open().count()


def open_alerts() -> dict[str, int]:
    """Alerts that are not resolved, by severity."""
    counts: dict[str, int] = dict.fromkeys(Alert.Severity.values, 0)
    alerts = Alert.objects.filter(state__in=UNRESOLVED)
    return counts | dict(alerts.values_list("severity").annotate(Count("id")).order_by())


def _counts(statuses: tuple[Status, ...]) -> dict[str, int]:
    jobs = SyncQueueItem.objects.filter(status__in=statuses)
    return dict(jobs.values_list("status").annotate(Count("id")).order_by())


def _open(at: datetime) -> _Open:
    counts = _counts(OPEN)
    due = SyncQueueItem.objects.waiting().filter(next_attempt_at__lte=at)
    is_waiting = any(counts.get(status) for status in WAITING)
    return _Open(
        counts,
        due.aggregate(oldest=Min("next_attempt_at"))["oldest"] if is_waiting else None,
        {str(status): _oldest(status) if counts.get(status) else None for status in OPEN},
        at,
    )


def _oldest(status: Status) -> datetime | None:
    jobs = SyncQueueItem.objects.filter(status=status)
    if status == Status.PROCESSING:
        claimed: datetime | None = jobs.aggregate(oldest=Min("claimed_at"))["oldest"]
        return claimed
    return jobs.order_by("id").values_list("created_at", flat=True).first()


def _closed(at: datetime) -> _Closed:
    return _Closed(_counts(CLOSED), at)
