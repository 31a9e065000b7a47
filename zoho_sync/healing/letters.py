"""Dead letters that need no person: those whose record has come since, and those worth another try."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet

from zoho_sync import dead_letters, queue, refetch
from zoho_sync.healing.jobs import BATCH_SIZE, MOST_COUNTED, in_batches
from zoho_sync.healing.reporting import Mended
from zoho_sync.inbox import hold_records
from zoho_sync.models import DeadLetter, ErrorGroup, InboxEvent, ZohoRecord
from zoho_sync.queue import Work

IGNORED = ErrorGroup.State.IGNORED
RETRY_PRIORITY = 3


# --- retried, and nobody does it ------------------------------------------------------------------


def count_forgotten(at: datetime) -> int:
    """Dead letters that are being retried, though no job does it."""
    return _forgotten()[:MOST_COUNTED].count()


def queue_forgotten(at: datetime) -> Mended:
    """Their jobs are made again; what finds nothing to try opens the letter."""
    return Mended(in_batches(partial(_queue_forgotten, at)))


def _queue_forgotten(at: datetime) -> int:
    hold_records(set(_forgotten().values_list("module", "zoho_id")[:BATCH_SIZE]))
    left = list(_forgotten().annotate(has_news=Exists(_events(InboxEvent.State.QUEUED)))[:BATCH_SIZE])
    queue.enqueue(
        [
            Work(module=letter.module, zoho_id=letter.zoho_id, priority=RETRY_PRIORITY, needs_fetch=not letter.has_news)
            for letter in left
        ],
        at=at,
    )
    return len(left)


def _forgotten() -> QuerySet[DeadLetter]:
    return queue.without_job(DeadLetter.objects.filter(state=DeadLetter.State.RETRIED)).order_by("module", "zoho_id")


# --- overtaken ------------------------------------------------------------------------------------


def count_overtaken(at: datetime) -> int:
    """Dead letters whose record was brought in after they were written, by news that had nothing to do with them."""
    return _resolved_by_news()[:MOST_COUNTED].count() + _old_news()[:MOST_COUNTED].count()


def close_overtaken(at: datetime) -> Mended:
    """Closed where no event waits for an outcome; else the events are judged again, which finds them overtaken."""
    closed = in_batches(partial(_close, at))
    judged = in_batches(partial(_judge_again, at))
    return Mended(closed + judged)


def _close(at: datetime) -> int:
    chosen = list(_resolved_by_news().values_list("module", "zoho_id")[:BATCH_SIZE])
    dead_letters.close_settled(chosen, at=at)
    return len(chosen)


def _judge_again(at: datetime) -> int:
    chosen = list(_old_news().values_list("pk", flat=True)[:BATCH_SIZE])
    return dead_letters.retry(DeadLetter.objects.filter(pk__in=chosen), at=at)


def _resolved_by_news() -> QuerySet[DeadLetter]:
    return _overtaken(DeadLetter.objects.unresolved()).filter(~Exists(_events(InboxEvent.State.DEAD)))


def _old_news() -> QuerySet[DeadLetter]:
    letters = DeadLetter.objects.open().exclude(group__state=IGNORED)
    return _overtaken(letters).filter(Exists(_events(InboxEvent.State.DEAD)))


def _overtaken(letters: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
    """What the mirror wrote later than the letter was applied: a record that fails leaves no trace in the mirror."""
    brought = ZohoRecord.objects.filter(
        module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), updated_at__gt=OuterRef("updated_at")
    )
    return queue.without_job(letters).filter(Exists(brought)).order_by("pk")


# --- due for another try --------------------------------------------------------------------------


def count_due(at: datetime) -> int:
    """Open dead letters that have rested for `TDS_DLQ_RETRY_AFTER_HOURS`, also those that may not be tried again."""
    return _rested(at)[:MOST_COUNTED].count()


def retry_due(at: datetime) -> Mended:
    """Tried once more, with a fresh record where a client is configured; at most `TDS_DLQ_MAX_AUTO_RETRIES` times."""
    done = in_batches(partial(_retry, at))
    return Mended(done, later=_retriable(at)[:MOST_COUNTED].count())


def _retry(at: datetime) -> int:
    locked = _retriable(at).select_for_update(of=("self",), skip_locked=True).order_by("pk")
    chosen = DeadLetter.objects.filter(pk__in=list(locked.values_list("pk", flat=True)[:BATCH_SIZE]))
    chosen.update(automatic_retries=F("automatic_retries") + 1)
    return dead_letters.retry(chosen, at=at, fetch=refetch.is_configured())


def _rested(at: datetime) -> QuerySet[DeadLetter]:
    """Since they were written, or since the last try failed."""
    until = at - timedelta(hours=settings.TDS_DLQ_RETRY_AFTER_HOURS)
    return DeadLetter.objects.open().filter(updated_at__lte=until).exclude(group__state=IGNORED)


def _retriable(at: datetime) -> QuerySet[DeadLetter]:
    letters = _rested(at).filter(automatic_retries__lt=settings.TDS_DLQ_MAX_AUTO_RETRIES)
    if refetch.is_configured():
        return letters
    return letters.filter(Exists(_events(InboxEvent.State.DEAD)))  # else there is nothing to try


def _events(state: InboxEvent.State) -> QuerySet[InboxEvent]:
    return InboxEvent.objects.filter(module=OuterRef("module"), zoho_id=OuterRef("zoho_id"), state=state)
