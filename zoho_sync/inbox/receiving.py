"""Store a delivery and put its record into the queue, in one transaction."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from tsh_erp.common.sql import insert_rows
from tsh_erp.jobs.ring import ring
from zoho_sync import alerts
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox.bodies import Delivered, read_body
from zoho_sync.inbox.redeliveries import count_again, find_known
from zoho_sync.models import InboxEvent
from zoho_sync.models.payload import encode_payload
from zoho_sync.queue import Work, enqueue

DRAIN = "zoho_sync.tasks.drain"
JSON = "application/json"
State, Operation = InboxEvent.State, InboxEvent.Operation


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A genuine request as it came. `headers` and `query` hold nothing secret."""

    path: str
    body: bytes
    proof: InboxEvent.Proof
    received_at: datetime
    method: str = "POST"
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    request_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a delivery: the event that stands for it, and whether there is new work."""

    event_id: uuid.UUID
    idempotency_key: str
    queued: bool = False
    duplicate: bool = False
    invalid: str = ""
    records: int = 1


def receive(delivery: Delivery) -> Receipt:
    """Store the delivery; queue its records; ring after the commit.

    What its record's newest event said, and nothing contradicted since, is a redelivery: counted, not
    stored again. What cannot be read is stored as invalid, with an alert. Database errors are the
    caller's: nothing was stored then.
    """
    try:
        records = read_body(
            delivery.body,
            content_type=delivery.content_type,
            path=delivery.path,
            query=delivery.query,
            method=delivery.method,
            organization=settings.ZOHO_ORGANIZATION_ID,
        )
        invalid = ""
    except InvalidPayload as error:
        records, invalid = [], str(error)
    with transaction.atomic():
        if len(records) == 1:
            return _receive_record(delivery, records[0])
        return _receive_several(delivery, records) if records else _receive_invalid(delivery, invalid)


def _receive_record(delivery: Delivery, record: Delivered) -> Receipt:
    event = _event(delivery, record)
    if known := find_known(event, record):
        count_again(known, at=delivery.received_at)
        return Receipt(event_id=known.uuid, idempotency_key=event.body_sha256, duplicate=True)
    insert_rows(InboxEvent, [event])
    queue_events([event])
    return Receipt(event_id=event.uuid, idempotency_key=event.body_sha256, queued=True)


def _receive_several(delivery: Delivery, records: Sequence[Delivered]) -> Receipt:
    """A split event for the whole and a child per record, each a redelivery, new or invalid by itself."""
    whole = _event(delivery, None, module=next(one.module for one in records if not one.problem), state=State.SPLIT)
    # In key order: two such deliveries at once take their locks in the same order.
    in_order = sorted(records, key=lambda record: (record.module, record.zoho_id))
    children = [(make_child(delivery, record), record) for record in in_order]
    if (known := find_known(whole)) and _are_known(children):
        count_again(known, at=delivery.received_at)
        return Receipt(event_id=known.uuid, idempotency_key=whole.body_sha256, duplicate=True, records=len(records))
    whole.reason = f"{len(records)} records"
    insert_rows(InboxEvent, [whole])
    new = []
    for child, record in children:
        if known := find_known(child, record):
            count_again(known, at=delivery.received_at)
        else:
            child.parent = whole
            insert_rows(InboxEvent, [child])
            new.append(child)
    queued = [child for child in new if child.state == State.QUEUED]
    queue_events(queued)
    for child in new:
        if child.state == State.INVALID:
            alert_invalid(child, child.uuid)
    return Receipt(event_id=whole.uuid, idempotency_key=whole.body_sha256, queued=bool(queued), records=len(records))


def _are_known(children: Sequence[tuple[InboxEvent, Delivered]]) -> bool:
    """Whether of every record the last that is said here is known; what cannot be read says nothing new."""
    last = {(child.module, child.zoho_id): (child, record) for child, record in children if not record.problem}
    return all(find_known(child, record) for child, record in last.values())


def _receive_invalid(delivery: Delivery, reason: str) -> Receipt:
    event = _event(delivery, None, state=State.INVALID)
    event.reason, event.settled_at = reason, delivery.received_at
    if delivery.method == "DELETE":  # for the day on which it can be read
        event.operation = Operation.DELETE
    if known := find_known(event):
        count_again(known, at=delivery.received_at)
    else:
        insert_rows(InboxEvent, [event])
    event_id = known.uuid if known else event.uuid
    alert_invalid(event, event_id)
    return Receipt(event_id=event_id, idempotency_key=event.body_sha256, invalid=reason, duplicate=known is not None)


def alert_invalid(event: InboxEvent, event_id: uuid.UUID) -> None:
    """Tell people that a delivery cannot be read: one alert for each address."""
    alerts.raise_alert(
        code="invalid_payload",
        cause=event.path,
        title=gettext_noop("Webhooks to %(path)s cannot be read"),
        detail=gettext_noop("%(reason)s (event %(event)s)"),
        parameters={"path": event.path, "reason": event.reason, "event": str(event_id)},
        at=event.received_at,
    )


def _event(
    delivery: Delivery, record: Delivered | None, *, module: str = "", state: InboxEvent.State = State.QUEUED
) -> InboxEvent:
    event = InboxEvent(
        received_at=delivery.received_at,
        path=delivery.path,
        module=module,
        state=state,
        body=delivery.body,
        body_sha256=hashlib.sha256(delivery.body).hexdigest(),
        content_type=delivery.content_type[:200],
        headers=dict(delivery.headers),
        query=dict(delivery.query),
        address=delivery.address,
        proof=delivery.proof,
        request_id=delivery.request_id,
    )
    if record:
        event.module, event.zoho_id, event.modified_at = record.module, record.zoho_id, record.modified_at
        event.operation = Operation.DELETE if record.is_delete else Operation.UPSERT
    return event


def make_child(delivery: Delivery, record: Delivered) -> InboxEvent:
    """The event, not stored yet, of one record among those that a delivery holds."""
    body = encode_payload({record.root: record.payload}).encode()
    child = _event(delivery, record)
    child.body, child.body_sha256 = body, hashlib.sha256(body).hexdigest()
    child.content_type, child.proof = JSON, InboxEvent.Proof.PARENT
    if record.problem:  # without a module, like every delivery that names no record
        child.module, child.state, child.reason = "", State.INVALID, record.problem
        child.settled_at = delivery.received_at
    return child


def queue_events(events: Sequence[InboxEvent], *, at: datetime | None = None) -> None:
    """A waiting job for the record of each event, due `at` (when the first arrived); rings after the commit."""
    if not events:
        return
    works = [
        Work(module=event.module, zoho_id=event.zoho_id, priority=BY_MODULE[event.module].priority) for event in events
    ]
    enqueue(works, at=at or events[0].received_at)
    transaction.on_commit(lambda: ring(DRAIN, at_most=settings.TDS_WORKERS), robust=True)
