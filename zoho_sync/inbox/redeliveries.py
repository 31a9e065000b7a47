"""Is a delivery one that we already have? Zoho sends again what it was not sure of, an hour or a day later."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Subquery

from tsh_erp.common.sql import lock_name
from zoho_sync.inbox.bodies import Delivered
from zoho_sync.models import InboxEvent, ZohoRecord

State, Operation = InboxEvent.State, InboxEvent.Operation

# Nothing will come of these any more, so the same bytes are work to be done.
GIVEN_UP = (State.DEAD, State.DISCARDED)
_UNKNOWN = object()

# In one round trip; the second statement sees what others committed while the first one waited.
_LOCK = "SELECT pg_advisory_xact_lock(%s); "
_NEWEST = """
SELECT id, uuid, state, body_sha256, operation FROM {table} WHERE module = %s AND zoho_id = %s ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Known:
    """The stored event that a delivery repeats."""

    id: int
    uuid: uuid.UUID


def find_known(event: InboxEvent, record: Delivered | None = None) -> Known | None:
    """The record's newest event, if `event` (not stored yet) says the same and nothing has happened since.

    That is: the same bytes and operation, not given up, and the mirror has not moved on from what
    `record` says. Takes the record's lock until the commit, so that of two equal deliveries at once
    one sees the other.
    """
    statement = _NEWEST.format(table=InboxEvent._meta.db_table)
    parameters: list[str | int] = [event.module, event.zoho_id]
    if connection.vendor == "postgresql":  # SQLite's transactions are exclusive from their beginning
        statement = _LOCK + statement
        parameters.insert(0, lock_name("inbox", event.module, event.zoho_id))
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        newest = cursor.fetchone()
    if newest is None or newest[2] in GIVEN_UP or newest[3:] != (event.body_sha256, event.operation):
        return None
    if record and event.zoho_id and _has_moved_on(event, record, since=newest[0]):
        return None
    return Known(newest[0], newest[1] if isinstance(newest[1], uuid.UUID) else uuid.UUID(newest[1]))


def hold_records(records: Collection[tuple[str, str]]) -> None:
    """Until the commit nothing else is received of these records (module, Zoho id). Locks in key order."""
    if connection.vendor != "postgresql" or not records:  # SQLite's transactions are exclusive from their beginning
        return
    names = [lock_name("inbox", module, zoho_id) for module, zoho_id in sorted(records)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(name) FROM unnest(%s::bigint[]) AS name", [names])


def count_again(known: Known, *, at: datetime) -> None:
    """Note that a stored event was delivered once more."""
    InboxEvent.objects.filter(pk=known.id).update(deliveries=F("deliveries") + 1, last_delivered_at=at)


def _has_moved_on(event: InboxEvent, record: Delivered, *, since: int) -> bool:
    """Whether the record was seen after event `since` arrived, and the mirror now says something else than `record`."""
    arrived = InboxEvent.objects.filter(pk=since).values("received_at")
    row = ZohoRecord.objects.of(event.module, [event.zoho_id]).observed_after(Subquery(arrived)).first()
    if row is None:
        return False
    is_gone = row.state in (ZohoRecord.State.GONE, ZohoRecord.State.UNCONFIRMED_GONE)
    if is_gone or event.operation == Operation.DELETE:
        return is_gone != (event.operation == Operation.DELETE)
    return any(row.payload.get(key, _UNKNOWN) != value for key, value in record.payload.items())
