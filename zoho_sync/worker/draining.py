"""The loop of a worker."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import structlog
from django.conf import settings
from django.db import connection, reset_queries

from zoho_sync import dead_letters, queue, refetch, stock
from zoho_sync.entities import BY_MODULE, RANK
from zoho_sync.models import SyncQueueItem
from zoho_sync.queue import Claim
from zoho_sync.worker.batch import Batch
from zoho_sync.worker.clock import Clock

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
ITEMS_AT_ONCE = 100


def worker_name() -> str:
    """A name that no other worker has, in any process on any machine."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def drain(worker: str, clock: Clock, *, linger_seconds: float = 0) -> int:
    """Work on due jobs until none is left or the drain's time is up; how many were settled.

    With nothing due it lingers, looking every 100 ms: a delivery in the next moment needs no ring.
    """
    settled = recover(at=clock.now())
    quiet_since = time.monotonic()
    while clock.left():
        claims = _claim(worker, clock)
        if claims:
            settled += work(worker, claims, clock)
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= linger_seconds:
            break
        else:
            clock.sleep(LOOK_SECONDS)
    return settled


def _claim(worker: str, clock: Clock) -> list[Claim]:
    # On SQLite a claim takes the only write lock there is: an idle worker looks first, which is a plain read.
    if connection.vendor == "sqlite" and not SyncQueueItem.objects.due(clock.now()).exists():
        return []
    claims = queue.claim(worker, limit=settings.TDS_BATCH_SIZE, at=clock.now())
    return claims + _claim_for_the_same_call(worker, claims, clock)


def _claim_for_the_same_call(worker: str, claims: Sequence[Claim], clock: Clock) -> list[Claim]:
    """Items that must be fetched come a hundred to a call: where some were claimed, the others that are due as well."""
    fetched = sum(claim.needs_fetch and claim.module == stock.MODULE for claim in claims)
    if not fetched or any(claim.deaths for claim in claims) or not refetch.is_configured():
        return []
    return queue.claim_alike(worker, stock.MODULE, limit=max(ITEMS_AT_ONCE - fetched, 0), at=clock.now())


def work(worker: str, claims: Sequence[Claim], clock: Clock) -> int:
    """Do claimed jobs, parents before children, a transaction per module; how many were settled."""
    reset_queries()  # DEBUG keeps every statement, and a worker lives long
    settled = 0
    in_order = sorted(claims, key=lambda claim: (RANK[claim.module], claim.id))
    for module, group in groupby(in_order, key=lambda claim: claim.module):
        settled += Batch(worker, BY_MODULE[module], tuple(group), clock, held=claims).run()
    return settled


def recover(*, at: datetime) -> int:
    """Take back what dead workers held; how many jobs wait again. What kills its workers becomes a dead letter."""
    expired = queue.return_expired_leases(at=at)
    for job in expired.poisoned:
        dead_letters.bury_poisoned(job, at=at)
    if expired.returned or expired.poisoned:
        log.warning("leases_expired", returned=expired.returned, poisoned=[job.pk for job in expired.poisoned])
    return expired.returned
