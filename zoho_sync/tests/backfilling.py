"""What the tests of the back-fill share: a small company, its lists without details, runs over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import backfill, runs
from zoho_sync.bringing import Bringer
from zoho_sync.client import configured_client
from zoho_sync.entities import BY_MODULE, modified_at
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.tests.conftest import point_at

SIZE = Size.scaled(20, contacts=12, invoices=60)
REQUESTS_A_DAY = 10_000


@contextmanager
def small_sandbox(settings: Any) -> Iterator[Sandbox]:
    """A small company that this installation is configured for."""
    with Sandbox(size=SIZE) as sandbox:
        point_at(sandbox, settings)
        settings.ZOHO_REQUESTS_PER_DAY = REQUESTS_A_DAY
        yield sandbox


def read_list(module):
    """What a full pull leaves: every row of the list, no details; the Zoho ids, newest first."""
    entity, bringer = BY_MODULE[module], Bringer()
    for page in configured_client().pages(entity):
        bringer.bring(
            entity,
            [
                Observation(
                    zoho_id=zoho_id,
                    kind=Kind.LIST,
                    payload=row,
                    modified_at=modified_at(entity, row),
                    observed_at=page.asked_at,
                )
                for zoho_id, row in page.rows.items()
            ],
        )
    return newest_first(module)


def newest_first(module):
    rows = ZohoRecord.objects.filter(module=module).order_by("-modified_at", "-id")
    return list(rows.values_list("zoho_id", flat=True))


def open_run(module="invoice", **options):
    opened = runs.open_run(
        SyncRun.Kind.BACKFILL,
        module,
        mode=SyncRun.Mode.FULL,
        trigger=SyncRun.Trigger.COMMAND,
        options=options,
    )
    return runs.take(opened.pk)


def fill(module="invoice", *, track=None, **options):
    run = backfill.perform(open_run(module, **options), track=track)
    run.refresh_from_db()
    return run


def counts(run):
    names = ("seen", "created", "updated", "unchanged", "stale", "retired", "failed", "calls")
    return {name: count for name in names if (count := getattr(run, name))}


def without_detail(module="invoice"):
    rows = ZohoRecord.objects.without_detail().filter(module=module)
    return set(rows.values_list("zoho_id", flat=True))
