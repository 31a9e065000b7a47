"""How long the dashboard's pages take with a million rows in each of the sync's big tables."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from datetime import timedelta
from statistics import median

from django.db import connection
from django.utils import timezone

from benchmarks.asking import ask, sign_in
from benchmarks.month import BODY, fill
from benchmarks.processes import gunicorn
from benchmarks.report import Figure, Report, percentile

MOST_MS = 100
WARM_UP = 6
DASHBOARD = "/api/zoho/dashboard/"

# `page` is the last that is counted, `since` to `until` a day three weeks ago.
PAGES: Mapping[str, str] = {
    "health": f"{DASHBOARD}health",
    "stats": f"{DASHBOARD}stats",
    "queue": f"{DASHBOARD}queue",
    "queue_filtered": f"{DASHBOARD}queue?entity=product&status=completed&page={{page}}&page_size=200",
    "queue_of_a_day": f"{DASHBOARD}queue?since={{since}}&until={{until}}&status=completed",
    "queue_of_a_record": f"{DASHBOARD}queue?zoho_id=4711",
    "inbox_of_a_record": f"{DASHBOARD}inbox?zoho_id=4711",
    "dead-letter": f"{DASHBOARD}dead-letter?status=open",
    "logs": f"{DASHBOARD}logs",
    "logs_failed": f"{DASHBOARD}logs?status=dead&page_size=200",
    "logs_of_a_day": f"{DASHBOARD}logs?since={{since}}&until={{until}}&entity=invoice",
    "metrics": f"{DASHBOARD}metrics?page_size=200",
    "inbox": f"{DASHBOARD}inbox",
    "inbox_filtered": f"{DASHBOARD}inbox?status=applied&page={{page}}&page_size=200",
    "inbox_of_a_day": f"{DASHBOARD}inbox?since={{since}}&until={{until}}&status=applied",
    "alerts": f"{DASHBOARD}alerts?status=open&status=acknowledged",
    "monitoring_health": "/api/tds/monitoring/health",
    "scheduler_jobs": "/api/tds/monitoring/scheduler/jobs",
    "prometheus": "/metrics",
}


def run(options: Namespace) -> Report:
    """Asked one after the other through gunicorn, beside the once-a-minute sample that a worker takes."""
    fill(options.rows)
    _take_sample()
    cookie = sign_in()
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    with gunicorn() as port:
        for _ in range(options.repeat):
            for name, address in PAGES.items():
                path = address.format(since=_day(20), until=_day(19), page=max(min(options.rows // 1_000, 50), 1))
                taken = _ask(port, path, cookie, times=WARM_UP + options.requests)
                found[name].append(percentile(taken[WARM_UP:], 0.95))
    pages = {name: median(each) for name, each in found.items()}
    worst = max(pages, key=lambda name: pages[name])
    return Report(
        name="monitoring",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.rows:,} rows in each of inbox ({BODY} bytes a body), queue and log; "
        f"{options.requests} requests a page",
        figures=(
            Figure(key="p95_ms", label=f"p95 of the slowest page ({worst})", value=pages[worst], at_most=MOST_MS),
            *(Figure(key=f"p95_ms_{name}", label=name, value=value, unit="ms") for name, value in pages.items()),
        ),
        groups={"pages": pages},
    )


def _ask(port: int, path: str, cookie: str, *, times: int) -> list[float]:
    from django.conf import settings

    headers = {"Cookie": cookie}
    if path == "/metrics":
        headers["Authorization"] = f"Bearer {settings.METRICS_TOKEN}"
    return ask(port, path, headers, times=times).milliseconds


def _take_sample() -> None:
    from zoho_sync import monitoring

    monitoring.sample(at=timezone.now())


def _day(ago: int) -> str:
    return (timezone.now() - timedelta(days=ago)).strftime("%Y-%m-%dT00:00:00Z")
