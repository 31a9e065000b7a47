"""From stored events to observations of their records."""

from __future__ import annotations

from collections.abc import Iterable

from zoho_sync.inbox.bodies import read_body
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import InboxEvent


def observe(events: Iterable[InboxEvent]) -> list[Observation]:
    """What each event says of its record, in the events' order. Reads the stored bytes anew.

    InvalidPayload where the bytes cannot be read, which `receive` has ruled out for queued events.
    """
    return [_observe(event) for event in events]


def _observe(event: InboxEvent) -> Observation:
    delivered = read_body(bytes(event.body), content_type=event.content_type, path=event.path, query=event.query)[0]
    return Observation(
        zoho_id=event.zoho_id,
        kind=Kind.GONE if event.operation == InboxEvent.Operation.DELETE else Kind.WEBHOOK,
        payload=delivered.payload,
        modified_at=event.modified_at,
        observed_at=event.received_at,
        hints=delivered.hints,
        event=event.pk,
    )
