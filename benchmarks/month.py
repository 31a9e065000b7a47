"""A month of the sync: so many rows in its three big tables, and some in the others."""

from __future__ import annotations

import io
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from benchmarks.inbox import analyze, rest
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

BODY = 500  # bytes of each webhook
OTHERS = 20_000  # rows in each of the smaller tables, at the most
DAYS = 30


def fill(rows: int) -> None:
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
