"""Stock as it happens: a webhook of an adjustment through a real cluster, and the command as a process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from decimal import Decimal

import pytest

from catalog.models import StockLevel
from tests.end_to_end.conftest import Machine
from tests.live.processes import MANAGE, LiveProcess, run_manage
from tests.live.sandbox import LiveSandbox
from tests.live.waiting import wait_for
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.models import InboxEvent, SyncRun

FAR_LIMITS = {"ZOHO_REQUESTS_PER_MINUTE": "60000", "ZOHO_REQUESTS_PER_DAY": "1000000"}


@pytest.fixture
def workers_with_a_connection(machine: Machine, zoho: LiveSandbox, clean: None) -> Iterator[Workers]:
    yield machine.start_workers(**{**zoho.settings, **FAR_LIMITS})
    machine.stop_workers()


def on_hand(item: dict, place: dict) -> Decimal:
    level = StockLevel.objects.get(product__zoho_id=item["item_id"], warehouse__zoho_id=place["location_id"])
    return level.accounting_on_hand


def test_an_adjustment_brings_the_stock_of_its_items(
    web: Web, zoho: LiveSandbox, workers_with_a_connection: Workers
) -> None:
    made = zoho.control("create", module="inventoryadjustment", webhook=False)[0]

    web.deliver("stock", {"inventory_adjustment": made})
    workers_with_a_connection.settle()

    for line in made["line_items"]:
        item = zoho.control("get", module="item", zoho_id=line["item_id"])
        assert [on_hand(item, place) for place in item["locations"]] == [
            place["location_stock_on_hand"] for place in item["locations"]
        ]
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"applied"}


@pytest.mark.lesson("L24")
def test_sync_stock_that_is_told_to_end_leaves_a_run_that_goes_on(machine: Machine, clean: None) -> None:
    environment = machine.environment()
    zoho = LiveSandbox("--items", "400", "--contacts", "2", environment=environment, folder=machine.folder)
    environment |= {**zoho.settings, **FAR_LIMITS, "ZOHO_MAX_CONCURRENT": "1"}
    try:
        done = run_manage("sync_stock", "--mode", "incremental", environment=environment)
        assert (done.returncode, done.stderr) == (0, "")
        zoho.control("fault", name="slow", path="/itemdetails", seconds=0.7)

        command = [*MANAGE, "sync_stock", "--mode", "full", "--batch-size", "10"]
        with LiveProcess("sync_stock", command, environment=environment, folder=machine.folder) as process:
            wait_for(
                lambda: SyncRun.objects.filter(mode="full", seen__gt=0).exists(),
                seconds=30,
                what="the first items are applied",
                otherwise=process.describe,
            )
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(seconds=20) == 1
            run = SyncRun.objects.get(mode="full")
            assert f"stock: stopped; go on with: manage.py sync_stock --resume {run.pk}" in process.log
        assert (run.status, 0 < run.seen < 300) == ("cancelled", True)

        zoho.control("fault")
        again = run_manage("sync_stock", "--resume", str(run.pk), environment=environment)
    finally:
        zoho.stop()

    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith("stock: completed")
    run.refresh_from_db()
    assert (run.seen, run.unchanged) == (run.expected, run.expected)


@pytest.mark.lesson("L24")
def test_wrong_use_of_sync_stock_as_a_process(machine: Machine, clean: None) -> None:
    done = run_manage("sync_stock", "--mode", "full", "--summary", environment=machine.environment())

    assert (done.returncode, done.stdout) == (2, "")
    assert "no more than one" in done.stderr
    assert not SyncRun.objects.exists()


@pytest.mark.lesson("L24")
def test_the_summary_as_a_process(machine: Machine, clean: None) -> None:
    done = run_manage("sync_stock", "--summary", environment=machine.environment())

    assert (done.returncode, done.stderr) == (0, "")
    for title in ("Stock", "Warehouses", "out of stock"):
        assert title in done.stdout
