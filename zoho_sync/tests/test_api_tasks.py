"""Runs on the cluster for long jobs: worked on in steps, one of a batch after the other, never forgotten."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from catalog.models import Product
from tsh_erp.jobs import long
from tsh_erp.jobs.models import Heartbeat
from zoho_sync import runs, tasks
from zoho_sync.entities import ENTITIES
from zoho_sync.models import DeadLetter, SyncRun, ZohoRecord
from zoho_sync.models.runs import Turn
from zoho_sync.tasks import Order

pytestmark = pytest.mark.django_db
Kind, Mode, Status, Trigger = SyncRun.Kind, SyncRun.Mode, SyncRun.Status, SyncRun.Trigger
PULL_ITEMS = Order(kind=Kind.PULL, module="item", mode=Mode.FULL, options={"batch_size": 10})


def order(kind: Kind = Kind.PULL, module: str = "tax", **how: Any) -> Order:
    return Order(kind=kind, module=module, **{"mode": Mode.FULL, **how})


def start(*orders: Order) -> list[SyncRun]:
    return tasks.start(orders, trigger=Trigger.API)


def ordered() -> list[int]:
    """Which runs the cluster was told to work on, in order."""
    return [one.task["args"][0] for one in OrmQ.objects.filter(key=long.CLUSTER).order_by("id")]


def work() -> list[str]:
    """Do what the cluster would: every order, and those that come of it; the statuses they end with."""
    statuses = []
    while one := OrmQ.objects.filter(key=long.CLUSTER).order_by("id").first():
        one.delete()
        statuses.append(tasks.perform_run(*one.task["args"]))
    return statuses


def mirror(module: str, count: int) -> None:
    for number in range(count):
        payload = {"tax_id": str(number), "tax_name": f"tax {number}", "tax_percentage": 5}
        ZohoRecord.objects.create(
            module=module, zoho_id=str(number), payload=payload, observed_at=timezone.now(), state="present"
        )


# --- working -------------------------------------------------------------------------------------


def test_a_run_is_worked_on_to_its_end(zoho):
    [run] = start(PULL_ITEMS)

    assert work() == ["completed"]

    run.refresh_from_db()
    assert (run.status, run.failed, run.worker != "") == ("completed", 0, True)
    assert run.seen == run.created == Product.objects.count() == len(zoho.control.records("item"))
    assert Heartbeat.objects.exists()


@pytest.mark.parametrize(
    ("kind", "module"),
    [(Kind.STOCK, "item"), (Kind.BACKFILL, "invoice"), (Kind.IMAGES, "item"), (Kind.REMAP, "item")],
)
def test_every_kind_of_run_finds_its_work(zoho, kind, module):
    start(order(kind, module))

    assert work() == ["completed"]
    assert SyncRun.objects.get().kind == kind


def test_a_run_that_takes_long_gives_others_a_turn_and_goes_on(zoho, monkeypatch):
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0)
    mirror("tax", 25)
    [remap, other] = [
        start(order(Kind.REMAP, "tax", options={"batch_size": 10}))[0],
        start(order(Kind.REMAP, "user"))[0],
    ]

    assert tasks.perform_run(remap.pk) == "queued"

    remap.refresh_from_db()
    assert (remap.status, remap.seen, remap.finished_at, remap.token) == ("queued", 10, None, None)
    assert ordered() == [remap.pk, other.pk, remap.pk]
    work()
    remap.refresh_from_db()
    assert (remap.status, remap.seen, remap.created) == ("completed", 25, 25)


def test_a_pull_in_steps_does_not_start_again(zoho, monkeypatch):
    [run] = start(PULL_ITEMS)
    with monkeypatch.context() as short:
        short.setattr(tasks, "TURN_SECONDS", 0)
        steps = [tasks.perform_run(run.pk) for _ in range(2)]
    assert (steps, zoho.calls("/items")) == (["queued", "queued"], 1)

    assert work() == ["completed", *[f"run {run.pk} is completed and cannot be taken up"] * 2]

    run.refresh_from_db()
    items = len(zoho.control.records("item"))
    assert (run.seen, run.created, run.unchanged) == (items, items, 0)
    assert Product.objects.count() == items
    assert zoho.calls("/items") == 2  # the second found the list at its end


def test_a_cancelled_run_is_not_worked_on(zoho):
    [run] = start(PULL_ITEMS)
    runs.request_cancel(run.pk)

    assert work() == [f"run {run.pk} is cancelled and cannot be taken up"]
    assert zoho.calls("/items") == 0


def test_a_run_that_is_cancelled_while_its_step_ends_stays_cancelled(zoho):
    mirror("tax", 25)
    [run] = start(order(Kind.REMAP, "tax", options={"batch_size": 10}))
    asked: list[bool] = []
    taken = runs.take(run.pk)
    taken.turn = Turn(0.0, queue_again=lambda run: asked.append(False))

    def cancel(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if '"cancel_requested_at" IS NOT NULL' in sql and not asked:  # the report has looked, and seen nothing
            asked.append(runs.request_cancel(run.pk))
        return result

    with connection.execute_wrapper(cancel):
        tasks.PERFORM[Kind.REMAP](taken)

    run.refresh_from_db()
    assert (asked, run.status, run.finished_at is not None) == ([True], "cancelled", True)


def test_a_second_order_for_the_same_run_finds_nothing_to_do(zoho):
    [run] = start(order(module="tax"))
    long.enqueue(tasks.PERFORM_RUN, run.pk)

    assert work() == ["completed", f"run {run.pk} is completed and cannot be taken up"]
    assert tasks.perform_run(12345) == "SyncRun matching query does not exist."


def test_a_run_that_cannot_begin_says_why(zoho, settings):
    [run] = start(order(module="tax"))
    settings.ZOHO_CLIENT_ID = ""

    assert work() == ["failed"]
    run.refresh_from_db()
    assert (run.status, run.token) == ("failed", None)
    assert "ZOHO_CLIENT_ID" in run.error


@pytest.mark.django_db(transaction=True)
def test_a_run_that_breaks_is_failed_and_what_came_with_it_goes_on(zoho):
    first, second = start(order(Kind.REMAP, "nothing"), order(Kind.REMAP, "tax"))

    with pytest.raises(KeyError):
        work()
    assert work() == ["completed"]

    first.refresh_from_db()
    assert (first.status, first.token) == ("failed", None)
    assert "nothing" in first.error
    assert SyncRun.objects.get(pk=second.pk).status == "completed"


def test_told_to_stop_the_process_ends_its_step_and_leaves_the_rest_queued(zoho):
    mirror("tax", 25)
    [run] = start(order(Kind.REMAP, "tax", options={"batch_size": 10}))
    received = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))

    def terminate(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "zoho_sync_zohorecord" in sql and not told:
            told.append(os.kill(os.getpid(), signal.SIGTERM))
        return execute(sql, params, many, context)

    told: list[None] = []
    OrmQ.objects.all().delete()
    try:
        with connection.execute_wrapper(terminate):
            assert tasks.perform_run(run.pk) == "queued"
    finally:
        signal.signal(signal.SIGTERM, before)

    run.refresh_from_db()
    assert (run.status, run.seen) == ("queued", 10)
    assert ordered() == [run.pk]
    assert received == [signal.SIGTERM]  # the process is told again, once nothing is left to lose
    assert work() == ["completed"]


# --- together ------------------------------------------------------------------------------------


def test_everything_is_brought_in_one_after_the_other(zoho):
    started = start(*tasks.orders_for_everything(Mode.FULL, options={"batch_size": 200}))

    assert ordered() == [started[0].pk]
    assert work() == ["completed"] * (len(ENTITIES) + 1)
    began = list(SyncRun.objects.order_by("finished_at").values_list("module", flat=True))
    assert began == [*(entity.module for entity in ENTITIES), "item"]
    assert DeadLetter.objects.count() == 0


def test_with_images_they_are_brought_after_all_else(zoho):
    start(Order(kind=Kind.PULL, module="item", mode=Mode.FULL, options={"images": True}))

    assert work() == ["completed", "completed"]
    assert list(SyncRun.objects.order_by("pk").values_list("kind", "status")) == [
        ("pull", "completed"),
        ("images", "completed"),
    ]


def test_a_run_of_a_batch_that_fails_does_not_keep_the_others(zoho):
    zoho.control.fault("missing_list_key", path="/taxes")
    started = start(order(module="tax"), order(module="currency"))

    assert work() == ["failed", "completed"]

    zoho.control.fault()
    assert [run.pk for run in tasks.resume_batch(started[0].batch)] == [started[0].pk]
    assert work() == ["completed"]


# --- what gets lost ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_run_is_not_stored_when_the_order_to_work_on_it_cannot_be(zoho):
    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and "django_q_ormq" in sql:
            raise OperationalError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        start(PULL_ITEMS)

    assert not SyncRun.objects.exists()
    assert start(PULL_ITEMS)


def test_a_run_that_nobody_comes_for_is_called_again(zoho):
    first, _second = start(order(module="tax"), order(module="currency"))
    OrmQ.objects.all().delete()  # its cluster was killed

    tasks.sweep()
    assert ordered() == []
    now = timezone.now() + tasks.FORGOTTEN_AFTER
    assert tasks.call_for_forgotten_runs(at=now) == 1
    assert tasks.call_for_forgotten_runs(at=now) == 0
    assert ordered() == [first.pk]
    assert work() == ["completed", "completed"]


def test_nobody_is_called_again_while_the_cluster_is_busy(zoho):
    start(order(module="tax"))

    assert tasks.call_for_forgotten_runs(at=timezone.now() + tasks.FORGOTTEN_AFTER) == 0


def test_the_sweep_fails_a_run_whose_worker_died_so_that_it_can_be_resumed(zoho):
    [run] = start(order(module="tax"))
    SyncRun.objects.filter(pk=run.pk).update(
        status=Status.RUNNING, worker="elsewhere:1", beat_at=timezone.now() - timedelta(hours=1)
    )

    tasks.sweep()

    run.refresh_from_db()
    assert run.status == "failed"
    tasks.resume(run.pk)
    assert work()[0] == "completed"


# --- by the clock --------------------------------------------------------------------------------


def test_the_scheduled_full_pull_brings_everything_and_the_stock(zoho):
    told = tasks.pull_if_configured("full")

    assert list(told) == [*(f"pull {entity.module}" for entity in ENTITIES), "stock item"]
    assert set(SyncRun.objects.values_list("trigger", "mode")) == {("schedule", "full")}
    assert len(set(SyncRun.objects.values_list("batch", flat=True))) == 1


def test_the_scheduled_pull_passes_over_what_is_under_way(zoho):
    [busy] = start(order(module="tax"))

    told = tasks.pull_if_configured("incremental")

    assert told.pop("pull tax") == "under way already"
    assert {text.split()[0] for text in told.values()} == {"run"}
    assert SyncRun.objects.filter(module="tax").get() == busy
    assert not SyncRun.objects.filter(kind=Kind.STOCK).exists()
    assert set(tasks.pull_if_configured("incremental").values()) == {"under way already"}


def test_a_full_pull_takes_the_place_of_an_hourly_one_that_has_not_begun(zoho):
    tasks.pull_if_configured("incremental")
    first = SyncRun.objects.get(kind=Kind.PULL, module="item")

    tasks.pull_if_configured("full")

    first.refresh_from_db()
    assert (first.mode, first.status) == (Mode.FULL, Status.QUEUED)
    assert not SyncRun.objects.filter(kind=Kind.PULL, mode=Mode.INCREMENTAL).exists()


def test_a_full_pull_follows_one_that_is_under_way(zoho):
    under_way = runs.take(start(order(module="item", mode=Mode.INCREMENTAL))[0].pk)
    OrmQ.objects.all().delete()

    tasks.pull_if_configured("full")
    tasks.start_full_runs_that_follow(at=timezone.now())
    assert SyncRun.objects.filter(kind=Kind.PULL, module="item").count() == 1, "it is still at work"
    runs.finish(under_way, Status.COMPLETED)
    opened = tasks.start_full_runs_that_follow(at=timezone.now())

    following = SyncRun.objects.get(kind=Kind.PULL, module="item", status=Status.QUEUED)
    assert (opened, following.mode) == (1, Mode.FULL)
    assert tasks.start_full_runs_that_follow(at=timezone.now()) == 0


def test_a_batch_whose_head_was_cancelled_goes_on_with_the_next(zoho):
    head, second = start(order(module="tax"), order(module="currency"))
    runs.request_cancel(head.pk)

    work()

    assert SyncRun.objects.get(pk=second.pk).status == Status.COMPLETED


def test_the_scheduled_pull_says_what_is_not_configured(settings):
    settings.ZOHO_CLIENT_ID = ""

    assert "ZOHO_CLIENT_ID" in tasks.pull_if_configured("full")["skipped"]
    assert not SyncRun.objects.exists()
