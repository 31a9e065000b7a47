"""When what runs by itself. Local time is Asia/Baghdad."""

from __future__ import annotations

from datetime import time

from tsh_erp.jobs.schedules import Periodic

LONG = "long"

SCHEDULES = (
    Periodic(name="sweep", task="zoho_sync.tasks.sweep", minutes=1),
    Periodic(
        name="incremental sync",
        task="zoho_sync.tasks.pull_if_configured",
        minutes=60,
        arguments=("incremental",),
        cluster=LONG,
    ),
    Periodic(
        name="full sync",
        task="zoho_sync.tasks.pull_if_configured",
        daily_at=time(2, 0),
        arguments=("full",),
        cluster=LONG,
    ),
)
