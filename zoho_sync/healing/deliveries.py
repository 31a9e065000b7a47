"""What was rung or delivered and did not arrive: rings, domain events, periodic jobs that ended without a word."""

from __future__ import annotations

from datetime import datetime, timedelta

from tsh_erp.events import delivering
from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.jobs import running
from tsh_erp.jobs.ring import ring, waiting_rings
from zoho_sync.healing.jobs import MOST_COUNTED
from zoho_sync.healing.reporting import Mended
from zoho_sync.models import SyncQueueItem

DRAIN = "zoho_sync.tasks.drain"
# A worker that was rung comes at once; the sweep comes every minute.
PATIENCE = timedelta(minutes=2)


def count_undelivered(at: datetime) -> int:
    """Domain events that nobody has dispatched, deliveries that failed and are due, and those that were given up."""
    return _open_deliveries(at) + FailedDelivery.objects.given_up()[:MOST_COUNTED].count()


def deliver(at: datetime) -> Mended:
    """Dispatched now; what was given up is left to people."""
    before = _open_deliveries(at)
    delivering.dispatch()
    after = _open_deliveries(at)
    return Mended(max(before - after, 0), later=after)


def _open_deliveries(at: datetime) -> int:
    waiting = StoredEvent.objects.filter(dispatched_at__isnull=True, occurred_at__lte=at - PATIENCE)
    return waiting[:MOST_COUNTED].count() + FailedDelivery.objects.due(at)[:MOST_COUNTED].count()


def count_dead_job_runs(at: datetime) -> int:
    """Periodic jobs that are said to be under way and whose process is gone."""
    return len(running.find_dead(at=at))


def give_up_dead_job_runs(at: datetime) -> Mended:
    return Mended(running.give_up_dead())


def count_lost_rings(at: datetime) -> int:
    """One, when work has been due for a while and no worker has been told."""
    return int(SyncQueueItem.objects.due(at - PATIENCE).exists() and not waiting_rings())


def make_rings_good(at: datetime) -> Mended:
    return Mended(int(ring(DRAIN, at_most=1)))
