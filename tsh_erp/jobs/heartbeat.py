"""Signs of life, given from inside a task: only what went through queue, pusher and worker proves that they work."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime

import structlog
from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from tsh_erp.jobs.models import Heartbeat

log = structlog.get_logger(__name__)

BEAT = "tsh_erp.jobs.heartbeat.beat"
SECONDS_BETWEEN = 1.0
_last: tuple[int, float] = (0, 0.0)


def beat() -> None:
    """Note that this cluster works. Call it from tasks as often as you like; it writes once a second. Never raises."""
    global _last
    process, now = os.getpid(), time.monotonic()
    if _last[0] == process and now - _last[1] < SECONDS_BETWEEN:
        return
    _last = (process, now)
    row = Heartbeat(
        cluster=str(Conf.CLUSTER_NAME), host=socket.gethostname()[:100], pid=process, beat_at=timezone.now()
    )
    try:
        Heartbeat.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["cluster", "host"], update_fields=["pid", "beat_at"]
        )
    except DatabaseError:
        log.warning("beat_failed", exc_info=True)


def ask_for_beat(cluster: str) -> None:
    """Put a task into the cluster's queue that beats, unless work waits there already: whatever it is, it beats."""
    if not OrmQ.objects.filter(key=cluster, lock__lte=timezone.now()).exists():
        async_task(BEAT, save=False, cluster=cluster)


def last_beat(cluster: str, *, host: str | None = None) -> datetime | None:
    """The newest sign of life of a cluster, of all machines or of one."""
    beats = Heartbeat.objects.filter(cluster=cluster)
    if host is not None:
        beats = beats.filter(host=host)
    return beats.order_by("-beat_at").values_list("beat_at", flat=True).first()
