"""How long it takes from the POST of a webhook until its business row can be read, on an idle system."""

from __future__ import annotations

import time
from argparse import Namespace
from statistics import median

from django.conf import settings
from django.db import connection

from benchmarks.inbox import empty_tables
from benchmarks.ingest import WEBHOOK
from benchmarks.items import item_id
from benchmarks.processes import gunicorn, post_items, qcluster, start_posting
from benchmarks.report import BenchmarkFailed, Figure, Report, percentile
from catalog.models import Product

CONNECTIONS = 2
POLL_SECONDS = 0.005
PATIENCE_SECONDS = 60
# Keys are given out before the commit: rows of lower keys may still appear after higher ones.
LOOK_BACK = 500
WARM_UP_SECONDS = 1


def run(options: Namespace) -> Report:
    middles, high = [], []
    with qcluster(), gunicorn() as port:
        for _ in range(options.repeat):
            delays = _measure(port, rate=options.rate, seconds=options.seconds)
            middles.append(percentile(delays, 0.5))
            high.append(percentile(delays, 0.95))
    return Report(
        name="latency",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.rate:g} new items a second for {options.seconds:g} s, gunicorn and a cluster of "
        f"{settings.TDS_WORKERS} workers, looked for every {POLL_SECONDS * 1000:g} ms",
        figures=(
            Figure(
                key="p50_seconds", label="POST to visible row, median", value=median(middles), unit="s", at_most=0.5
            ),
            Figure(
                key="p95_seconds", label="POST to visible row, 95th percentile", value=median(high), unit="s", at_most=1
            ),
        ),
    )


def _measure(port: int, *, rate: float, seconds: float) -> list[float]:
    """Seconds from when each POST was due until its product could be read."""
    empty_tables()
    key = settings.WEBHOOK_API_KEYS[0]
    warm = post_items(port, WEBHOOK, key=key, first=1, seconds=WARM_UP_SECONDS, connections=CONNECTIONS, rate=rate)
    _watch({}, until=len(warm))
    seen: dict[str, float] = {}
    with start_posting(
        port, WEBHOOK, key=key, first=1_000_000, seconds=seconds, connections=CONNECTIONS, rate=rate
    ) as collect:
        _watch(seen, until=len(warm) + int(rate * seconds))
        samples = collect()
    return [seen[item_id(sample.number)] - sample.due for sample in samples]


def _watch(seen: dict[str, float], *, until: int) -> None:
    """Note in `seen` when each product was first there, until there are `until` products."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    newest = 0
    while len(seen) < until:
        rows = Product.objects.filter(pk__gt=newest - LOOK_BACK).order_by("pk").values_list("pk", "zoho_id")
        found = list(rows)
        now = time.monotonic()
        for pk, zoho_id in found:
            seen.setdefault(str(zoho_id), now)
            newest = max(newest, pk)
        if now > give_up:
            raise BenchmarkFailed(f"{until - len(seen)} of {until} products did not come")
        time.sleep(POLL_SECONDS)
