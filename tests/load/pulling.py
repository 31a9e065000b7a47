"""Run as a program: one of the processes that pull from Zoho, as often as the limits allow.

`python -m tests.load.pulling SECONDS` says "ready", waits for a line on standard input, then reads lists and records
for so long, and prints how many requests it sent and what it was refused, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import cycle

import django


def main(seconds: float) -> dict[str, object]:
    from zoho_sync.client import Priority, configured_client
    from zoho_sync.entities import ENTITIES
    from zoho_sync.errors import SyncError

    zoho = configured_client(Priority.FULL)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    errors: list[str] = []
    ends = time.monotonic() + seconds
    for entity in cycle(ENTITIES):
        if time.monotonic() > ends:
            break
        try:
            page = next(iter(zoho.pages(entity)))
            for zoho_id in list(page.rows)[:3]:
                if time.monotonic() < ends:
                    zoho.fetch(entity, zoho_id)
        except SyncError as error:
            errors.append(f"{type(error).__name__}: {error}")
    return {"calls": zoho.calls, "errors": errors}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsh_erp.settings")
    django.setup()
    sys.stdout.write(json.dumps(main(float(sys.argv[1]))))
