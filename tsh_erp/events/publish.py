"""Raise domain events: stored in the caller's transaction, dispatched after it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tsh_erp.common.sql import insert_rows
from tsh_erp.events.models import StoredEvent

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
    """Store `events` in the current transaction. One query, whatever their number."""
    if events:
        insert_rows(
            StoredEvent,
            [
                StoredEvent(
                    type=event.type,
                    aggregate=event.aggregate,
                    data=dict(event.data),
                    correlation_id=_correlation.get(),
                    occurred_at=at,
                )
                for event in events
            ],
        )
