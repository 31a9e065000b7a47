"""What was done: attempts by outcome, how long they took, and how long it was since the change in Zoho."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from tsh_erp.common.together import Asked, Question, Row
from zoho_sync.models import InboxEvent, SyncLog
from zoho_sync.monitoring.keeping import Kept, answer

Outcome = SyncLog.Outcome
GOOD = (Outcome.APPLIED, Outcome.UNCHANGED, Outcome.STALE)
FAILED = (Outcome.RETRY, Outcome.DEAD)
TRIED = (*GOOD, *FAILED)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)  # what happens now has happened
# Percentiles rest on the newest so many.
LATEST = 1_000


@dataclass(frozen=True)
class Attempts:
    """Attempts on records that began since then, by outcome; those without any are left out.

    What waited for a parent, or was given back untouched, neither succeeded nor failed.
    """

    since: datetime
    until: datetime
    by_outcome: dict[str, int]

    @property
    def good(self) -> int:
        return sum(self.by_outcome.get(outcome, 0) for outcome in GOOD)

    @property
    def failed(self) -> int:
        return sum(self.by_outcome.get(outcome, 0) for outcome in FAILED)

    @property
    def success_rate(self) -> float | None:
        """0 to 1; None when nothing was tried."""
        tried = self.good + self.failed
        return self.good / tried if tried else None

    @property
    def per_second(self) -> float:
        """Records brought in each second."""
        seconds = (self.until - self.since).total_seconds()
        return self.good / seconds if seconds > 0 else 0.0


@dataclass(frozen=True)
class Percentiles:
    """Nearest-rank percentiles of the newest `of` measurements; None when there are none."""

    p50: float | None
    p95: float | None
    of: int


def attempts(*, within: timedelta, at: datetime) -> Attempts:
    """Attempts of the last minute, hour or day, by outcome. One query."""
    return answer(ask_attempts(within=within, at=at))


def ask_attempts(*, within: timedelta, at: datetime) -> Asked[Attempts]:
    since, until = at - within, at + INSTANT
    return Kept(
        f"attempts:{within.total_seconds():.0f}",
        _outcomes(since, until),
        lambda rows: Attempts(since, until, dict(rows)),
        counted=lambda found: sum(found.by_outcome.values()),
        seconds=keep_seconds(within),
    )


def attempts_between(*, since: datetime, until: datetime) -> Attempts:
    """Attempts that began from `since` on and before `until`, by outcome. One query."""
    return Attempts(since, until, dict(_outcomes(since, until)))


def _outcomes(since: datetime, until: datetime) -> QuerySet[SyncLog, Any]:
    entries = SyncLog.objects.filter(started_at__gte=since, started_at__lt=until)
    return entries.values_list("outcome").annotate(Count("id")).order_by()


def ask_failures_by_module(*, within: timedelta, at: datetime) -> Asked[dict[str, int]]:
    """Failed attempts of the last minute, hour or day, by module; those without any are left out."""
    failed = SyncLog.objects.filter(started_at__gte=at - within, started_at__lt=at + INSTANT, outcome__in=FAILED)
    return Kept(
        f"failures:{within.total_seconds():.0f}",
        failed.values_list("module").annotate(Count("id")).order_by(),
        dict,
        counted=lambda found: sum(found.values()),
        seconds=keep_seconds(within),
    )


def processing_ms(*, within: timedelta, at: datetime) -> Percentiles:
    """How long an attempt on one record took in a worker, of the newest attempts. One query.

    What waited for a parent, or was given back, is left out.
    """
    return processing_between(since=at - within, until=at + INSTANT)


def processing_between(*, since: datetime, until: datetime) -> Percentiles:
    """The same of attempts that began from `since` on and before `until`."""
    return answer(ask_processing(since=since, until=until))


def ask_processing(*, since: datetime, until: datetime) -> Asked[Percentiles]:
    newest = SyncLog.objects.order_by("-id").values_list("started_at", "outcome", "duration_ms")[:LATEST]

    def read(rows: list[Row]) -> Percentiles:
        return percentiles([ms for began, outcome, ms in rows if since <= began < until and outcome in TRIED])

    return Question(newest, read)


def lag_seconds(*, within: timedelta, at: datetime) -> Percentiles:
    """From Zoho's modification of a record to its row here, of the newest webhooks that changed one. One query.

    Zoho's clock against ours, so a lag below the difference of the two counts as 0.
    """
    return lag_between(since=at - within, until=at + INSTANT)


def lag_between(*, since: datetime, until: datetime) -> Percentiles:
    """The same of webhooks that were applied from `since` on and before `until`."""
    return answer(ask_lag(since=since, until=until))


def ask_lag(*, since: datetime, until: datetime) -> Asked[Percentiles]:
    applied = InboxEvent.objects.filter(state=InboxEvent.State.APPLIED).order_by("-id")
    newest = applied.values_list("modified_at", "settled_at")[:LATEST]

    def read(rows: list[Row]) -> Percentiles:
        return percentiles(
            [
                max((settled - modified).total_seconds(), 0.0)
                for modified, settled in rows
                if modified and settled and since <= settled < until
            ]
        )

    return Question(newest, read)


def percentiles(values: Sequence[float]) -> Percentiles:
    """The median and the 95th percentile, each a value that was measured."""
    ordered = sorted(values)

    def at_share(share: float) -> float | None:
        return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None

    return Percentiles(at_share(0.5), at_share(0.95), len(ordered))


def keep_seconds(length: timedelta) -> float:
    """How long a count over so long a time may be kept when it is a big one."""
    return min(max(length.total_seconds() / 60, 10), 150)
