"""Pulls as runs: begun or taken up again, read, swept, and handed on to what follows."""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog
from django.contrib.auth.models import User

from zoho_sync import client, images, runs, safety_share
from zoho_sync.bulk.pulling import BATCH_SIZE, Puller, Track, priority_of
from zoho_sync.bulk.sweeping import sweep
from zoho_sync.entities import BY_MODULE, Entity
from zoho_sync.models import SyncRun

log = structlog.get_logger(__name__)


def perform(run: SyncRun, *, track: Track | None = None) -> SyncRun:
    """Do, or go on with, a pull that has been taken (`runs.take`); the finished run.

    FULL reads the whole list and then retires what is gone from Zoho. INCREMENTAL goes on from where
    the last pull came to (from the beginning, the first time) and fetches the details of what changed.
    SINCE takes what was modified from `run.since` on. Where the API neither sorts nor filters by
    modification time the whole list is read, and what did not change is passed over.

    `run.options` may hold `batch_size` (records in one transaction), `active_only`, `with_stock_only`
    (items) and `images` (items: bring their images afterwards, in a run of their own). `track` is
    called whenever the run has come further. Errors of Zoho's end the run as failed and are told in
    `run.error`; what was read before them stays, and the run can be resumed.
    """
    entity = BY_MODULE[run.module]
    with runs.at_work(run):
        puller = Puller(entity, client.configured_client(priority=priority_of(run)), run, track)
        try:
            if not run.checkpoint.get("listed"):
                puller.read_list()
            if puller.listing.is_complete:
                sweep(puller)
            puller.move_cursor()
        except safety_share.TooMuchGone as error:  # the run waits for a person's word
            log.warning("pull_stopped", run=run.pk, module=run.module, reason=str(error))
        finally:
            run.calls = puller.calls
    if (
        run.options.get("images")
        and entity.module == images.MODULE
        and run.status in (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL)
    ):
        _bring_images(run, track)
    return run


def pull(
    entity: Entity,
    *,
    mode: SyncRun.Mode = SyncRun.Mode.INCREMENTAL,
    since: datetime | None = None,
    batch_size: int = BATCH_SIZE,
    active_only: bool = False,
    with_stock_only: bool = False,
    images: bool = False,
    trigger: SyncRun.Trigger = SyncRun.Trigger.COMMAND,
    batch: uuid.UUID | None = None,
    user: User | None = None,
    track: Track | None = None,
) -> SyncRun:
    """Open a run for the entity and perform it here and now; see `perform`.

    NotConfigured and AlreadyRunning are raised before anything begins.
    """
    client.configured_client()
    run = runs.open_run(
        SyncRun.Kind.PULL,
        entity.module,
        mode=mode,
        trigger=trigger,
        since=since if mode == SyncRun.Mode.SINCE else None,
        options={
            "batch_size": batch_size,
            "active_only": active_only,
            "with_stock_only": with_stock_only,
            "images": images,
        },
        batch=batch,
        user=user,
    )
    return perform(runs.take(run.pk), track=track)


def _bring_images(run: SyncRun, track: Track | None) -> None:
    try:
        opened = runs.open_run(
            SyncRun.Kind.IMAGES,
            run.module,
            mode=SyncRun.Mode.INCREMENTAL,
            trigger=SyncRun.Trigger(run.trigger),
            batch=run.batch,
            user=run.user,
        )
    except runs.AlreadyRunning as error:
        log.info("images_are_being_brought", run=run.pk, other=error.run.pk)
        return
    if run.turn is None:  # else it gets turns of its own
        images.perform(runs.take(opened.pk), track=track)
