"""A pull whose process is killed, or told to stop, in the middle: `--resume` finishes it and asks for little twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import pytest

from catalog.models import Product
from tests.end_to_end.conftest import Machine
from tests.live import sandbox as live_sandbox
from tests.live.processes import MANAGE, LiveProcess, run_manage
from tests.live.sandbox import LiveSandbox
from tests.live.waiting import wait_for
from zoho_sync.models import SyncRun, ZohoRecord

PER_PAGE = 200
AT_ONCE = 5  # ZOHO_MAX_CONCURRENT by default: no more pages can be in flight
QUICK = pytest.param(3_000, id="3,000 items")
SLOW = pytest.param(50_000, id="50,000 items", marks=pytest.mark.slow)


@dataclass
class Warehouse:
    """A sandbox with so many items, and processes that pull from it."""

    zoho: LiveSandbox
    machine: Machine
    items: int

    @property
    def pages(self) -> int:
        return ceil(self.items / PER_PAGE)

    @property
    def environment(self) -> dict[str, str]:
        return self.machine.environment(**self.zoho.settings)

    def start_pull(self) -> LiveProcess:
        return LiveProcess(
            "pull",
            [*MANAGE, "sync_zoho", "product", "--full"],
            environment=self.environment,
            folder=self.machine.folder,
        )

    def list_calls(self) -> int:
        calls = self.zoho.stats()["calls"]
        return int(calls["/inventory/v1/items"])


@pytest.fixture
def warehouse(
    clean: None, machine: Machine, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    monkeypatch.setattr(live_sandbox, "START_SECONDS", 240)
    items: int = request.param
    size = ("--items", str(items), "--contacts", "0", "--invoices", "0")
    sandbox = LiveSandbox(*size, environment=machine.environment(), folder=machine.folder)
    # Slow enough to be caught in the middle.
    sandbox.control("fault", name="slow", path="/items", seconds=0.2 if items < 10_000 else 0.05)
    try:
        yield Warehouse(sandbox, machine, items)
    finally:
        sandbox.stop()


def in_the_middle(pull: LiveProcess, *, pages: int) -> SyncRun:
    """The run, once it has applied so many pages."""

    def look() -> SyncRun | None:
        assert pull.is_running, pull.describe()
        return SyncRun.objects.filter(pages__gte=pages).first()

    found = wait_for(look, seconds=120, what=f"{pages} pages are applied", otherwise=pull.describe)
    assert found is not None
    return found


@pytest.mark.parametrize("warehouse", [QUICK, SLOW], indirect=True)
def test_a_pull_that_is_killed_goes_on_and_asks_again_for_what_was_in_flight_at_the_most(warehouse: Warehouse) -> None:
    with warehouse.start_pull() as pull:
        in_the_middle(pull, pages=warehouse.pages // 3)
        os.killpg(pull.pid, signal.SIGKILL)
        pull.wait(seconds=10)
    killed = SyncRun.objects.get()
    assert killed.status == SyncRun.Status.RUNNING
    assert killed.pages < warehouse.pages
    assert Product.objects.count() < warehouse.items

    done = run_manage("sync_zoho", "--resume", str(killed.pk), environment=warehouse.environment, seconds=300)

    assert (done.returncode, done.stderr) == (0, "")
    run = SyncRun.objects.get()
    assert (run.pk, run.status, run.pages) == (killed.pk, SyncRun.Status.COMPLETED, warehouse.pages)
    assert (run.seen, run.created, run.unchanged, run.failed) == (warehouse.items, warehouse.items, 0, 0)
    assert warehouse.list_calls() <= warehouse.pages + AT_ONCE
    assert Product.objects.count() == ZohoRecord.objects.filter(module="item").count() == warehouse.items


@pytest.mark.parametrize("warehouse", [QUICK], indirect=True)
def test_a_pull_that_is_told_to_stop_says_how_to_go_on_and_keeps_others_out_until_then(warehouse: Warehouse) -> None:
    with warehouse.start_pull() as pull:
        begun = in_the_middle(pull, pages=2)
        warehouse.zoho.control("fault", name="slow", path="/items", seconds=5)  # it will not end by itself meanwhile
        second = run_manage("sync_zoho", "product", environment=warehouse.environment)
        os.kill(pull.pid, signal.SIGTERM)
        assert pull.wait(seconds=20) == 1
        assert f"product: stopped; go on with: manage.py sync_zoho --resume {begun.pk}" in pull.log
        assert "Traceback" not in pull.log

    assert second.returncode == 2
    assert f"pull of item is already under way: run {begun.pk}, running" in second.stderr
    stopped = SyncRun.objects.get()
    assert (stopped.status, stopped.error) == (SyncRun.Status.CANCELLED, "stopped by hand")
    assert stopped.seen == stopped.created == stopped.pages * PER_PAGE

    warehouse.zoho.control("fault")
    done = run_manage("sync_zoho", "--resume", str(begun.pk), environment=warehouse.environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"product: completed, {warehouse.items} seen, {warehouse.items} created, 0 updated")
    assert Product.objects.count() == warehouse.items
