"""What the work is done with: clusters of workers, periodic jobs, the database's disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from tsh_erp.common.together import Asked, Question, Row
from tsh_erp.jobs.models import Heartbeat
from tsh_erp.jobs.reading import Job
from zoho_sync.monitoring.keeping import answer

# The shortest job is due every minute, and the scheduler looks every half minute.
SCHEDULER_SILENT = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A cluster on a machine: alive when it has beaten from inside a task within `TDS_HEARTBEAT_SECONDS`."""

    cluster: str
    host: str
    pid: int
    beat_at: datetime
    is_alive: bool


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Bytes that the database takes, and that are free where this machine keeps its own files (and SQLite's)."""

    database_bytes: int
    free_bytes: int
    total_bytes: int

    @property
    def used_share(self) -> float:
        return 1 - self.free_bytes / self.total_bytes if self.total_bytes else 0.0


def workers(*, at: datetime) -> list[Worker]:
    """Every cluster that has ever beaten and was not forgotten. One query."""
    return answer(ask_workers(at=at))


def ask_workers(*, at: datetime) -> Asked[list[Worker]]:
    window = timedelta(seconds=settings.TDS_HEARTBEAT_SECONDS)
    beats = Heartbeat.objects.order_by("cluster", "host").values_list("cluster", "host", "pid", "beat_at")

    def read(rows: list[Row]) -> list[Worker]:
        return [
            Worker(cluster=cluster, host=host, pid=pid, beat_at=beat_at, is_alive=beat_at > at - window)
            for cluster, host, pid, beat_at in rows
        ]

    return Question(beats, read)


def workers_alive(known: Sequence[Worker]) -> int:
    """Clusters that work on the queue and are alive."""
    return sum(one.is_alive for one in known if one.cluster == settings.Q_CLUSTER["name"])


def is_scheduler_running(jobs: Sequence[Job], *, at: datetime) -> bool:
    """Whether a periodic job was begun lately. No query."""
    begun = [job.last_run.started_at for job in jobs if job.last_run]
    return bool(begun) and max(begun) > at - SCHEDULER_SILENT


def disk() -> Disk:
    """What the database takes, and what is left. One query, none on SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = int(cursor.fetchone()[0])
        place = Path(settings.BASE_DIR)
    else:
        file = Path(str(connection.settings_dict["NAME"]))
        parts = [file.with_name(file.name + ending) for ending in ("", "-wal", "-shm")]
        size = sum(part.stat().st_size for part in parts if part.is_file())
        place = file.parent if file.parent.is_dir() else Path(settings.BASE_DIR)
    usage = shutil.disk_usage(place)
    return Disk(database_bytes=size, free_bytes=usage.free, total_bytes=usage.total)
