"""Hand stored events to their subscribers: a batch at a time, each subscriber in a savepoint of its own.

What a subscriber writes commits together with the mark that the events were dispatched, so that a
crash between the two cannot happen. One that raises keeps nobody else from hearing: the events it
did not take are written down as failed deliveries and tried again with back-off.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tsh_erp.events.models import FailedDelivery, StoredEvent
from tsh_erp.events.subscribing import Subscriber, find_subscriber, subscribers

log = structlog.get_logger(__name__)

DISPATCH = "tsh_erp.events.delivering.dispatch"
BATCH_SIZE = 500
RETRIED_AT_ONCE = 50
MOST_SECONDS = 45.0
MOST_ATTEMPTS = 10
BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 30, 6 * 3600
# The database's trouble, not the subscriber's: the whole batch is tried again later.
TRANSIENT = (OperationalError, InterfaceError)


def dispatch() -> int:
    """Deliver what was committed and not yet dispatched, and failed deliveries that are due; how many events.

    Idempotent, and safe beside others that do the same. Found by `dispatched_at IS NULL`: ids are
    not in the order of commits, so that a cursor over them would pass some by.
    """
    until = time.monotonic() + MOST_SECONDS
    delivered = 0
    while (taken := _dispatch_batch()) and time.monotonic() < until:
        delivered += taken
    while (taken := _try_again()) and time.monotonic() < until:
        delivered += taken
    return delivered


def has_undelivered() -> bool:
    """Whether `dispatch` would find something to do now."""
    return (
        StoredEvent.objects.filter(dispatched_at__isnull=True).exists()
        or FailedDelivery.objects.due(timezone.now()).exists()
    )


@transaction.atomic
def _dispatch_batch() -> int:
    events = list(
        StoredEvent.objects.filter(dispatched_at__isnull=True)
        .order_by("id")
        .select_for_update(skip_locked=True)[:BATCH_SIZE]
    )
    if not events:
        return 0
    for subscriber in subscribers(in_transaction=False):
        deliver(subscriber, events)
    StoredEvent.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=timezone.now())
    return len(events)


def deliver(subscriber: Subscriber, events: Sequence[StoredEvent]) -> None:
    """Call one subscriber with those of `events` it wants; what it does not take is written down. In a transaction."""
    wanted = [event for event in events if subscriber.wants(event.type)]
    if not wanted or _call(subscriber, wanted) is None:
        return
    failed = [(event, error) for event in wanted if (error := _call(subscriber, [event]))]
    now = timezone.now()
    FailedDelivery.objects.bulk_create(
        [
            FailedDelivery(
                event=event,
                subscriber=subscriber.name,
                attempts=1,
                next_attempt_at=now + _back_off(1),
                error=_shown(error),
                traceback=_trace(error),
                failed_at=now,
            )
            for event, error in failed
        ],
        ignore_conflicts=True,
    )


def _call(subscriber: Subscriber, events: Sequence[StoredEvent]) -> Exception | None:
    try:
        with transaction.atomic():
            subscriber.listener(events)
            if connection.vendor == "postgresql":
                connection.check_constraints()
    except Exception as error:
        if isinstance(error, TRANSIENT) and _is_passing(error):
            raise
        log.exception("subscriber_failed", subscriber=subscriber.name, events=len(events), first=events[0].pk)
        return error
    return None


def _is_passing(error: Exception) -> bool:
    """SQLite also calls a statement so that it will never understand; such a subscriber must not stop the others."""
    return connection.vendor != "sqlite" or any(word in str(error) for word in ("locked", "busy", "disk"))


@transaction.atomic
def _try_again() -> int:
    now = timezone.now()
    due = list(
        FailedDelivery.objects.due(now)
        .select_related("event")
        .order_by("next_attempt_at", "id")
        .select_for_update(skip_locked=True, of=("self",))[:RETRIED_AT_ONCE]
    )
    for failed in due:
        subscriber = find_subscriber(failed.subscriber)
        error = _call(subscriber, [failed.event]) if subscriber else None
        if error is None:  # taken now, or nobody is left who wants it
            failed.delete()
            continue
        failed.attempts += 1
        gives_up = failed.attempts >= MOST_ATTEMPTS
        failed.next_attempt_at = None if gives_up else now + _back_off(failed.attempts)
        failed.error, failed.traceback, failed.failed_at = _shown(error), _trace(error), now
        failed.save(update_fields=["attempts", "next_attempt_at", "error", "traceback", "failed_at"])
    return len(due)


def retry_now(failed: QuerySet[FailedDelivery], *, at: datetime) -> int:
    """Have these failed deliveries tried again at the next dispatch, with all their attempts before them; how many."""
    return failed.update(next_attempt_at=at, attempts=0)


def _back_off(attempts: int) -> timedelta:
    return timedelta(seconds=min(LONGEST_BACK_OFF_SECONDS, BACK_OFF_SECONDS * 2 ** (attempts - 1)))


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]


def _trace(error: Exception) -> str:
    return "".join(traceback.format_exception(error))[-20_000:]
