"""How fast webhooks are taken in: the endpoint under gunicorn, beside a bare view that makes one INSERT."""

from __future__ import annotations

import itertools
from argparse import Namespace
from statistics import median

from django.conf import settings
from django.db import connection

from benchmarks.inbox import analyze
from benchmarks.processes import gunicorn, post_items
from benchmarks.report import BenchmarkFailed, Figure, Report, percentile
from zoho_sync.models import InboxEvent, SyncQueueItem

WEBHOOK = "/api/zoho/webhooks/products"
BARE = "/benchmarks/insert"
WARM_UP_SECONDS = 1
_TABLE = {
    "postgresql": "CREATE TABLE benchmark_insert (id bigserial PRIMARY KEY, body bytea, received_at timestamptz)",
    "sqlite": "CREATE TABLE benchmark_insert (id integer PRIMARY KEY, body blob, received_at datetime)",
}


def run(options: Namespace) -> Report:
    with connection.cursor() as cursor:
        cursor.execute(_TABLE[connection.vendor])
    key = settings.WEBHOOK_API_KEYS[0]
    numbers = itertools.count(1, 1_000_000)
    rates, bare_rates, slowest, sent = [], [], [], 0
    with gunicorn() as port:

        def post(path: str, *, seconds: float, rate: float = 0) -> list[float]:
            samples = post_items(
                port,
                path,
                key=key,
                first=next(numbers),
                seconds=seconds,
                connections=options.connections,
                rate=rate,
            )
            return [sample.seconds for sample in samples]

        sent += len(post(WEBHOOK, seconds=WARM_UP_SECONDS))
        post(BARE, seconds=WARM_UP_SECONDS)
        for _ in range(options.repeat):
            analyze(InboxEvent, SyncQueueItem)
            taken = post(WEBHOOK, seconds=options.seconds)
            rates.append(len(taken) / options.seconds)
            bare_rates.append(len(post(BARE, seconds=options.seconds)) / options.seconds)
            paced = post(WEBHOOK, seconds=options.seconds, rate=options.rate)
            slowest.append(percentile(paced, 0.99) * 1000)
            sent += len(taken) + len(paced)
    _check_stored(sent)
    ratios = [rate / bare for rate, bare in zip(rates, bare_rates, strict=True)]
    return Report(
        name="ingest",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"gunicorn with 2 workers, {options.connections} connections, no cluster, every record new",
        figures=(
            Figure(key="requests_per_second", label="webhooks a second", value=median(rates), unit="/s"),
            Figure(
                key="bare_requests_per_second",
                label="requests a second to a bare INSERT",
                value=median(bare_rates),
                unit="/s",
            ),
            Figure(key="ratio_to_bare_insert", label="webhook / bare INSERT", value=median(ratios), at_least=0.5),
            Figure(
                key="p99_ms",
                label=f"99th percentile at {options.rate:g} a second",
                value=median(slowest),
                unit="ms",
                at_most=50,
            ),
        ),
    )


def _check_stored(sent: int) -> None:
    stored, waiting = InboxEvent.objects.queued().count(), SyncQueueItem.objects.waiting().count()
    if not stored == waiting == sent:
        raise BenchmarkFailed(f"{sent} webhooks were answered 202; {stored} events and {waiting} jobs are there")
