"""What django-q2 runs, named by dotted string. Thin: each translates a ring into one call."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.utils import timezone

from tsh_erp.jobs.ring import ring
from zoho_sync import bulk, worker
from zoho_sync.entities import ENTITIES
from zoho_sync.errors import NotConfigured
from zoho_sync.models import SyncQueueItem, SyncRun

log = structlog.get_logger(__name__)

DRAIN = "zoho_sync.tasks.drain"


def drain() -> int:
    """Work on the queue until it is empty or a minute has passed; then ring for the next worker if work is left."""
    settled = worker.drain(
        worker.worker_name(), worker.Clock(), linger_seconds=settings.TDS_QUEUE_POLL_INTERVAL_MS / 1000
    )
    _ring_if_due()
    return settled


def sweep() -> int:
    """Every minute: take back expired leases and make lost rings good; how many jobs wait again."""
    returned = worker.recover(at=timezone.now())
    _ring_if_due()
    return returned


def _ring_if_due() -> None:
    if SyncQueueItem.objects.due(timezone.now()).exists():
        ring(DRAIN, at_most=settings.TDS_WORKERS)


def pull_all(mode: str) -> dict[str, str]:
    """Pull every entity, `mode` being full or incremental; the status of each run by module.

    A run that breaks is failed, and the next module is pulled all the same. NotConfigured is raised.
    """
    statuses: dict[str, str] = {}
    for entity in ENTITIES:
        try:
            run = bulk.pull(entity, mode=SyncRun.Mode(mode), trigger=SyncRun.Trigger.SCHEDULE)
        except NotConfigured:
            raise
        except Exception:  # whatever it is, it is this module's
            log.exception("pull_broke", module=entity.module)
            statuses[entity.module] = SyncRun.Status.FAILED
        else:
            statuses[entity.module] = run.status
    return statuses


def pull_if_configured(mode: str) -> dict[str, str]:
    """The scheduled pull: says so, and does nothing, while no Zoho client is configured."""
    try:
        return pull_all(mode)
    except NotConfigured as error:
        return {"skipped": str(error)}
