"""Raise domain events: stored in the caller's transaction, told to who listens there, dispatched after it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tsh_erp.common.sql import insert_rows
from tsh_erp.common.upsert import new_row
from tsh_erp.events.delivering import DISPATCH, deliver
from tsh_erp.events.models import StoredEvent
from tsh_erp.events.subscribing import listens, subscribers
from tsh_erp.jobs.ring import ring

_correlation: ContextVar[uuid.UUID | None] = ContextVar("correlation", default=None)


@dataclass(frozen=True)
class DomainEvent:
    """`type` such as "catalog.product.updated", `aggregate` such as "catalog.product:123" (our primary key)."""

    type: str
    aggregate: str
    data: Mapping[str, Any] = field(default_factory=dict)


@contextmanager
def caused_by(correlation_id: uuid.UUID) -> Iterator[None]:
    """Events published inside carry this correlation id: the batch, request or run that caused them."""
    token = _correlation.set(correlation_id)
    try:
        yield
    finally:
        _correlation.reset(token)


def publish(events: Sequence[DomainEvent], *, at: datetime) -> None:
    """Store `events` in the current transaction. One query whatever their number, as long as nobody listens.

    Those who listen in the transaction are called now, each in a savepoint: what one of them cannot
    take is written down as a failed delivery and keeps nobody from anything. For those who listen
    after the commit a worker is rung then, once for all that the transaction published. What nobody
    waits for counts as dispatched.
    """
    if not events:
        return
    cause = _correlation.get()
    stored = [
        new_row(
            StoredEvent,
            {
                "type": event.type,
                "aggregate": event.aggregate,
                "data": dict(event.data),
                "correlation_id": cause,
                "occurred_at": at,
                "dispatched_at": None if listens(event.type) else at,
            },
        )
        for event in events
    ]
    insert_rows(StoredEvent, stored)
    for subscriber in subscribers(in_transaction=True):
        deliver(subscriber, stored)
    if any(event.dispatched_at is None for event in stored) and not _will_ring():
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    ring(DISPATCH, at_most=1)


def _will_ring() -> bool:
    """Whether the transaction rings already. A savepoint that is rolled back takes its ring and its events with it."""
    return any(call[1] is _ring for call in connection.run_on_commit)
