"""What waits: jobs by state, dead letters, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from tsh_erp.common.together import Asked, Question, Questions, Row, count_of
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, SyncQueueItem
from zoho_sync.models.queue import WAITING, Status
from zoho_sync.monitoring.keeping import Kept, answer

# Named one by one: what is not equal to something no index can find.
UNRESOLVED = (Alert.State.OPEN, Alert.State.ACKNOWLEDGED)
OPEN = (*WAITING, Status.PROCESSING)
CLOSED = tuple(status for status in Status if status not in OPEN)
# How long a long count may be kept: the open jobs change by the second, the closed ones are history.
OPEN_SECONDS, CLOSED_SECONDS = 10, 150


@dataclass(frozen=True)
class QueueDepth:
    """Jobs by status, every status present; since when the oldest due one waits.

    `oldest` is since when the oldest open job of each status is in the queue, or worked on. The counts
    are as of the moment they were asked for, or as of `open_counted_at` and `closed_counted_at` where
    so many are open or closed that they were counted a little earlier.
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
class _Counted:
    counts: dict[str, int]
    at: datetime

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def queue_depth(*, at: datetime) -> QueueDepth:
    """Jobs by status. One query."""
    return answer(ask_queue_depth(at=at))


def ask_queue_depth(*, at: datetime) -> Asked[QueueDepth]:
    open_jobs = _ask_counts("open", OPEN, at=at, seconds=OPEN_SECONDS)
    closed = _ask_counts("closed", CLOSED, at=at, seconds=CLOSED_SECONDS)
    due = SyncQueueItem.objects.unpaused().waiting().filter(next_attempt_at__lte=at).order_by("next_attempt_at")
    oldest_due = Question(due.values_list("next_attempt_at")[:1], _moment)
    oldest = {str(status): _ask_oldest(status) for status in OPEN}

    def read() -> QueueDepth:
        counts = dict.fromkeys(Status.values, 0) | open_jobs.value.counts | closed.value.counts
        since = {status: question.value for status, question in oldest.items()}
        return QueueDepth(counts, oldest_due.value, since, open_jobs.value.at, closed.value.at)

    return Questions(open_jobs, closed, oldest_due, *oldest.values(), read=read)


def open_dead_letters() -> int:
    return answer(ask_open_dead_letters())


def ask_open_dead_letters() -> Asked[int]:
    return count_of(DeadLetter.objects.open())


@dataclass(frozen=True)
class OpenErrors:
    """One cause of open dead letters, and how many it has."""

    group: ErrorGroup
    letters: int


def open_errors(*, at_most: int) -> list[OpenErrors]:
    """The causes of most open dead letters, the most first. One query."""
    return answer(ask_open_errors(at_most=at_most))


def ask_open_errors(*, at_most: int) -> Asked[list[OpenErrors]]:
    names = [column.attname for column in ErrorGroup._meta.concrete_fields]
    open_letters = Q(dead_letters__state=DeadLetter.State.OPEN)
    groups = ErrorGroup.objects.filter(open_letters).annotate(letters=Count("dead_letters")).order_by("-letters", "id")

    def read(rows: list[Row]) -> list[OpenErrors]:
        return [OpenErrors(ErrorGroup.from_db(None, names, row[:-1]), row[-1]) for row in rows]

    return Question(groups.values_list(*names, "letters")[:at_most], read)


def open_alerts() -> dict[str, int]:
    """Alerts that are not resolved, by severity."""
    return answer(ask_open_alerts())


def ask_open_alerts() -> Asked[dict[str, int]]:
    alerts = Alert.objects.filter(state__in=UNRESOLVED).values_list("severity").annotate(Count("id")).order_by()
    return Question(alerts, lambda rows: dict.fromkeys(Alert.Severity.values, 0) | dict(rows))


def _ask_counts(name: str, statuses: tuple[Status, ...], *, at: datetime, seconds: float) -> Kept[_Counted]:
    jobs = SyncQueueItem.objects.filter(status__in=statuses).values_list("status").annotate(Count("id")).order_by()
    return Kept(name, jobs, lambda rows: _Counted(dict(rows), at), counted=lambda found: found.total, seconds=seconds)


def _ask_oldest(status: Status) -> Question[datetime | None]:
    """Since when the oldest job of a status is in the queue, or worked on."""
    jobs = SyncQueueItem.objects.filter(status=status)
    if status == Status.PROCESSING:
        held = jobs.filter(claimed_at__isnull=False).order_by("claimed_at")
        return Question(held.values_list("claimed_at")[:1], _moment)
    return Question(jobs.order_by("id").values_list("created_at")[:1], _moment)


def _moment(rows: list[Row]) -> datetime | None:
    return rows[0][0] if rows else None
