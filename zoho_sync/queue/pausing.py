"""The drain switch of a kind of record: while it is off, its jobs wait, and nothing of it is lost or grows old."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from zoho_sync.models import Pause, SyncQueueItem


def pause(module: str, *, reason: str, by: User | None) -> bool:
    """Have no worker claim jobs of `module` from now on; what is in hands is finished. False when it was paused.

    ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed to pause")
    _, is_new = Pause.objects.get_or_create(module=module, defaults={"reason": reason, "user": by})
    return is_new


def resume(module: str, *, at: datetime) -> bool:
    """Let workers claim jobs of `module` again. False when it was not paused.

    What became due meanwhile is due now, so that nobody takes the pause for a backlog; children that waited for
    records of the module have as long to wait as if it had not been paused.
    """
    with transaction.atomic():
        paused = Pause.objects.select_for_update().filter(module=module).first()
        if paused is None:
            return False
        waiting = SyncQueueItem.objects.waiting()
        waiting.filter(module=module, next_attempt_at__lt=at).update(next_attempt_at=at)
        began = paused.created_at
        children = waiting.filter(waits_for_module=module, waiting_since__isnull=False)
        children.filter(waiting_since__gt=began).update(waiting_since=at)
        children.filter(waiting_since__lte=began).update(waiting_since=F("waiting_since") + (at - began))
        paused.delete()
    return True


def paused_modules() -> dict[str, Pause]:
    """The pauses that hold, by module. One query."""
    return {one.module: one for one in Pause.objects.select_related("user")}
