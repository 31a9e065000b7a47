"""Which colour a state has. Every stored state has one; a test sees to it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.safestring import SafeString

from tsh_erp.admin_site.display import Tone, badge
from zoho_sync.models import (
    Alert,
    AlertDelivery,
    BulkAction,
    DeadLetter,
    Difference,
    ErrorGroup,
    InboxEvent,
    Reconciliation,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoConnection,
    ZohoRecord,
)

TONES: Mapping[TextChoices, Tone] = {
    InboxEvent.State.QUEUED: Tone.BUSY,
    InboxEvent.State.APPLIED: Tone.GOOD,
    InboxEvent.State.UNCHANGED: Tone.QUIET,
    InboxEvent.State.STALE: Tone.QUIET,
    InboxEvent.State.SUPERSEDED: Tone.QUIET,
    InboxEvent.State.SPLIT: Tone.QUIET,
    InboxEvent.State.INVALID: Tone.BAD,
    InboxEvent.State.DEAD: Tone.BAD,
    InboxEvent.State.DISCARDED: Tone.QUIET,
    SyncQueueItem.Status.PENDING: Tone.BUSY,
    SyncQueueItem.Status.RETRY: Tone.WARNING,
    SyncQueueItem.Status.PROCESSING: Tone.BUSY,
    SyncQueueItem.Status.COMPLETED: Tone.GOOD,
    SyncQueueItem.Status.DEAD_LETTER: Tone.BAD,
    SyncLog.Outcome.WAITING: Tone.WARNING,
    SyncLog.Outcome.RELEASED: Tone.QUIET,
    DeadLetter.State.OPEN: Tone.BAD,
    DeadLetter.State.RETRIED: Tone.BUSY,
    DeadLetter.State.RESOLVED: Tone.GOOD,
    ErrorGroup.State.ACKNOWLEDGED: Tone.WARNING,
    ErrorGroup.State.IGNORED: Tone.QUIET,
    Alert.Severity.INFO: Tone.QUIET,
    Alert.Severity.WARNING: Tone.WARNING,
    Alert.Severity.CRITICAL: Tone.BAD,
    AlertDelivery.State.SENT: Tone.GOOD,
    AlertDelivery.State.DROPPED: Tone.QUIET,
    ZohoRecord.State.PRESENT: Tone.GOOD,
    ZohoRecord.State.INACTIVE: Tone.QUIET,
    ZohoRecord.State.UNCONFIRMED_GONE: Tone.WARNING,
    ZohoRecord.State.GONE: Tone.QUIET,
    BulkAction.State.WATCHING: Tone.BUSY,
    BulkAction.State.STOPPED: Tone.BAD,
    SyncRun.Status.RUNNING: Tone.BUSY,
    SyncRun.Status.PARTIAL: Tone.WARNING,
    SyncRun.Status.FAILED: Tone.BAD,
    SyncRun.Status.CANCELLED: Tone.QUIET,
    Difference.State.REPAIRED: Tone.GOOD,
    Difference.State.ACCEPTED: Tone.QUIET,
    Difference.State.NOTED: Tone.QUIET,
    Reconciliation.State.UNDER_WAY: Tone.BUSY,
    Reconciliation.State.FINISHED: Tone.GOOD,
    Reconciliation.State.CUT_OFF: Tone.BAD,
    ZohoConnection.Breaker.CLOSED: Tone.GOOD,
    ZohoConnection.Breaker.HALF_OPEN: Tone.WARNING,
}
_BY_VALUE = {str(state.value): tone for state, tone in TONES.items()}


def state_badge(value: str, label: object) -> SafeString:
    """The badge of a stored state; states of different tables with the same word mean the same."""
    return badge(label, _BY_VALUE[value])
