"""Store a delivery and put its record into the queue, in one transaction."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from tsh_erp.common.sql import lock_name
from tsh_erp.jobs.ring import ring
from zoho_sync import alerts
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import InvalidPayload
from zoho_sync.inbox.bodies import Delivered, read_body
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

    The bytes of the newest event of the same record are an exact redelivery: counted, not stored
    again. What cannot be read is stored as invalid, with an alert. Database errors are the
    caller's: nothing was stored then.
    """
    try:
        records = read_body(
            delivery.body,
            content_type=delivery.content_type,
            path=delivery.path,
            query=delivery.query,
            method=delivery.method,
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
    known = _newest_if_same(event)
    if known is not None:
        return Receipt(event_id=known, idempotency_key=event.body_sha256, duplicate=True)
    event.save(force_insert=True)
    _queue([event])
    return Receipt(event_id=event.uuid, idempotency_key=event.body_sha256, queued=True)


def _receive_several(delivery: Delivery, records: Sequence[Delivered]) -> Receipt:
    """A split event for the whole and a child per record, each a redelivery, new or invalid by itself."""
    whole = _event(delivery, None, module=next(one.module for one in records if not one.problem), state=State.SPLIT)
    known = _newest_if_same(whole)
    if known is not None:
        return Receipt(event_id=known, idempotency_key=whole.body_sha256, duplicate=True, records=len(records))
    whole.reason = f"{len(records)} records"
    whole.save(force_insert=True)
    children = []
    # In key order: two such deliveries at once take their locks in the same order.
    for record in sorted(records, key=lambda record: (record.module, record.zoho_id)):
        child = _child(whole, delivery, record)
        if _newest_if_same(child) is None:
            child.save(force_insert=True)
            children.append(child)
    _queue([child for child in children if child.state == State.QUEUED])
    for child in children:
        if child.state == State.INVALID:
            _alert_invalid(child)
    return Receipt(event_id=whole.uuid, idempotency_key=whole.body_sha256, queued=bool(children), records=len(records))


def _receive_invalid(delivery: Delivery, reason: str) -> Receipt:
    event = _event(delivery, None, state=State.INVALID)
    event.reason, event.settled_at = reason, delivery.received_at
    known = _newest_if_same(event)
    if known is None:
        event.save(force_insert=True)
    _alert_invalid(event, known)
    return Receipt(
        event_id=known or event.uuid, idempotency_key=event.body_sha256, invalid=reason, duplicate=known is not None
    )


def _alert_invalid(event: InboxEvent, known: uuid.UUID | None = None) -> None:
    alerts.raise_alert(
        code="invalid_payload",
        cause=event.path,
        title=f"Webhooks to {event.path} cannot be read",
        detail=f"{event.reason} (event {known or event.uuid})",
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


def _child(whole: InboxEvent, delivery: Delivery, record: Delivered) -> InboxEvent:
    body = encode_payload({record.root: record.payload}).encode()
    child = _event(delivery, record)
    child.parent, child.body, child.body_sha256 = whole, body, hashlib.sha256(body).hexdigest()
    child.content_type, child.proof = JSON, InboxEvent.Proof.PARENT
    if record.problem:  # without a module, like every delivery that names no record
        child.module, child.state, child.reason, child.settled_at = "", State.INVALID, record.problem, whole.received_at
    return child


def _newest_if_same(event: InboxEvent) -> uuid.UUID | None:
    """The id of the record's newest event if it holds the same bytes; it then counts one delivery more.

    Takes the record's lock until the commit, so that of two equal deliveries at once one sees the other.
    """
    if connection.vendor == "postgresql":  # SQLite's transactions are exclusive from their beginning
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_name("inbox", event.module, event.zoho_id)])
    newest = (
        InboxEvent.objects.of_record(event.module, event.zoho_id)
        .order_by("-id")
        .values_list("pk", "uuid", "body_sha256", "operation")
        .first()
    )
    if newest is None or newest[2:] != (event.body_sha256, event.operation):
        return None
    InboxEvent.objects.filter(pk=newest[0]).update(deliveries=F("deliveries") + 1, last_delivered_at=event.received_at)
    return newest[1]


def _queue(events: Sequence[InboxEvent]) -> None:
    if not events:
        return
    works = [
        Work(module=event.module, zoho_id=event.zoho_id, priority=BY_MODULE[event.module].priority) for event in events
    ]
    enqueue(works, at=events[0].received_at)
    transaction.on_commit(lambda: ring(DRAIN, at_most=settings.TDS_WORKERS), robust=True)
