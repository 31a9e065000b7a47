"""Things that need healing, and what a pass of it tells, for tests."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ

from zoho_sync import healing
from zoho_sync.models import DeadLetter, SyncRun
from zoho_sync.tests.road import deliver, drain, item

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def findings(report: healing.Report) -> dict[str, tuple[int, int, int]]:
    """What was found at all: found, done and left to people, by name."""
    assert [one.error for one in report.findings if one.error] == []
    return {one.name: (one.found, one.done, one.left) for one in report.findings if one.found}


def bury_item(zoho_id: str = "1", *, rate: str = "cheap", **how: Any) -> DeadLetter:
    """A delivery whose price is no number: a dead letter."""
    deliver(item(zoho_id, rate=rate), **how)
    drain(timezone.now())
    return DeadLetter.objects.unresolved().get(zoho_id=zoho_id)


def rested(letter: DeadLetter, hours: float) -> DeadLetter:
    """As if it had been written so long ago."""
    DeadLetter.objects.filter(pk=letter.pk).update(updated_at=timezone.now() - timedelta(hours=hours))
    letter.refresh_from_db()
    return letter


def functions() -> list[str]:
    return [one.func() for one in OrmQ.objects.order_by("id")]


def a_run(**columns: Any) -> SyncRun:
    now = timezone.now()
    return SyncRun.objects.create(
        **{
            "module": "item",
            "mode": SyncRun.Mode.FULL,
            "trigger": SyncRun.Trigger.SCHEDULE,
            "status": SyncRun.Status.RUNNING,
            "started_at": now - HOUR,
            "beat_at": now - HOUR,
            "worker": "elsewhere:1",
            "token": uuid.uuid4(),
            **columns,
        }
    )
