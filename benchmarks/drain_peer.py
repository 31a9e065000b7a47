"""The peer of `drain`: one django-q2 task for each event, doing the same apply."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from zoho_sync.apply import apply_records
from zoho_sync.entities import BY_MODULE
from zoho_sync.inbox import observe
from zoho_sync.models import InboxEvent

TASK = "benchmarks.drain_peer.apply_event"


def apply_event(event_id: int) -> None:
    """Parse the event, apply it to its record and settle it. Keeps no log and no queue, which is in its favour."""
    with transaction.atomic():
        event = InboxEvent.objects.select_for_update().get(pk=event_id)
        result = apply_records(BY_MODULE[event.module], observe([event]), at=timezone.now())[0]
        InboxEvent.objects.filter(pk=event_id).update(state=result.judged[0].verdict.value, settled_at=timezone.now())
