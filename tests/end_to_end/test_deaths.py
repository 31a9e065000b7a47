"""Workers that are killed: nothing is lost, nothing is applied twice, and no neighbour pays for it."""

from __future__ import annotations

import pytest

from catalog.models import Product
from tests.end_to_end.conftest import LEASE_SECONDS, Machine
from tests.live.obstacles import stalled_row
from tests.live.processes import PYTHON, LiveProcess
from tests.live.records import item
from tests.live.waiting import wait_for
from tests.live.web import Web
from tests.live.workers import Workers, kill_holder
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem

BATCH = 10


def deliver_items(web: Web, count: int) -> None:
    web.deliver("products", {"items": [item(str(number), rate=number)["item"] for number in range(1, count + 1)]})


def assert_applied_once(zoho_ids: set[str]) -> None:
    applied = SyncLog.objects.filter(outcome="applied")
    assert set(applied.values_list("zoho_id", flat=True)) == zoho_ids
    assert applied.count() == len(zoho_ids)
    assert set(Product.objects.values_list("zoho_id", flat=True)) == zoho_ids


@pytest.mark.lesson("L13")
def test_the_rows_of_a_killed_worker_are_done_by_another_after_the_lease(web: Web, workers: Workers) -> None:
    everything = {str(number) for number in range(1, BATCH + 1)}
    with stalled_row(Product, "5"):
        deliver_items(web, BATCH)
        held = wait_for(
            lambda: list(SyncQueueItem.objects.processing()),
            seconds=10,
            what="a worker is in the middle of its batch",
            otherwise=workers.describe,
        )
        assert {job.zoho_id for job in held} == everything
        kill_holder(held[0])
    workers.settle(seconds=LEASE_SECONDS + 20)

    jobs = SyncQueueItem.objects.all()
    assert {(job.status, job.attempts) for job in jobs} == {("completed", 2)}
    assert held[0].locked_by not in {job.locked_by for job in jobs}
    assert set(InboxEvent.objects.exclude(state="split").values_list("state", flat=True)) == {"applied"}
    assert_applied_once(everything)


@pytest.mark.lesson("L13")
def test_a_record_that_kills_its_worker_is_given_up_alone(web: Web, no_workers: None, machine: Machine) -> None:
    deliver_items(web, BATCH)

    command = [PYTHON, "-m", "tests.live.deadly_worker", "5"]
    environment = machine.environment(TDS_LOCK_TIMEOUT_SECONDS="1")
    with LiveProcess("deadly", command, environment=environment, folder=machine.folder) as workers:
        assert workers.wait(seconds=40) == 0, workers.describe()
        deaths = int(workers.log.splitlines()[-1])

    assert deaths == 4, "once with its neighbours, three times alone"
    letter = DeadLetter.objects.get()
    assert (letter.zoho_id, letter.error_class) == ("5", "WorkerDied")
    assert letter.event == InboxEvent.objects.get(state="dead")
    assert_applied_once({str(number) for number in range(1, BATCH + 1)} - {"5"})
