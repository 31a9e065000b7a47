"""Rows of the sync's tables, made for tests that count them."""

from __future__ import annotations

import itertools
import uuid
from datetime import datetime
from typing import Any

from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent, SyncLog, SyncQueueItem
from zoho_sync.tests.road import NOON

_numbers = itertools.count(1)


def job(
    status: str = SyncQueueItem.Status.PENDING, *, at: datetime = NOON, zoho_id: str = "", **columns: Any
) -> SyncQueueItem:
    """A job of a record of its own that was made at `at`, and is due since then."""
    held = status == SyncQueueItem.Status.PROCESSING
    made = SyncQueueItem.objects.create(
        **{
            "module": "item",
            "zoho_id": zoho_id or f"j{next(_numbers)}",
            "status": status,
            "next_attempt_at": at,
            "claimed_at": at if held else None,
            "lock_token": uuid.uuid4() if held else None,
            "lock_expires_at": at if held else None,
            **columns,
        }
    )
    SyncQueueItem.objects.filter(pk=made.pk).update(created_at=at)
    made.refresh_from_db()
    return made


def attempt(outcome: str = SyncLog.Outcome.APPLIED, *, at: datetime = NOON, **columns: Any) -> SyncLog:
    """An attempt on an item that began at `at`."""
    return SyncLog.objects.create(
        **{"module": "item", "zoho_id": "1", "outcome": outcome, "started_at": at, "duration_ms": 10, **columns}
    )


def event(
    state: str = InboxEvent.State.QUEUED, zoho_id: str = "1", *, received_at: datetime = NOON, **columns: Any
) -> InboxEvent:
    """A webhook about an item."""
    return InboxEvent.objects.create(
        **{
            "path": "products",
            "module": "item",
            "zoho_id": zoho_id,
            "state": state,
            "received_at": received_at,
            "body": b"{}",
            "body_sha256": "",
            "proof": InboxEvent.Proof.API_KEY,
            **columns,
        }
    )


def letter(zoho_id: str = "1", *, state: str = DeadLetter.State.OPEN, **columns: Any) -> DeadLetter:
    """A dead letter of an item; all are of one error group."""
    group, _ = ErrorGroup.objects.get_or_create(
        fingerprint="f",
        defaults={
            "module": "item",
            "error_class": "MappingError",
            "sample": "rate",
            "first_seen_at": NOON,
            "last_seen_at": NOON,
        },
    )
    return DeadLetter.objects.create(
        **{
            "module": "item",
            "zoho_id": zoho_id,
            "group": group,
            "state": state,
            "error_class": "MappingError",
            "message": "rate: 'abc' is not a number",
            **columns,
        }
    )


def alert(code: str = "test", *, severity: str = Alert.Severity.WARNING, **columns: Any) -> Alert:
    """An open alert."""
    return Alert.objects.create(
        **{
            "fingerprint": code,
            "code": code,
            "severity": severity,
            "title": f"Alert {code}",
            "first_seen_at": NOON,
            "last_seen_at": NOON,
            **columns,
        }
    )
