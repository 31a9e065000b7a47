"""How fast waiting events become business rows: two workers, beside one django-q2 task for each event."""

from __future__ import annotations

import json
import subprocess
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from django.db import connection, transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from benchmarks.drain_peer import TASK
from benchmarks.inbox import empty_tables, store_events
from benchmarks.processes import listen, qcluster, running, say
from benchmarks.report import BenchmarkFailed, Figure, Report
from catalog.models import Product
from zoho_sync.models import InboxEvent

WORKERS = 2
MEMORY_EVENTS = 10_000
MEMORY_TIMES = 10


def run(options: Namespace) -> Report:
    tens, hundreds, tasks = [], [], []
    for _ in range(options.repeat):
        tens.append(_drain_rate(options.events, batch=10))
        hundreds.append(_drain_rate(options.events, batch=100))
        tasks.append(_task_rate(options.peer_events or options.events))
    ratios = [hundred / task for hundred, task in zip(hundreds, tasks, strict=True)]
    figures = [
        Figure(
            key="records_per_second_batch_10",
            label="records a second, batches of 10",
            value=median(tens),
            unit="/s",
            at_least=800,
        ),
        Figure(
            key="records_per_second_batch_100",
            label="records a second, batches of 100",
            value=median(hundreds),
            unit="/s",
            at_least=2_000,
        ),
        Figure(
            key="records_per_second_task_per_event",
            label="records a second, a django-q2 task for each event",
            value=median(tasks),
            unit="/s",
        ),
        Figure(
            key="ratio_to_task_per_event",
            label="batches of 100 / a task for each event",
            value=median(ratios),
            at_least=5,
        ),
    ]
    if options.memory:
        figures.append(_memory_growth(options.memory_events))
    return Report(
        name="drain",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.events:,} waiting events of as many new items, {WORKERS} workers",
        figures=figures,
    )


def _drain_rate(events: int, *, batch: int) -> float:
    """Records a second, from the word to begin until the last worker finds nothing more."""
    empty_tables()
    store_events(1, events)
    with _workers(WORKERS, batch=batch) as workers:
        answers = _drain(workers)
    _check_applied(events)
    return events / max(answer["seconds"] for answer in answers)


def _task_rate(events: int) -> float:
    """The same with a task for each event: from their commit until the last event is settled."""
    empty_tables()
    store_events(1, events, with_jobs=False)
    with qcluster():
        with transaction.atomic():
            for event_id in InboxEvent.objects.order_by("id").values_list("id", flat=True):
                async_task(TASK, event_id)
        started = time.monotonic()
        _wait_for_events()
        seconds = time.monotonic() - started
    _check_applied(events)
    return events / seconds


def _memory_growth(events: int) -> Figure:
    """What one worker's resident memory grows by between `events` events and ten times as many."""
    empty_tables()
    with _workers(1, batch=100) as workers:
        store_events(1, events)
        before = _drain(workers)[0]["memory_mb"]
        for turn in range(1, MEMORY_TIMES):
            store_events(1 + turn * events, events)
            after = _drain(workers)[0]["memory_mb"]
    _check_applied(events * MEMORY_TIMES)
    label = f"growth of a worker's memory from {events:,} to {events * MEMORY_TIMES:,} events"
    return Figure(key="memory_growth_mb", label=label, value=after - before, unit="MB", at_most=10)


@contextmanager
def _workers(count: int, *, batch: int) -> Iterator[list[subprocess.Popen[str]]]:
    with ExitStack() as stack:
        workers = [
            stack.enter_context(running("-m", "benchmarks.drain_worker", environment={"TDS_BATCH_SIZE": str(batch)}))
            for _ in range(count)
        ]
        for worker in workers:
            listen(worker)
        yield workers


def _drain(workers: list[subprocess.Popen[str]]) -> list[dict[str, float]]:
    for worker in workers:
        say(worker, "drain")
    return [json.loads(listen(worker)) for worker in workers]


def _wait_for_events() -> None:
    while InboxEvent.objects.queued().exists():
        if not OrmQ.objects.exists():
            raise BenchmarkFailed("all tasks have ended and events still wait")
        time.sleep(0.02)


def _check_applied(events: int) -> None:
    applied = InboxEvent.objects.filter(state=InboxEvent.State.APPLIED).count()
    if not applied == Product.objects.count() == events:
        raise BenchmarkFailed(f"{events} events went in, {applied} were applied to {Product.objects.count()} products")
