"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Sum

from zoho_sync.audit import books, history, promises
from zoho_sync.audit.period import SHOWN, Period
from zoho_sync.models import InboxEvent


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and the rows that break it: the first `SHOWN` by name."""

    name: str
    broken: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.broken


CHECKS: tuple[tuple[str, Callable[[Period], Iterator[str]]], ...] = (
    ("a queued event has a job", promises.queued_without_job),
    ("an applied event has its applied log entry", history.applied_without_log),
    ("no event was settled twice", history.settled_twice),
    ("a dead event has an unresolved dead letter", promises.dead_without_letter),
    ("a dead letter that is being retried has a job", promises.retried_without_job),
    ("a superseded event was overtaken by one that was taken", history.superseded_without_end),
    ("a lost job was taken back", promises.lost_for_long),
    ("an open run is worked on", promises.run_without_worker),
    ("a domain event is dispatched within the hour", promises.event_not_dispatched),
    ("the mirror is not older than what was applied to it", history.mirror_older_than_event),
    ("every mirrored record has its business row", books.mirror_without_projection),
    ("what is gone from Zoho is retired", books.gone_but_alive),
    ("the stock ledger sums to the stock levels", books.stock_differs),
    ("payments and credits are allocated as Zoho says", books.allocations_differ),
)


def audit(
    *, deliveries: int | None = None, since: datetime | None = None, at: datetime | None = None
) -> Iterator[Check]:
    """Run every check. `at` is now; without it nothing is measured by the clock.

    With `since`, history is looked at from then on; what must hold at any time (jobs, books) is always
    looked at whole. With `deliveries`, the number of 202 answers that senders counted since then must be
    ours too: not before what `TDS_INBOX_RETENTION_DAYS` has let go.
    """
    period = Period(at, since)
    for name, find in CHECKS:
        yield Check(name, list(islice(find(period), SHOWN)))
    if deliveries is not None:
        whole = InboxEvent.objects.filter(parent__isnull=True, **period.of("received_at"))
        ours = whole.aggregate(sum=Sum("deliveries"))["sum"] or 0
        broken = [] if ours == deliveries else [f"{deliveries} deliveries were answered 202, {ours} are stored"]
        yield Check("every delivery answered 202 is stored", broken)
