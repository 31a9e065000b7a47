"""Eight senders and four workers at once: every record ends at its newest state, by one worker at a time."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Product
from commerce.models import Customer, Invoice
from tests.live.environment import Secrets, project_environment
from tests.live.processes import PYTHON, ROOT
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.audit import audit
from zoho_sync.models import InboxEvent, SyncLog, SyncQueueItem

SENDERS, WORKERS = 8, 4
EVENTS, RECORDS, REPEATED = 2_000, 200, 400
# Invoices wait for their customers, which come in the same disorder.
SHARES = {"item": 120, "contact": 40, "invoice": 40}
PATHS = {"item": "products", "contact": "customers", "invoice": "invoices"}
SECONDS = 120

Delivery = tuple[str, str]


@dataclass
class System:
    """A web server and a cluster of four workers."""

    web: Web
    workers: Workers


@pytest.fixture
def system(transactional_db: None, tmp_path: Path) -> Iterator[System]:
    secrets = Secrets()
    environment = project_environment(
        WEBHOOK_API_KEY=secrets.api_key,
        SQLITE_TIMEOUT_SECONDS="20",
        TDS_WORKERS=str(WORKERS),
        LOG_LEVEL="WARNING",
    )
    with ExitStack() as running:
        web = Web(environment=environment, folder=tmp_path, secrets=secrets)
        running.callback(web.stop)
        workers = Workers(environment=environment, folder=tmp_path)
        running.callback(workers.stop)
        yield System(web, workers)


def record(module: str, number: int, version: int) -> dict[str, Any]:
    """The whole record at one version, which its figures tell."""
    time = f"2026-03-01T10:{version // 60:02d}:{version % 60:02d}+0300"
    figures = {
        "item": {"item_id": f"1{number}", "name": f"منتج {number}", "rate": version},
        "contact": {
            "contact_id": f"2{number}",
            "contact_name": f"زبون {number}",
            "contact_type": "customer",
            "credit_limit": version,
        },
        "invoice": {
            "invoice_id": f"3{number}",
            "invoice_number": f"INV-{number}",
            "customer_id": f"2{number}",
            "total": version,
        },
    }[module]
    return {module: {**figures, "last_modified_time": time}}


def plan_deliveries(chance: random.Random) -> tuple[list[Delivery], dict[tuple[str, int], int]]:
    """What is sent, in disorder and some of it twice; and the newest version of each record."""
    records = [(module, number) for module, share in SHARES.items() for number in range(share)]
    newest = Counter(dict.fromkeys(records, 1))
    newest.update(chance.choices(records, k=EVENTS - REPEATED - RECORDS))
    sent = [
        (PATHS[module], json.dumps(record(module, number, version), ensure_ascii=False))
        for (module, number), last in newest.items()
        for version in range(1, last + 1)
    ]
    sent += chance.choices(sent, k=REPEATED)
    chance.shuffle(sent)
    return sent, dict(newest)


def send(system: System, deliveries: Sequence[Delivery]) -> Counter[str]:
    """Post everything from eight processes at once; how often each status was answered."""
    plans = [
        json.dumps({"key": system.web.secrets.api_key, "deliveries": deliveries[n::SENDERS]}) for n in range(SENDERS)
    ]
    senders = [
        subprocess.Popen(
            [PYTHON, "-m", "tests.load.posting", system.web.url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in plans
    ]
    try:
        for sender, plan in zip(senders, plans, strict=True):
            assert sender.stdin
            sender.stdin.write(plan)
            sender.stdin.close()
            sender.stdin = None
        answers: Counter[str] = Counter()
        for sender in senders:
            answers.update(json.loads(sender.communicate(timeout=SECONDS)[0]))
        return answers
    finally:
        for sender in senders:
            sender.kill()
            sender.wait()


def test_a_storm_from_all_sides_leaves_every_record_at_its_newest_state(system):
    deliveries, newest = plan_deliveries(random.Random(20260301))
    assert (len(deliveries), len(newest)) == (EVENTS, RECORDS)

    answers = send(system, deliveries)
    system.workers.settle(seconds=SECONDS)

    assert answers["202"] == EVENTS, answers
    assert set(answers) <= {"202", "503"}
    stored = {
        "item": {row.zoho_id: row.base_price for row in Product.objects.all()},
        "contact": {row.zoho_id: row.credit_limit for row in Customer.objects.all()},
        "invoice": {row.zoho_id: row.total for row in Invoice.objects.all()},
    }
    prefix = {"item": "1", "contact": "2", "invoice": "3"}
    wanted = {module: {} for module in SHARES}
    for (module, number), version in newest.items():
        wanted[module][f"{prefix[module]}{number}"] = version
    assert stored == wanted

    assert "batch_broke" not in system.workers.process.log
    assert_nothing_is_left()
    assert_one_worker_at_a_time()
    assert_news_only_went_forward()
    assert [check for check in audit(deliveries=answers["202"]) if not check.holds] == []


def assert_nothing_is_left() -> None:
    settled = {"applied", "unchanged", "stale", "superseded"}
    assert set(InboxEvent.objects.values_list("state", flat=True)) <= settled
    statuses = set(SyncQueueItem.objects.values_list("status", flat=True))
    assert statuses <= {SyncQueueItem.Status.COMPLETED, SyncQueueItem.Status.DISCARDED}


def assert_one_worker_at_a_time() -> None:
    """Of each record: no job was begun before the one before it was settled.

    A job is begun (the log's time) after its claim, and settled (the job's time) before its lock is let go:
    two workers that had held one record together would show as two such spans that overlap.
    """
    spans: dict[tuple[str, str], list[tuple[Any, Any, str]]] = {}
    for entry in SyncLog.objects.select_related("job").order_by("started_at", "id"):
        settled = entry.job.finished_at if entry.outcome in ("applied", "unchanged", "stale") else entry.started_at
        spans.setdefault((entry.module, entry.zoho_id), []).append((entry.started_at, settled, entry.worker))

    for record_spans in spans.values():
        for (_, settled, _), (begun, _, _) in pairwise(record_spans):
            assert begun >= settled
    workers = Counter(worker for record_spans in spans.values() for _, _, worker in record_spans)
    processes = {worker.split(":")[1] for worker in workers}
    assert len(processes) > 1, "one worker did everything: nothing was tried at once"


def assert_news_only_went_forward() -> None:
    """Of each record: what was applied later is newer, and every settled event was counted by one attempt."""
    applied: dict[tuple[str, str], list[Any]] = {}
    events = InboxEvent.objects.filter(state="applied").order_by("log_id", "modified_at")
    for event in events:
        applied.setdefault((event.module, event.zoho_id), []).append(event.modified_at)

    for times in applied.values():
        assert all(earlier < later for earlier, later in pairwise(times))
