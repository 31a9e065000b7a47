"""PostgreSQL looks keys up in a long queue, also while its statistics are those of an idle one."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from zoho_sync import queue
from zoho_sync.models import SyncQueueItem
from zoho_sync.queue import End, Settlement, Work
from zoho_sync.tests.road import NOON, seconds

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no statistics of its own accord"),
]
WAITING = 30_000


@pytest.fixture
def burst(db):
    """Statistics of a queue in which all is done, then a burst of which 300 records are already being worked on."""
    with connection.cursor() as cursor:
        # What other tests rolled back is still in the file, and counts when rows are estimated from its size.
        cursor.execute("TRUNCATE zoho_sync_syncqueueitem CASCADE")
    fill("completed", 1_000, module="item")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE zoho_sync_syncqueueitem")
    fill("pending", WAITING // 2, module="item")
    fill("pending", WAITING // 2, module="invoice")
    for _ in range(3):
        queue.claim("others", limit=100, at=NOON + seconds(3600))


def fill(status, count, *, module):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO zoho_sync_syncqueueitem (module, zoho_id, status, priority, attempts, deaths, needs_fetch,
                next_attempt_at, waits_for_module, waits_for_id, locked_by, last_error, last_traceback,
                created_at, updated_at)
            SELECT %s, number, %s, 5, 0, 0, false, %s, '', '', '', '', '', %s, %s
            FROM generate_series(1, %s) AS number
            """,
            [module, status, NOON, NOON, NOON, count],
        )


def plans(queries, *, of):
    """The plans of those captured statements that contain `of`."""
    found = []
    with connection.cursor() as cursor:
        for query in queries:
            if of in query["sql"]:
                cursor.execute("EXPLAIN " + query["sql"])
                found.append("\n".join(line for (line,) in cursor.fetchall()))
    assert found
    return found


def looks_up(conditions, plan):
    """Whether an index is entered with these conditions, not read from end to end."""
    entries = [line for line in plan.splitlines() if "Index Cond:" in line]
    return any(all(condition in line for condition in conditions) for line in entries)


def test_a_claim_looks_up_whether_another_holds_the_record(burst):
    with CaptureQueriesContext(connection) as done:
        assert len(queue.claim("me", limit=10, at=NOON)) == 10

    [plan] = plans(done, of="WITH due")
    assert "queue_due on zoho_sync_syncqueueitem waiting" in plan
    assert "one_worker_per_record on zoho_sync_syncqueueitem held" in plan
    assert looks_up(["= (waiting.module)::text", "= (waiting.zoho_id)::text"], plan)


def test_a_job_that_is_tried_again_looks_up_whether_a_newer_one_waits(burst):
    claims = queue.claim("me", limit=10, at=NOON)
    queue.enqueue([Work(module=claim.module, zoho_id=claim.zoho_id) for claim in claims[:1]], at=NOON)

    with CaptureQueriesContext(connection) as done, transaction.atomic():
        ours = queue.lock_claimed(claims)
        queue.settle([Settlement(claim=claim, end=End.RETRY, due=NOON) for claim in ours], at=NOON)

    [plan] = plans(done, of='"status" IN (')
    assert "one_waiting_job_per_record" in plan
    assert looks_up(["(module)::text = ", "(zoho_id)::text = ANY"], plan)
    assert SyncQueueItem.objects.filter(status="discarded").count() == 1


def test_a_lost_job_looks_up_whether_a_newer_one_waits(burst):
    queue.claim("me", limit=10, at=NOON)

    with CaptureQueriesContext(connection) as done:
        assert queue.return_expired_leases(at=NOON + seconds(1800)).returned == 10

    [plan] = plans(done, of='"status" IN (')
    assert "one_waiting_job_per_record" in plan
    assert looks_up(["(module)::text = ", "(zoho_id)::text = ANY"], plan)
