"""A stock run, workers and a company that goes on selling, all at the same time, over real connections."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection

from catalog.models import Product, StockLevel
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import client, queue, runs, stock, worker
from zoho_sync.audit import audit
from zoho_sync.models import SyncQueueItem, SyncRun
from zoho_sync.queue import Work
from zoho_sync.tests.conftest import point_at
from zoho_sync.tests.test_stock import assert_stock_is_zohos, move, read_stock, started, tracked

pytestmark = pytest.mark.django_db(transaction=True)
Mode, Status = SyncRun.Mode, SyncRun.Status


@pytest.fixture
def zoho(settings, monkeypatch):
    settings.ZOHO_REQUESTS_PER_MINUTE, settings.ZOHO_REQUESTS_PER_DAY = 60_000, 1_000_000
    monkeypatch.setattr(client, "LONG_PATIENCE", 5.0)
    with Sandbox(size=Size.scaled(450)) as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def in_thread(work, errors: list) -> Thread:
    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told where the test can see it
            errors.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def test_runs_and_workers_at_the_same_time_end_at_what_zoho_says(zoho):
    read_stock()
    ids = [row["item_id"] for row in tracked(zoho)]
    for item_id in ids:
        move(zoho, item_id, "1")
    queue_up(ids[::2])
    errors: list[Exception] = []

    workers = [in_thread(lambda: worker.drain(worker.worker_name(), worker.Clock()), errors) for _ in range(2)]
    zoho.control.tick(30, webhook=False)
    run = read_stock()
    for thread in workers:
        thread.join(60)
    last = read_stock()

    assert errors == []
    assert {run.status, last.status} == {Status.COMPLETED}
    assert SyncQueueItem.objects.exclude(status="completed").count() == 0
    assert_stock_is_zohos(zoho)
    assert [check for check in audit() if not check.holds] == []


def queue_up(ids) -> None:
    from django.utils import timezone

    queue.enqueue([Work(module="item", zoho_id=one, needs_fetch=True) for one in ids], at=timezone.now())


def test_calls_are_made_ahead_of_what_is_applied_and_no_further(zoho):
    read_stock()
    before, asked = zoho.calls("/itemdetails"), []
    run = started(batch_size=100)

    stock.perform(run, track=lambda run: asked.append((zoho.calls("/itemdetails") - before, run.unchanged)))

    kept = len(tracked(zoho))
    assert kept > 400
    assert all(calls <= applied // 100 + stock.running.CALLS_AHEAD + 2 for calls, applied in asked)
    assert (run.unchanged, run.calls) == (kept, 5)


def test_a_run_that_is_stopped_ahead_of_itself_goes_on_where_it_applied(zoho):
    read_stock()
    for row in tracked(zoho):
        move(zoho, row["item_id"], "1")
    run = started(batch_size=100)

    stock.perform(run, track=lambda run: runs.request_cancel(run.pk))
    before = zoho.calls("/itemdetails")
    done = stock.perform(runs.take(run.pk, resume=True))

    kept = len(tracked(zoho))
    assert (done.status, done.updated, done.seen) == (Status.COMPLETED, kept, kept)
    assert zoho.calls("/itemdetails") - before == 3
    assert_stock_is_zohos(zoho)


def test_the_first_run_over_an_empty_house_reads_ahead_as_well(zoho):
    run = read_stock(Mode.INCREMENTAL)

    assert (run.status, run.created) == (Status.COMPLETED, len(tracked(zoho)))
    assert Product.objects.count() == run.created
    assert StockLevel.objects.count() == 3 * run.created
    assert_stock_is_zohos(zoho)
