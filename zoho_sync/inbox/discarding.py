"""Put aside what cannot be read, once a person has looked at it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat

from zoho_sync.models import InboxEvent


def discard_invalid(events: QuerySet[InboxEvent], *, reason: str, at: datetime) -> int:
    """Mark invalid events as discarded, the person's reason behind the first one; how many.

    ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed to discard an event")
    return events.filter(state=InboxEvent.State.INVALID).update(
        state=InboxEvent.State.DISCARDED, reason=Concat(F("reason"), Value("\n"), Value(reason)), settled_at=at
    )
