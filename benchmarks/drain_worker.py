"""A worker as a process of its own: at each line from stdin it drains the queue, then says what that took, as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from zoho_sync import worker

    _is_work_due()  # a warm worker has its connection
    name = worker.worker_name()
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.monotonic()
        settled = worker.drain(name, worker.Clock(seconds=3600))
        while _is_work_due():  # a look can miss what another worker is about to take
            settled += worker.drain(name, worker.Clock(seconds=3600))
        seconds = time.monotonic() - started
        print(json.dumps({"settled": settled, "seconds": seconds, "memory_mb": _resident_mb()}), flush=True)


def _is_work_due() -> bool:
    from django.utils import timezone

    from zoho_sync.models import SyncQueueItem

    return SyncQueueItem.objects.due(timezone.now()).exists()


def _resident_mb() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


if __name__ == "__main__":
    main()
