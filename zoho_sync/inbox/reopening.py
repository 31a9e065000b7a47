"""Take stored events up again: what was put aside is queued, what could not be read is read with today's code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from tsh_erp.common.sql import insert_rows, update_from_values
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox.bodies import Delivered, read_body
from zoho_sync.inbox.receiving import Delivery, alert_invalid, make_child, queue_events
from zoho_sync.inbox.redeliveries import find_known
from zoho_sync.models import InboxEvent

State, Operation = InboxEvent.State, InboxEvent.Operation
REOPENED = ("module", "zoho_id", "modified_at", "operation", "state", "reason", "settled_at")


@dataclass(frozen=True)
class Reading:
    """What today's code reads in an event that named no record; `problem` says why it still cannot."""

    records: Sequence[Delivered] = ()
    problem: str = ""


def read_again(event: InboxEvent) -> Reading:
    """Read the stored bytes as if they had just come. Pure."""
    try:
        records = read_body(
            bytes(event.body),
            content_type=event.content_type,
            path=event.path,
            query=event.query,
            method="DELETE" if event.operation == Operation.DELETE else "POST",
            organization=settings.ZOHO_ORGANIZATION_ID,
        )
    except InvalidPayload as error:
        return Reading(problem=str(error))
    return Reading(records)


def reopen(events: Sequence[InboxEvent], readings: Mapping[int, Reading], *, at: datetime) -> int:
    """Queue these events again, with a waiting job for each record; how many.

    Those that named no record are taken as `readings` (by key) have them; one that still cannot be read
    stays as it is, with the new reason where it is invalid. The bytes are not touched, and the time of
    arrival stays: the mirror decides what is news. Runs in the caller's transaction, which holds the
    records (`hold_records`) and the events. The queries do not grow with the number of events, but for
    those that turn out to hold several records.
    """
    rows, queued, reasons = [], [], []
    for event in events:
        reading = readings.get(event.pk, Reading())
        if reading.problem:
            if event.state == State.INVALID and event.reason != reading.problem:
                reasons.append((event.pk, reading.problem))
            continue
        if len(reading.records) > 1:
            queued += _split(event, reading.records)
        elif reading.records:
            _name(event, reading.records[0])
        if event.state != State.SPLIT:
            event.state, event.reason, event.settled_at = State.QUEUED, "", None
            queued.append(event)
        rows.append((event.pk, *(getattr(event, name) for name in REOPENED)))
    update_from_values(InboxEvent, REOPENED, rows)
    update_from_values(InboxEvent, ("reason",), reasons)
    queue_events(queued, at=at)
    return len(rows)


def _name(event: InboxEvent, record: Delivered) -> None:
    event.module, event.zoho_id, event.modified_at = record.module, record.zoho_id, record.modified_at
    event.operation = Operation.DELETE if record.is_delete else Operation.UPSERT


def _split(event: InboxEvent, records: Sequence[Delivered]) -> list[InboxEvent]:
    """Make the event one of several records; the children that are new and wait for a worker."""
    delivery = _delivery(event)
    event.module = next(record.module for record in records if not record.problem)
    event.state, event.reason, event.settled_at = State.SPLIT, f"{len(records)} records", None
    queued = []
    for record in sorted(records, key=lambda record: (record.module, record.zoho_id)):
        child = make_child(delivery, record)
        if find_known(child, record):
            continue
        child.parent = event
        insert_rows(InboxEvent, [child])
        if child.state == State.INVALID:
            alert_invalid(child, child.uuid)
        else:
            queued.append(child)
    return queued


def _delivery(event: InboxEvent) -> Delivery:
    return Delivery(
        path=event.path,
        body=bytes(event.body),
        proof=InboxEvent.Proof(event.proof),
        received_at=event.received_at,
        method="DELETE" if event.operation == Operation.DELETE else "POST",
        content_type=event.content_type,
        headers=event.headers,
        query=event.query,
        address=event.address,
        request_id=event.request_id,
    )
