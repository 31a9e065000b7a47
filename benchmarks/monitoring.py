"""How long the dashboard's pages take with a million rows in each of the sync's big tables."""

from __future__ import annotations

import http.client
import io
import time
from argparse import Namespace
from collections.abc import Mapping
from datetime import timedelta
from statistics import median

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from benchmarks.inbox import analyze, rest
from benchmarks.processes import gunicorn
from benchmarks.report import BenchmarkFailed, Figure, Report, percentile
from tsh_erp.jobs.models import JobRun
from zoho_sync.entities import ENTITIES
from zoho_sync.models import (
    Alert,
    DeadLetter,
    ErrorGroup,
    InboxEvent,
    MetricSample,
    SyncLog,
    SyncQueueItem,
    SyncRun,
    ZohoRecord,
)
from zoho_sync.schedules import SCHEDULES

MOST_MS = 100
BODY = 500
OTHERS = 20_000  # rows in each of the smaller tables, at the most
DAYS = 30
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
    _fill(options.rows)
    _take_sample()
    cookie = _sign_in()
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
    """Milliseconds that each of so many requests took. BenchmarkFailed when one was not answered 200."""
    from django.conf import settings

    taken = []
    headers = {"Cookie": cookie}
    if path == "/metrics":
        headers["Authorization"] = f"Bearer {settings.METRICS_TOKEN}"
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(times):
        started = time.perf_counter()
        server.request("GET", path, headers=headers)
        answer = server.getresponse()
        body = answer.read()
        taken.append((time.perf_counter() - started) * 1000)
        if answer.status != 200:
            raise BenchmarkFailed(f"{path} was answered {answer.status}: {body[:300]!r}")
    server.close()
    return taken


def _sign_in() -> str:
    client = Client()
    client.force_login(User.objects.create_superuser("benchmark"))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _take_sample() -> None:
    from zoho_sync import monitoring

    monitoring.sample(at=timezone.now())


def _day(ago: int) -> str:
    return (timezone.now() - timedelta(days=ago)).strftime("%Y-%m-%dT00:00:00Z")


# --- a month of business --------------------------------------------------------------------------


def _fill(rows: int) -> None:
    """So many rows in the three big tables, spread over a month, and some in the others."""
    others = min(rows, OTHERS)
    modules = [entity.module for entity in ENTITIES]
    SyncRun.objects.bulk_create(
        SyncRun(
            module=modules[number % len(modules)],
            mode=SyncRun.Mode.INCREMENTAL,
            status=SyncRun.Status.COMPLETED if number % 50 else SyncRun.Status.FAILED,
            started_at=timezone.now() - timedelta(days=DAYS) * (1 - number / others),
            finished_at=timezone.now(),
        )
        for number in range(others)
    )
    _write_samples()
    _write_job_runs(others)
    group = ErrorGroup.objects.create(
        fingerprint="b", module="item", error_class="MappingError", sample="rate",
        first_seen_at=timezone.now(), last_seen_at=timezone.now(),
    )  # fmt: skip
    DeadLetter.objects.bulk_create(
        DeadLetter(module="item", zoho_id=str(number), group=group, error_class="MappingError", message="rate: 'abc'",
                   state=DeadLetter.State.OPEN if number % 20 == 0 else DeadLetter.State.RESOLVED)
        for number in range(others)
    )  # fmt: skip
    Alert.objects.bulk_create(
        Alert(fingerprint=f"b:{number}", code="benchmark", title=f"Alert {number}",
              state=Alert.State.OPEN if number % 200 == 0 else Alert.State.RESOLVED,
              first_seen_at=timezone.now(), last_seen_at=timezone.now())
        for number in range(others)
    )  # fmt: skip
    with connection.cursor() as cursor:
        for statement, parameters in _statements(rows):
            cursor.execute(statement, parameters)
    analyze(SyncQueueItem, SyncLog, InboxEvent, SyncRun, MetricSample, DeadLetter, Alert, ZohoRecord)
    rest()


def _write_job_runs(count: int) -> None:
    call_command("sync_schedules", stdout=io.StringIO())
    now = timezone.now()
    JobRun.objects.bulk_create(
        JobRun(
            name=SCHEDULES[number % len(SCHEDULES)].name,
            state=JobRun.State.SUCCEEDED,
            started_at=now - timedelta(seconds=count - number),
            finished_at=now,
            lease_ends_at=now,
            worker="benchmark:1",
        )
        for number in range(count)
    )


def _write_samples() -> None:
    from zoho_sync.monitoring import METRICS

    values = dict.fromkeys(METRICS, 42.0)
    now = timezone.now().replace(second=0, microsecond=0)
    for resolution, step in (("minute", timedelta(minutes=1)), ("hour", timedelta(hours=1))):
        begin = now if resolution == "minute" else now.replace(minute=0)
        MetricSample.objects.bulk_create(
            (
                MetricSample(resolution=resolution, at=begin - step * number, values=values, taken_at=now)
                for number in range(2, int(timedelta(days=DAYS) / step))
            ),
            batch_size=2_000,
        )


def _statements(rows: int) -> list[tuple[str, list[object]]]:
    """INSERT … SELECT for each big table: the oldest row a month ago, the newest now; few open, few failed."""
    postgres = connection.vendor == "postgresql"
    series = (
        "generate_series(1, %s) AS series(n)"
        if postgres
        else "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < %s) "
        "SELECT n FROM counted) AS series"
    )
    span = DAYS * 86_400 / rows
    ago = (
        f"now() - ({rows} - n) * interval '{span} seconds'"
        if postgres
        else f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || (({rows} - n) * {span}) || ' seconds')"
    )
    false = "false" if postgres else "0"
    module = "CASE n %% 4 WHEN 0 THEN 'item' WHEN 1 THEN 'invoice' WHEN 2 THEN 'contact' ELSE 'salesorder' END"
    path = "CASE n %% 4 WHEN 0 THEN 'products' WHEN 1 THEN 'invoices' WHEN 2 THEN 'customers' ELSE 'orders' END"
    uuid = "gen_random_uuid()" if postgres else "lower(hex(randomblob(16)))"
    body = f"decode(substr(repeat(md5(n::text), 40), 1, {BODY * 2}), 'hex')" if postgres else f"randomblob({BODY})"
    queue, log, inbox = (
        connection.ops.quote_name(model._meta.db_table) for model in (SyncQueueItem, SyncLog, InboxEvent)
    )
    return [
        (
            f"""INSERT INTO {queue} (module, zoho_id, status, priority, attempts, deaths, needs_fetch, next_attempt_at,
                waits_for_module, waits_for_id, locked_by, last_error, last_traceback, finished_at, created_at,
                updated_at)
            SELECT {module}, CASE WHEN n > {rows} - 500 THEN 'open' || n ELSE '' || n %% 60000 END,
                CASE WHEN n > {rows} - 400 THEN 'pending' WHEN n > {rows} - 500 THEN 'retry'
                     WHEN n %% 200 = 0 THEN 'dead_letter' WHEN n %% 333 = 0 THEN 'discarded' ELSE 'completed' END,
                5, 1, 0, {false}, {ago}, '', '', '', '', '', {ago}, {ago}, {ago}
            FROM {series}""",
            [rows],
        ),
        (
            f"""INSERT INTO {log} (module, zoho_id, outcome, attempt, event_count, started_at, duration_ms, error_class,
                message, worker)
            SELECT {module}, '' || n %% 60000,
                CASE WHEN n %% 500 = 0 THEN 'dead' WHEN n %% 50 = 0 THEN 'retry' WHEN n %% 3 = 0 THEN 'unchanged'
                     ELSE 'applied' END,
                1, 1, {ago}, n %% 90, '', '', 'worker'
            FROM {series}""",
            [rows],
        ),
        (
            f"""INSERT INTO {inbox} (uuid, received_at, path, module, zoho_id, operation, modified_at, state, reason,
                body, body_sha256, content_type, headers, query, address, proof, request_id, deliveries, settled_at)
            SELECT {uuid}, {ago}, {path}, {module}, '' || n %% 60000, 'upsert', {ago},
                CASE WHEN n > {rows} - 500 THEN 'queued' WHEN n %% 500 = 0 THEN 'dead' WHEN n %% 3 = 0 THEN 'unchanged'
                     ELSE 'applied' END,
                '', {body}, '', 'application/json', '{{}}', '{{}}', '127.0.0.1', 'signature', '',
                CASE WHEN n %% 10 = 0 THEN 2 ELSE 1 END, {ago}
            FROM {series}""",
            [rows],
        ),
    ]
