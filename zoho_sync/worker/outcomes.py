"""Write down what became of claimed jobs: the events, the log, the queue, the dead letters."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings

from tsh_erp.common.sql import insert_rows, update_from_values
from zoho_sync import dead_letters, queue
from zoho_sync.apply import Outcome, Result
from zoho_sync.errors import PermanentError, TemporaryError
from zoho_sync.mirror import Judged
from zoho_sync.models import InboxEvent, Pause, SyncLog
from zoho_sync.queue import Claim, End, Settlement

log = structlog.get_logger(__name__)

PARENT_PATIENCE = timedelta(hours=24)
# A parent's arrival makes its children due at once; this look only makes good what that missed.
PARENT_LOOK = timedelta(hours=1)
LOGGED = {
    Outcome.CREATED: SyncLog.Outcome.APPLIED,
    Outcome.UPDATED: SyncLog.Outcome.APPLIED,
    Outcome.UNCHANGED: SyncLog.Outcome.UNCHANGED,
    Outcome.STALE: SyncLog.Outcome.STALE,
}


@dataclass(frozen=True)
class Attempt:
    """One claimed job, its queued events and what came of it.

    `result` is None when there was nothing to do. `settlement` is given where the end is already decided.
    """

    claim: Claim
    events: Sequence[InboxEvent]
    result: Result | None
    settlement: Settlement | None = None


def backoff_seconds(attempt: int, *, base: float, cap: float, chance: float) -> float:
    """Full jitter: `chance` (0 … 1) of min(cap, base · 2^(attempt−1)). Pure."""
    return chance * min(cap, base * 2.0 ** min(attempt - 1, 40))


def record_attempts(
    attempts: Sequence[Attempt],
    *,
    batch: uuid.UUID,
    worker: str,
    started_at: datetime,
    duration_ms: int,
    at: datetime,
) -> None:
    """Settle `attempts` in a constant number of statements, plus a few for each dead letter.

    The caller holds their queue rows locked.
    """
    settlements = {attempt.claim.id: attempt.settlement or _decide(attempt, at=at) for attempt in attempts}
    entries: list[tuple[SyncLog, list[Judged]]] = []
    for attempt in attempts:
        entries += _log_entries(attempt, settlements[attempt.claim.id])
    for entry, _ in entries:
        entry.batch, entry.worker, entry.started_at, entry.duration_ms = batch, worker, started_at, duration_ms
    insert_rows(SyncLog, [entry for entry, _ in entries])
    _settle_events(entries, at=at)
    queue.settle(list(settlements.values()), at=at)
    for attempt in attempts:
        _bury(attempt, settlements[attempt.claim.id], at=at)
    done = [(attempt.claim.module, attempt.claim.zoho_id) for attempt in attempts if _is_done(attempt)]
    dead_letters.close_settled(done, at=at)
    untried = [(attempt.claim.module, attempt.claim.zoho_id) for attempt in attempts if attempt.result is None]
    dead_letters.reopen_untried(untried, at=at)
    here = [(one.claim.module, one.claim.zoho_id) for one in attempts if one.result and one.result.outcome in LOGGED]
    queue.wake_children(here, at=at)


def _is_done(attempt: Attempt) -> bool:
    return attempt.result is not None and attempt.result.outcome in LOGGED and not attempt.result.failed


def _decide(attempt: Attempt, *, at: datetime) -> Settlement:
    claim, result = attempt.claim, attempt.result
    if result is None or (result.outcome in LOGGED and not result.failed):
        return Settlement(claim=claim, end=End.COMPLETED)
    if result.outcome is Outcome.WAITING and result.parent:
        module, zoho_id = result.parent
        waits = f"waits for {module} {zoho_id}"
        is_too_late = claim.waiting_since is not None and at - claim.waiting_since > PARENT_PATIENCE
        if is_too_late and not Pause.objects.filter(module=module).exists():
            return Settlement(claim=claim, end=End.DEAD, error=f"{waits}, which did not come within 24 hours")
        return Settlement(
            claim=claim,
            end=End.WAITING,
            due=at + PARENT_LOOK,
            parent=result.parent,
            error=waits,
            needs_fetch=claim.needs_fetch,
        )
    error, message = result.error, _message(result.error)
    if isinstance(error, PermanentError) or claim.attempts >= settings.TDS_MAX_RETRY_ATTEMPTS:
        return Settlement(claim=claim, end=End.DEAD, error=message, traceback=result.traceback)
    pause = error.retry_after if isinstance(error, TemporaryError) else None
    if pause is None:
        pause = backoff_seconds(
            claim.attempts,
            base=settings.TDS_RETRY_BASE_SECONDS,
            cap=settings.TDS_RETRY_CAP_SECONDS,
            chance=random.random(),  # noqa: S311 - jitter, not a secret
        )
    return Settlement(
        claim=claim,
        end=End.RETRY,
        due=at + timedelta(seconds=pause),
        error=message,
        traceback=result.traceback,
        needs_fetch=claim.needs_fetch,
    )


def _message(error: Exception | None) -> str:
    return (str(error) or type(error).__name__) if error else ""


def _log_entries(attempt: Attempt, settlement: Settlement) -> list[tuple[SyncLog, list[Judged]]]:
    """The log of an attempt: one entry per outcome among its events, so that each event has exactly one."""
    claim, result = attempt.claim, attempt.result
    base = {"job_id": claim.id, "module": claim.module, "zoho_id": claim.zoho_id, "attempt": claim.attempts}
    entries = []
    if result and result.outcome in LOGGED:
        judged = [one for one in result.judged if one.observation.event is not None]
        entry = SyncLog(**base, outcome=LOGGED[result.outcome], event_count=len(judged))
        entries.append((entry, judged))
    if settlement.end in (End.COMPLETED, End.DISCARDED):
        if not entries:
            entries.append((SyncLog(**base, outcome=SyncLog.Outcome.UNCHANGED, message="nothing to do"), []))
        return entries
    outcome = {
        End.WAITING: SyncLog.Outcome.WAITING,
        End.RELEASED: SyncLog.Outcome.RELEASED,
        End.DEAD: SyncLog.Outcome.DEAD,
    }.get(settlement.end, SyncLog.Outcome.RETRY)
    failure = SyncLog(
        **base,
        outcome=outcome,
        message=settlement.error,
        error_class=type(result.error).__name__ if result and result.error else "",
    )
    entries.append((failure, []))
    return entries


def _settle_events(entries: Sequence[tuple[SyncLog, list[Judged]]], *, at: datetime) -> None:
    rows = [
        (
            judged.observation.event,
            judged.verdict.value,
            judged.reason,
            judged.successor.event if judged.successor else None,
            entry.pk,
            at,
        )
        for entry, settled in entries
        for judged in settled
    ]
    update_from_values(InboxEvent, ("state", "reason", "successor", "log", "settled_at"), rows)


def _bury(attempt: Attempt, settlement: Settlement, *, at: datetime) -> None:
    if settlement.end is not End.DEAD:
        return
    result = attempt.result
    failed = {one.event for one in result.failed} if result and result.failed else None
    events = [event for event in attempt.events if failed is None or event.pk in failed]
    if result and result.error:
        log.error(
            "dead_letter", module=attempt.claim.module, zoho_id=attempt.claim.zoho_id, error=settlement.error[:500]
        )
    dead_letters.bury(
        module=attempt.claim.module,
        zoho_id=attempt.claim.zoho_id,
        job_id=attempt.claim.id,
        events=events,
        error_class=type(result.error).__name__ if result and result.error else "WaitingForParent",
        message=settlement.error,
        traceback=settlement.traceback,
        attempts=attempt.claim.attempts,
        at=at,
    )
