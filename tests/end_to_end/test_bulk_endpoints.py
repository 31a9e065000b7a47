"""The bulk endpoints with a real web server, a real cluster for long jobs and a real sandbox."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import PriceList, Product
from commerce.models import Customer, Invoice, Vendor
from tests.end_to_end.conftest import Machine
from tests.live.processes import MANAGE, LiveProcess
from tests.live.sandbox import LiveSandbox
from tests.live.waiting import wait_for
from tests.live.web import Web
from zoho_sync import tasks
from zoho_sync.entities import ENTITIES
from zoho_sync.models import SyncRun

SECONDS = 60
Call = Callable[..., Any]


class LongWorkers:
    """`manage.py qcluster` for long jobs."""

    def __init__(self, machine: Machine, zoho: LiveSandbox) -> None:
        self._machine, self._zoho = machine, zoho
        self.start()

    def start(self) -> None:
        environment = self._machine.environment(**self._zoho.settings, Q_CLUSTER_NAME="long")
        self.process = LiveProcess("long", [*MANAGE, "qcluster"], environment=environment, folder=self._machine.folder)


@pytest.fixture(scope="module")
def long_workers(machine: Machine, zoho: LiveSandbox) -> Iterator[LongWorkers]:
    workers = LongWorkers(machine, zoho)
    yield workers
    workers.process.stop(seconds=0)


@pytest.fixture(scope="module")
def office(machine: Machine, zoho: LiveSandbox) -> Iterator[Web]:
    """A web server that is connected with the sandbox."""
    web = Web(environment=machine.environment(**zoho.settings), folder=machine.folder, secrets=machine.secrets)
    yield web
    web.stop()


@pytest.fixture
def call(clean: None, office: Web, zoho: LiveSandbox, long_workers: LongWorkers) -> Iterator[Call]:
    """Call the API as somebody who is signed in to the admin; the decoded answer, which must have `status`."""
    user = User.objects.create(username="operator", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    token = "t" * 32
    signed_in = {
        "Cookie": f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/json",
    }

    def _call(path: str, body: Any = None, *, method: str = "POST", status: int = 202) -> Any:
        content = b"" if body is None else json.dumps(body)
        answer = office.call(f"/api/zoho/bulk-sync/{path}", content, method=method, headers=signed_in)
        assert answer.status_code == status, f"{answer.text}\n{office.process.describe()}"
        return answer.json()

    yield _call
    zoho.control("fault")


@pytest.fixture
def ended(call: Call, long_workers: LongWorkers) -> Callable[[str], Any]:
    """What the API tells of a run or batch once it has ended."""

    def look(address: str) -> Any:
        told = call(address.rpartition("bulk-sync/")[2], method="GET", status=200)
        return None if told["status"] in ("queued", "running") else told

    return lambda address: wait_for(
        lambda: look(address), seconds=SECONDS, what="the run ends", otherwise=long_workers.process.describe, every=0.1
    )


def is_running(run_id: int) -> bool:
    """Whether it has told of itself and goes on."""
    return SyncRun.objects.filter(pk=run_id, status="running").exclude(checkpoint={}).exists()


def items_in_zoho(zoho: LiveSandbox) -> set[str]:
    return {item["item_id"] for item in zoho.control("list", module="item")}


@pytest.mark.lesson("L33")
def test_a_sync_is_answered_at_once_and_watched_to_its_end(call: Call, ended: Any, zoho: LiveSandbox) -> None:
    started = call("products", {"incremental": False, "batch_size": 10})
    assert started["message"] == "The sync was started."

    run = ended(started["status_url"])

    count = len(items_in_zoho(zoho))
    assert (run["status"], run["error"], run["errors"]) == ("completed", "", [])
    assert (run["counts"]["seen"], run["counts"]["created"], run["progress"]["share"]) == (count, count, 1.0)
    assert set(Product.objects.values_list("zoho_id", flat=True)) == items_in_zoho(zoho)
    listed = call("status?status=completed&module=item", method="GET", status=200)
    assert [one["id"] for one in listed["results"]] == [started["run_id"]]


@pytest.mark.lesson("L24")
@pytest.mark.parametrize(("path", "model"), [("customers", Customer), ("pricelists", PriceList), ("products", Product)])
def test_whoever_waits_is_told_what_came_of_it(call: Call, path: str, model: Any) -> None:
    told = call(f"{path}?wait=true", status=200)

    stats = told["stats"]
    assert (told["success"], told["message"], told["error"]) == (True, "The sync is complete.", None)
    assert stats["total_processed"] == stats["successful"] > 0
    assert (stats["failed"], stats["skipped"]) == (0, 0)
    assert 0 < told["duration_seconds"] < SECONDS
    stored = model.objects.count() + (Vendor.objects.count() if model is Customer else 0)
    assert stored == stats["successful"]


def test_waiting_for_a_run_that_fails_tells_why(call: Call, zoho: LiveSandbox) -> None:
    zoho.control("fault", name="missing_list_key", path="/pricebooks")

    told = call("pricelists?wait=true", status=200)

    assert (told["success"], told["status"], told["message"]) == (False, "failed", "The sync failed.")
    assert "pricebooks" in told["error"]


def test_everything_is_brought_in(call: Call, ended: Any, zoho: LiveSandbox) -> None:
    started = call("sync-all", {"incremental": False})

    batch = ended(started["status_url"])

    assert [run["status"] for run in batch["runs"]] == ["completed"] * (len(ENTITIES) + 1)
    assert (batch["status"], batch["share"], batch["runs_done"]) == ("completed", 1.0, len(ENTITIES) + 1)
    assert Invoice.objects.count() == len(zoho.control("list", module="invoice"))


def test_a_run_is_cancelled_and_resumed(call: Call, ended: Any, zoho: LiveSandbox) -> None:
    zoho.control("fault", name="slow", seconds=2, path="/items")
    started = call("products", {"incremental": False})
    wait_for(lambda: is_running(started["run_id"]), seconds=SECONDS, what="the run begins")
    assert call("products", status=409)["errors"][0]["detail"] == str(started["run_id"])

    path = f"status/{started['run_id']}"
    call(f"{path}/cancel")
    cancelled = ended(started["status_url"])
    assert (cancelled["status"], cancelled["resumable"]) == ("cancelled", True)

    zoho.control("fault")
    call(f"{path}/resume")
    assert ended(started["status_url"])["status"] == "completed"
    assert set(Product.objects.values_list("zoho_id", flat=True)) == items_in_zoho(zoho)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["told to stop", "killed"])
def test_a_cluster_that_ends_leaves_a_run_that_goes_on(
    call: Call, ended: Any, zoho: LiveSandbox, long_workers: LongWorkers, number: signal.Signals
) -> None:
    zoho.control("fault", name="slow", seconds=1, path="/items")
    started = call("products", {"incremental": False})
    wait_for(lambda: is_running(started["run_id"]), seconds=SECONDS, what="the run begins")

    os.killpg(long_workers.process.pid, number)
    wait_for(
        lambda: tasks.runs.give_up_dead(SyncRun.objects.all()) or not SyncRun.objects.running().exists(),
        seconds=SECONDS,
        what="the run is left",
        otherwise=long_workers.process.describe,
    )
    long_workers.process.stop(seconds=0)
    zoho.control("fault")
    long_workers.start()

    left = call(f"status/{started['run_id']}", method="GET", status=200)
    assert left["status"] == ("queued" if number == signal.SIGTERM else "failed")
    if number == signal.SIGKILL:
        call(f"status/{started['run_id']}/resume")
    assert ended(started["status_url"])["status"] == "completed"
    assert set(Product.objects.values_list("zoho_id", flat=True)) == items_in_zoho(zoho)
