"""Run as a program: workers that drop dead when they must save a certain item, one after the other.

`python -m tests.live.deadly_worker ZOHO_ID` stands for a record that crashes the interpreter. Each worker is a process
of its own and dies without any clean-up, as with SIGKILL; the last one finds no work left. Prints how many died.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import django

MOST_DEATHS = 10
DEAD = 9
LOOK_SECONDS = 0.05


def main(zoho_id: str) -> int:
    deaths = 0
    while deaths < MOST_DEATHS:
        child = os.fork()
        if not child:
            _work(zoho_id)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != DEAD:
            return deaths if code == 0 else -1
        deaths += 1
    return deaths


def _work(deadly: str) -> None:
    from tsh_erp.common.upsert import Saved
    from zoho_sync import worker
    from zoho_sync.entities import BY_MODULE
    from zoho_sync.models import WAITING, SyncQueueItem

    save = BY_MODULE["item"].save

    def save_or_die(values: Sequence[Any], /, *, at: datetime) -> Saved:
        if any(one.zoho_id == deadly for one in values):
            os._exit(DEAD)
        return save(values, at=at)

    BY_MODULE["item"] = replace(BY_MODULE["item"], save=save_or_die)
    while SyncQueueItem.objects.filter(status__in=[*WAITING, SyncQueueItem.Status.PROCESSING]).exists():
        worker.drain(worker.worker_name(), worker.Clock())
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsh_erp.settings")
    django.setup()
    sys.stdout.write(f"{main(sys.argv[1])}\n")
