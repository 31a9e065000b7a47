"""What claiming work costs with a long history and a long queue, beside a short queue without history."""

from __future__ import annotations

import time
from argparse import Namespace
from statistics import median

from django.db import connection, transaction
from django.utils import timezone

from benchmarks.inbox import analyze, rest
from benchmarks.report import BenchmarkFailed, Figure, Report
from zoho_sync.models import SyncQueueItem
from zoho_sync.queue import claim

BATCHES = (10, 100)
FEW = 1_000
RECORDS_WITH_HISTORY = 200_000
WARM_UP_CLAIMS = 5

_SERIES = {
    "postgresql": "generate_series(1, %s) AS series(n)",
    "sqlite": "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < %s) "
    "SELECT n FROM counted) AS series",
}
_AGO = {"postgresql": "now() - n * interval '1 second'", "sqlite": "datetime('now', '-' || n || ' seconds')"}
_INSERT = """
INSERT INTO {table} (module, zoho_id, status, priority, attempts, deaths, needs_fetch, next_attempt_at,
                     waits_for_module, waits_for_id, locked_by, last_error, last_traceback,
                     finished_at, created_at, updated_at)
SELECT 'item', %s || (n %% %s), %s, 4 + n %% 3, 0, 0, {false}, {ago}, '', '', '', '', '', {finished}, {ago}, {ago}
FROM {series}
"""


def run(options: Namespace) -> Report:
    """Claims are rolled back and timed without their commit, whose cost would only hide the difference."""
    empty: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    full: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(options.repeat):
        _fill(finished=0, waiting=FEW)
        for batch in BATCHES:
            empty[batch].append(_claim_ms(batch, options.claims))
        _fill(finished=options.finished, waiting=options.waiting)
        for batch in BATCHES:
            full[batch].append(_claim_ms(batch, options.claims))
    ratios = {
        batch: median(much / little for much, little in zip(full[batch], empty[batch], strict=True))
        for batch in BATCHES
    }
    small, large = BATCHES
    return Report(
        name="backlog",
        database=connection.vendor,
        repeat=options.repeat,
        setting=f"{options.finished:,} finished and {options.waiting:,} waiting jobs beside {FEW:,} waiting ones, "
        f"{options.claims} claims each",
        figures=(
            Figure(key="claim_ms", label=f"claim of {small}, long queue", value=median(full[small]), unit="ms"),
            Figure(
                key="claim_ms_batch_100", label=f"claim of {large}, long queue", value=median(full[large]), unit="ms"
            ),
            Figure(key="claim_ms_empty", label=f"claim of {small}, short queue", value=median(empty[small]), unit="ms"),
            Figure(
                key="claim_ms_empty_batch_100",
                label=f"claim of {large}, short queue",
                value=median(empty[large]),
                unit="ms",
            ),
            Figure(
                key="ratio_to_empty",
                label="long / short, the worse of the two",
                value=max(ratios.values()),
                at_most=2,
            ),
        ),
    )


def _fill(*, finished: int, waiting: int) -> None:
    """A queue of `finished` jobs of records that came again and again, and `waiting` due ones."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table()}")
        analyze(SyncQueueItem)
        for count, prefix, records, status in (
            (finished, "h", RECORDS_WITH_HISTORY, SyncQueueItem.Status.COMPLETED),
            (waiting, "w", waiting, SyncQueueItem.Status.PENDING),
        ):
            if count:
                statement = _INSERT.format(
                    table=_table(),
                    series=_SERIES[connection.vendor],
                    ago=_AGO[connection.vendor],
                    finished=_AGO[connection.vendor] if status == SyncQueueItem.Status.COMPLETED else "NULL",
                    false="false" if connection.vendor == "postgresql" else "0",
                )
                cursor.execute(statement, [prefix, records, status.value, count])
    analyze(SyncQueueItem)
    rest()


def _claim_ms(batch: int, claims: int) -> float:
    """The median of `claims` claims of `batch` jobs, in milliseconds."""
    taken = []
    for _ in range(WARM_UP_CLAIMS + claims):
        with transaction.atomic():
            started = time.perf_counter()
            found = claim("benchmark", limit=batch, at=timezone.now())
            taken.append(time.perf_counter() - started)
            transaction.set_rollback(True)
        if len(found) != batch:
            raise BenchmarkFailed(f"{len(found)} of {batch} jobs were claimed")
    return median(taken[WARM_UP_CLAIMS:]) * 1000


def _table() -> str:
    return connection.ops.quote_name(SyncQueueItem._meta.db_table)
