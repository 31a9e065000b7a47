"""Have incremental pulls read a time again that they have been through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from zoho_sync import runs
from zoho_sync.models import SyncCursor, SyncRun


@dataclass(frozen=True)
class Rewound:
    """A module whose pulls had come to `before`."""

    module: str
    before: datetime


def rewind(modules: Sequence[str], *, to: datetime) -> list[Rewound]:
    """Set the cursors of these modules back to a time; those that were set back. A cursor never goes forwards.

    The next incremental pull begins there; what is known already is passed over. AlreadyRunning while one of
    them is being pulled: that run would set its cursor again when it ends.
    """
    with transaction.atomic():
        ahead = SyncCursor.objects.filter(module__in=modules, modified_until__gt=to)
        rewound = [
            Rewound(cursor.module, cursor.modified_until)
            for cursor in ahead.select_for_update().order_by("module")
            if cursor.modified_until
        ]
        runs.refuse_open(SyncRun.Kind.PULL, modules)
        SyncCursor.objects.filter(module__in=[one.module for one in rewound]).update(
            modified_until=to, run=None, updated_at=timezone.now()
        )
    return rewound
