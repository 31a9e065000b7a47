"""What django-q2 runs, named by dotted string. Thin: each translates a ring into one call."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from tsh_erp.events.delivering import DISPATCH, has_undelivered
from tsh_erp.jobs import long
from tsh_erp.jobs.heartbeat import beat
from tsh_erp.jobs.ring import ring
from zoho_sync import (
    alerts,
    backfill,
    bulk,
    bulk_actions,
    client,
    healing,
    images,
    monitoring,
    notifying,
    reconcile,
    remap,
    retention,
    rules,
    runs,
    stock,
    worker,
)
from zoho_sync.client.configuration import read_configuration
from zoho_sync.entities import ENTITIES, Entity
from zoho_sync.errors import NotConfigured, SyncError
from zoho_sync.models import Difference, Reconciliation, SyncQueueItem, SyncRun
from zoho_sync.models.runs import OPEN, Turn
from zoho_sync.rulebook import HEARTBEAT
from zoho_sync.runs import AlreadyRunning, NotResumable, RunTaken

log = structlog.get_logger(__name__)

DRAIN = "zoho_sync.tasks.drain"
PERFORM_RUN = "zoho_sync.tasks.perform_run"

# A run gives its worker back after this long and queues up again, so that runs of hours take turns.
# Far below the cluster's `timeout`.
TURN_SECONDS = 20 * 60
# A run that has waited so long while the cluster had nothing to do was forgotten: its task, or who should have
# called it, died. Called once too often it only finds that it is worked on.
FORGOTTEN_AFTER = timedelta(minutes=1)
# In the options of a run that a full one is to follow.
FULL_FOLLOWS = "full_follows"
FOLLOWS_WITHIN = timedelta(days=1)

PERFORM: Mapping[str, Callable[..., SyncRun]] = {
    SyncRun.Kind.PULL: bulk.perform,
    SyncRun.Kind.STOCK: stock.perform,
    SyncRun.Kind.BACKFILL: backfill.perform,
    SyncRun.Kind.IMAGES: images.perform,
    SyncRun.Kind.REMAP: remap.perform,
    SyncRun.Kind.RECONCILE: reconcile.perform,
}
WITHOUT_ZOHO = (SyncRun.Kind.REMAP,)


def drain() -> int:
    """Work on the queue until it is empty or a minute has passed; then ring for the next worker if work is left."""
    settled = worker.drain(
        worker.worker_name(), BeatingClock(), linger_seconds=settings.TDS_QUEUE_POLL_INTERVAL_MS / 1000
    )
    _ring_if_due()
    return settled


class BeatingClock(worker.Clock):
    """A drain's time; its worker shows a sign of life whenever it asks how much is left."""

    def left(self) -> bool:
        beat()
        return super().left()


def sweep() -> int:
    """Every minute: take back what dead workers held and make lost rings good; how many jobs wait again."""
    beat()
    returned = worker.recover(at=timezone.now())
    _ring_if_due()
    runs.give_up_dead(SyncRun.objects.all())
    call_for_forgotten_runs(at=timezone.now())
    bulk_actions.call_for_forgotten(at=timezone.now())
    start_full_runs_that_follow(at=timezone.now())
    return returned


def sample() -> int:
    """Every minute: keep the numbers of the minute, and of hours that have ended; how many samples were written."""
    return monitoring.sample(at=timezone.now())


def check_alerts() -> str:
    """Every few minutes: look at every alert rule, then send what there is to tell; how many rules found something."""
    told = rules.check(at=timezone.now())
    send_alert_messages()
    broken = [one.code for one in told if one.error]
    return f"{sum(one.found > 0 for one in told)} of {len(told)} rules found something; broken: {broken or 'none'}"


def watch_clusters() -> str:
    """Every minute, in each cluster: see whether the others live, and send alert messages whose ring was lost."""
    rules.check(at=timezone.now(), codes=[HEARTBEAT])
    return send_alert_messages()


def send_alert_messages() -> str:
    """Send the alert messages that are due; how many were taken and how many not."""
    sent = notifying.send_due(at=timezone.now())
    return f"{sent.sent} sent, {sent.failed} not"


def refresh_token_early() -> str:
    """Every few minutes: a new access token before the old one ends, and the alerts about the login; what was done."""
    try:
        return "refreshed" if client.refresh_token_early() else "good for longer"
    except SyncError as error:
        return str(error)
    finally:
        alerts.watch_connection(at=timezone.now())


def _ring_if_due() -> None:
    if SyncQueueItem.objects.due(timezone.now()).exists():
        ring(DRAIN, at_most=settings.TDS_WORKERS)
    if has_undelivered():
        ring(DISPATCH, at_most=settings.TDS_WORKERS + 1)


def heal() -> str:
    """Every quarter of an hour: put right what was left lying; what was done, of how much."""
    report = healing.heal(at=timezone.now())
    told = [f"{one.name} {one.error or f'{one.done}/{one.found}'}" for one in report.findings if one.found or one.error]
    return ", ".join(told) or "all is well"


def prune() -> str:
    """Every night: forget what is older than it need be; how many rows of each table."""
    pruned = retention.prune(at=timezone.now(), track=beat)
    return ", ".join(f"{table} {count}" for table, count in pruned.items() if count) or "nothing"


# --- starting runs -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Order:
    """A run to start: the arguments of `runs.open_run`."""

    kind: SyncRun.Kind
    module: str
    mode: SyncRun.Mode
    since: datetime | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def orders_for_everything(
    mode: SyncRun.Mode, *, since: datetime | None = None, options: Mapping[str, Any] | None = None
) -> list[Order]:
    """A pull of every entity, parents first, and the stock at the end."""
    pulls = [
        Order(kind=SyncRun.Kind.PULL, module=entity.module, mode=mode, since=since, options=options or {})
        for entity in ENTITIES
    ]
    stock_mode = SyncRun.Mode.FULL if mode == SyncRun.Mode.FULL else SyncRun.Mode.INCREMENTAL
    return [*pulls, Order(kind=SyncRun.Kind.STOCK, module="item", mode=stock_mode, options=options or {})]


def start(
    orders: Sequence[Order],
    *,
    trigger: SyncRun.Trigger,
    user: User | None = None,
    pass_over_open: bool = False,
    batch: uuid.UUID | None = None,
) -> list[SyncRun]:
    """Open a run for each order and have the cluster for long jobs work on them, one after the other.

    Several share a `batch`. A run and the order to work on it are stored in one transaction, so neither is ever
    without the other. NotConfigured, or AlreadyRunning with the run in the way: nothing is started. With
    `pass_over_open` the orders that are in the way of nobody are.
    """
    if any(order.kind not in WITHOUT_ZOHO for order in orders):
        read_configuration()  # or NotConfigured
    batch = batch or (uuid.uuid4() if len(orders) > 1 else None)
    with transaction.atomic():
        opened = []
        for order in orders:
            try:
                opened.append(
                    runs.open_run(
                        order.kind,
                        order.module,
                        mode=order.mode,
                        trigger=trigger,
                        since=order.since,
                        options=order.options,
                        batch=batch,
                        user=user,
                    )
                )
            except AlreadyRunning as error:
                if not pass_over_open:
                    raise
                if order.mode == SyncRun.Mode.FULL:
                    _make_full(error.run, order)
                log.info("run_not_started", reason=str(error))
        if opened:
            _queue(opened[0])
    return opened


def _make_full(run: SyncRun, order: Order) -> None:
    """A full run is due while `run` is in its way: one that has not begun becomes it, another is followed by one.

    Otherwise the night's full run, on which the sweep depends, would be lost to the hourly one due at the same time.
    """
    waiting = SyncRun.objects.filter(pk=run.pk, status=SyncRun.Status.QUEUED, checkpoint={})
    if waiting.filter(trigger=SyncRun.Trigger.SCHEDULE).update(mode=order.mode, since=None):
        return
    if run.mode != SyncRun.Mode.FULL:
        SyncRun.objects.open().filter(pk=run.pk).update(options={**run.options, FULL_FOLLOWS: True})


def start_full_runs_that_follow(*, at: datetime) -> int:
    """Open the full runs that were due while another run was in their way, which has ended by now; how many."""
    ended = SyncRun.objects.filter(finished_at__gte=at - FOLLOWS_WITHIN).exclude(status__in=OPEN)
    opened = 0
    for run in ended.filter(**{f"options__{FULL_FOLLOWS}": True}).order_by("pk"):
        order = Order(kind=SyncRun.Kind(run.kind), module=run.module, mode=SyncRun.Mode.FULL)
        try:
            opened += len(start([order], trigger=SyncRun.Trigger.SCHEDULE, pass_over_open=True))
        except NotConfigured:
            continue
        run.options.pop(FULL_FOLLOWS)
        SyncRun.objects.filter(pk=run.pk).update(options=run.options)
    return opened


def resume(run_id: int) -> SyncRun:
    """Have a run that ended early go on where it stopped. NotConfigured, and what `runs.reopen` raises."""
    with transaction.atomic():
        run = runs.reopen(run_id)
        if run.kind not in WITHOUT_ZOHO:
            read_configuration()
        _queue(run)
    return run


def resume_batch(batch: uuid.UUID) -> list[SyncRun]:
    """The same for all runs of a batch that failed or were cancelled; none, if there are none."""
    ended_early = SyncRun.objects.filter(batch=batch, status__in=[SyncRun.Status.FAILED, SyncRun.Status.CANCELLED])
    with transaction.atomic():
        resumed = [runs.reopen(run.pk) for run in ended_early.order_by("pk")]
        if resumed:
            read_configuration()
            _call_next(batch)
    return resumed


def pull_if_configured(mode: str) -> dict[str, str]:
    """The scheduled pull, `mode` being full (the stock too) or incremental; what became of it by module.

    A module that is being pulled already is passed over. Says so, and does nothing, while no Zoho client is configured.
    """
    orders = orders_for_everything(SyncRun.Mode(mode))
    if mode != SyncRun.Mode.FULL:
        orders = [order for order in orders if order.kind == SyncRun.Kind.PULL]  # stock has a schedule of its own
    opened, why_not = _start_if_configured(orders)
    if why_not:
        return {"skipped": why_not}
    told = {(run.kind, run.module): f"run {run.pk}" for run in opened}
    return {
        f"{order.kind} {order.module}": told.get((order.kind, order.module), "under way already") for order in orders
    }


def sync_stock_if_configured() -> str:
    """The scheduled look at what moved; what became of it. Says so, and does nothing, while no client is configured."""
    return _start_one_if_configured(Order(kind=SyncRun.Kind.STOCK, module="item", mode=SyncRun.Mode.INCREMENTAL))


def backfill_if_configured() -> dict[str, str]:
    """The scheduled back-fill; the runs begun, by module. One is enough at a time: it would only take others' turns.

    Says so, and does nothing, while no client is configured.
    """
    if SyncRun.objects.open().filter(kind=SyncRun.Kind.BACKFILL).exists():
        return {}
    orders = [
        Order(kind=SyncRun.Kind.BACKFILL, module=module, mode=SyncRun.Mode.FULL)
        for module in backfill.modules_to_do(at=timezone.now())
    ]
    opened, why_not = _start_if_configured(orders)
    return {"skipped": why_not} if why_not else {run.module: f"run {run.pk}" for run in opened}


def fetch_images_if_configured() -> str:
    """The scheduled look for images; what became of it. No run where there is nothing to fetch or to take away."""
    if not images.is_needed(at=timezone.now()):
        return "nothing to do"
    return _start_one_if_configured(
        Order(kind=SyncRun.Kind.IMAGES, module=images.MODULE, mode=SyncRun.Mode.INCREMENTAL)
    )


def _start_one_if_configured(order: Order) -> str:
    opened, why_not = _start_if_configured([order])
    return why_not or (f"run {opened[0].pk}" if opened else "under way already")


def _start_if_configured(orders: Sequence[Order]) -> tuple[list[SyncRun], str]:
    """The runs begun, without those that are under way already; or why none can be, where no client is configured."""
    try:
        return start(orders, trigger=SyncRun.Trigger.SCHEDULE, pass_over_open=True), ""
    except NotConfigured as error:
        return [], str(error)


def start_reconciliation(
    entities: Sequence[Entity],
    *,
    trigger: SyncRun.Trigger,
    repairs: bool = False,
    user: User | None = None,
    pass_over_open: bool = False,
) -> Reconciliation | None:
    """Have these entities compared with Zoho; the report that is being written. None when all are under way already.

    NotConfigured, or AlreadyRunning with the run in the way: nothing is started.
    """
    with transaction.atomic():
        report = reconcile.open_report(entities, trigger=trigger, repairs=repairs, user=user)
        orders = [
            Order(
                kind=SyncRun.Kind.RECONCILE,
                module=entity.module,
                mode=SyncRun.Mode.FULL,
                options={"report": report.pk, "repair": repairs},
            )
            for entity in entities
        ]
        opened = start(orders, trigger=trigger, user=user, pass_over_open=pass_over_open, batch=report.batch)
        if not opened:
            report.delete()
            return None
        if len(opened) < len(orders):
            report.modules = [run.module for run in opened]
            report.save(update_fields=["modules"])
    return report


def reconcile_if_configured() -> str:
    """The nightly comparison of everything; what became of it. Says so, and does nothing, without a configured client.

    Differences of old reports are forgotten first.
    """
    reconcile.forget_old_differences(at=timezone.now())
    try:
        report = start_reconciliation(ENTITIES, trigger=SyncRun.Trigger.SCHEDULE, pass_over_open=True)
    except NotConfigured as error:
        return str(error)
    return f"report {report.pk}" if report else "under way already"


def repair_differences(differences: Iterable[Difference], *, user: User | None = None) -> list[SyncRun]:
    """Have the records of these differences pulled; the runs begun, one for each module, parents first.

    NotConfigured, or AlreadyRunning with the run in the way: nothing is started.
    """
    orders = [
        Order(kind=SyncRun.Kind.RECONCILE, module=module, mode=SyncRun.Mode.CHOSEN, options={"differences": keys})
        for module, keys in reconcile.choose(differences).items()
    ]
    return start(orders, trigger=SyncRun.Trigger.ADMIN, user=user)


# --- working on runs -----------------------------------------------------------------------------


def perform_run(run_id: int, resume: bool = False) -> str:
    """Work on a run for a while; the status it was left with.

    What is not done then is queued again; when it is done, the next run of its batch is.
    """
    try:
        run = runs.take(run_id, resume=resume)
    except (SyncRun.DoesNotExist, NotResumable, AlreadyRunning) as error:
        log.info("run_not_taken", run=run_id, reason=str(error))
        if batch := SyncRun.objects.filter(pk=run_id).values_list("batch", flat=True).first():
            _call_next(batch)  # it may have been cancelled at the head of the others
        return str(error)
    run.turn = Turn(time.monotonic() + TURN_SECONDS, queue_again=_queue, show_life=beat)
    beat()
    with _ending_gently(run.turn):
        try:
            _perform(run)
        except RunTaken:
            return "taken over"
        finally:
            _call_following(run)
    return run.status


def _perform(run: SyncRun) -> None:
    try:
        PERFORM[run.kind](run)
    except RunTaken:
        raise
    except Exception as error:
        if run.token:  # it broke before its work began
            run.error = str(error)
            runs.finish(run, SyncRun.Status.FAILED)
        if not isinstance(error, NotConfigured):
            raise


def _queue(run: SyncRun) -> None:
    long.enqueue(PERFORM_RUN, run.pk)


def _call_following(run: SyncRun) -> None:
    """Have done what follows a run that has ended: the runs of its batch, or the images of its items."""
    if run.is_open:
        return
    if run.batch:
        _call_next(run.batch)
    elif run.options.get("images"):
        for following in SyncRun.objects.of(SyncRun.Kind.IMAGES, run.module).filter(status=SyncRun.Status.QUEUED):
            _queue(following)


def _call_next(batch: uuid.UUID) -> None:
    """Of the runs that were started together one is worked on at a time: parents first."""
    following = SyncRun.objects.open().filter(batch=batch).order_by("pk").first()
    if following and following.status == SyncRun.Status.QUEUED:
        _queue(following)


def call_for_forgotten_runs(*, at: datetime) -> int:
    """Call again for runs that wait though nobody is coming: their task died with its cluster; how many."""
    forgotten = SyncRun.objects.filter(status=SyncRun.Status.QUEUED, updated_at__lte=at - FORGOTTEN_AFTER)
    called = 0
    for run in forgotten if long.is_idle() else ():
        earlier = SyncRun.objects.open().filter(batch=run.batch, pk__lt=run.pk) if run.batch else SyncRun.objects.none()
        with transaction.atomic():
            still = SyncRun.objects.filter(pk=run.pk, status=SyncRun.Status.QUEUED, updated_at=run.updated_at)
            if not earlier.exists() and still.update(updated_at=at):
                _queue(run)
                called += 1
    return called


@contextmanager
def _ending_gently(turn: Turn) -> Iterator[None]:
    """Told to stop (a deploy, a shutdown), the process ends its step first: the run is queued and loses nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told = False

    def end_turn(number: int, frame: FrameType | None) -> None:
        nonlocal told
        told, turn.ends_at = True, 0.0

    before = signal.signal(signal.SIGTERM, end_turn)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if told:
            os.kill(os.getpid(), signal.SIGTERM)
