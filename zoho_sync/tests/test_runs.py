"""Runs: one at a time of a scope, owned by a token, given up when its worker is dead, ended as its work ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from catalog.models import Freshness
from zoho_sync import runs
from zoho_sync.errors import PermanentError
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import Turn

pytestmark = pytest.mark.django_db
Kind, Mode, Status, Trigger = SyncRun.Kind, SyncRun.Mode, SyncRun.Status, SyncRun.Trigger
HERE = socket.gethostname()


def opened(module="item", kind=Kind.PULL, mode=Mode.FULL, **options) -> SyncRun:
    return runs.open_run(kind, module, mode=mode, trigger=Trigger.COMMAND, **options)


def taken(**options) -> SyncRun:
    return runs.take(opened(**options).pk)


@pytest.fixture
def dead_pid():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


# --- one at a time ------------------------------------------------------------------------------------


def test_a_second_run_of_the_same_scope_is_refused_by_name():
    first = opened()

    with pytest.raises(
        runs.AlreadyRunning, match=f"pull of item is already under way: run {first.pk}, queued"
    ) as caught:
        opened()

    assert caught.value.run == first
    assert opened(module="contact").pk != opened(kind=Kind.STOCK).pk


def test_of_several_modules_one_that_is_open_refuses_them_all():
    other = taken(module="contact")

    with pytest.raises(runs.AlreadyRunning, match=f"run {other.pk}, running"):
        runs.refuse_open(Kind.PULL, ["item", "contact"])

    runs.refuse_open(Kind.PULL, ["item"])
    runs.refuse_open(Kind.STOCK, ["contact"])


def test_only_one_process_takes_a_run():
    run = opened()
    runs.take(run.pk)

    with pytest.raises(runs.NotResumable, match=f"run {run.pk} is running"):
        runs.take(run.pk, resume=True)


def test_a_finished_run_is_not_taken_up_and_a_failed_one_only_to_be_resumed():
    run = taken()
    runs.finish(run, Status.COMPLETED)
    with pytest.raises(runs.NotResumable, match="is completed"):
        runs.take(run.pk, resume=True)

    SyncRun.objects.update(status=Status.FAILED)
    with pytest.raises(runs.NotResumable, match="is failed"):
        runs.take(run.pk)
    assert runs.take(run.pk, resume=True).status == Status.RUNNING


def test_a_failed_run_waits_until_a_newer_one_of_its_scope_is_done():
    old = taken()
    runs.finish(old, Status.FAILED)
    new = opened()

    with pytest.raises(runs.AlreadyRunning, match=f"run {new.pk}"):
        runs.take(old.pk, resume=True)


# --- signs of life --------------------------------------------------------------------------------------


def test_a_run_whose_process_is_dead_is_failed_and_can_be_resumed(dead_pid):
    run = taken()
    SyncRun.objects.update(worker=f"{HERE}:{dead_pid}")

    again = runs.take(run.pk, resume=True)

    assert (again.pk, again.status, again.error) == (run.pk, Status.RUNNING, "")
    assert again.worker == f"{HERE}:{os.getpid()}"


@pytest.mark.parametrize(
    ("worker", "silent", "is_dead"),
    [
        (f"{HERE}:{os.getpid()}", timedelta(minutes=20), False),  # it is there, and waits for something
        (f"{HERE}:{os.getpid()}", timedelta(minutes=31), True),
        ("elsewhere:1", timedelta(minutes=4), False),
        ("elsewhere:1", timedelta(minutes=6), True),
    ],
    ids=["here, silent", "here, too long", "elsewhere, silent", "elsewhere, too long"],
)
def test_silence_is_death_sooner_where_the_process_cannot_be_seen(worker, silent, is_dead):
    taken()
    SyncRun.objects.update(worker=worker, beat_at=timezone.now() - silent)

    assert runs.give_up_dead(SyncRun.objects.all()) == is_dead

    assert SyncRun.objects.get().status == (Status.FAILED if is_dead else Status.RUNNING)


def test_a_beat_is_a_sign_of_life_and_stores_nothing_else():
    run = taken()
    SyncRun.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    run.seen = 5

    runs.beat(run)

    stored = SyncRun.objects.get()
    assert timezone.now() - stored.beat_at < timedelta(minutes=1)
    assert stored.seen == 0


@pytest.mark.parametrize("tell", [runs.report, runs.beat])
def test_whoever_lost_the_run_writes_nothing_more(tell):
    run = taken()
    SyncRun.objects.update(token=uuid.uuid4())
    run.seen = 5

    with pytest.raises(runs.RunTaken):
        tell(run)
    with pytest.raises(runs.RunTaken):
        runs.finish(run, Status.COMPLETED)

    assert SyncRun.objects.get().seen == 0


@pytest.mark.parametrize("tell", [runs.report, runs.beat])
def test_a_wish_to_stop_is_heard_between_two_steps(tell):
    run = taken()
    assert runs.request_cancel(run.pk)

    with pytest.raises(runs.Cancelled):
        tell(run)


def test_a_run_that_has_not_begun_is_cancelled_at_once():
    run = opened()

    assert runs.request_cancel(run.pk)
    assert not runs.request_cancel(run.pk)

    assert SyncRun.objects.get().status == Status.CANCELLED


# --- ends -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failed", "error", "status"),
    [(0, "", Status.COMPLETED), (2, "1: nonsense", Status.PARTIAL), (0, "the sweep stopped", Status.PARTIAL)],
)
def test_work_that_comes_to_its_end_is_complete_unless_something_was_left_undone(failed, error, status):
    run = taken()

    with runs.at_work(run):
        run.failed, run.error = failed, error

    stored = SyncRun.objects.get()
    assert (stored.status, stored.error, stored.token, stored.finished_at is None) == (status, error, None, False)


def test_an_error_of_zohos_ends_the_run_and_goes_no_further():
    run = taken()

    with runs.at_work(run):
        raise PermanentError("no list in it")

    assert (run.status, run.error) == (Status.FAILED, "no list in it")
    assert isinstance(run.failure, PermanentError)


def test_an_error_of_ours_ends_the_run_and_is_raised():
    run = taken()

    with pytest.raises(ZeroDivisionError), runs.at_work(run):
        raise ZeroDivisionError("division by zero")

    assert SyncRun.objects.get().error == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_whoever_stops_the_process_leaves_a_run_that_can_be_resumed(stop):
    run = taken()

    with pytest.raises(stop), runs.at_work(run):
        raise stop

    assert (run.status, run.error) == (Status.CANCELLED, "stopped by hand")
    assert runs.take(run.pk, resume=True).status == Status.RUNNING


def test_the_turn_of_a_run_ends_and_the_run_waits_to_go_on():
    run = taken()
    again = []
    run.turn = Turn(0.0, queue_again=again.append)
    run.seen = 200

    with runs.at_work(run):
        runs.report(run)

    stored = SyncRun.objects.get()
    assert (stored.status, stored.seen, stored.finished_at) == (Status.QUEUED, 200, None)
    assert again == [run]
    assert runs.take(run.pk).status == Status.RUNNING


def test_in_debug_mode_a_long_run_does_not_keep_its_statements(settings):
    run = taken()
    settings.DEBUG = True

    for _ in range(20):
        runs.report(run)
        assert len(connection.queries) <= 2


def test_whoever_counts_statements_outside_debug_mode_is_not_disturbed(django_assert_num_queries):
    run = taken()

    with django_assert_num_queries(4):
        runs.report(run)
        runs.report(run)


# --- what phones are told -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "module", "mode", "status", "confirms"),
    [
        (Kind.STOCK, "item", Mode.INCREMENTAL, Status.COMPLETED, True),
        (Kind.STOCK, "item", Mode.FULL, Status.PARTIAL, True),
        (Kind.PULL, "item", Mode.FULL, Status.COMPLETED, True),
        (Kind.PULL, "item", Mode.INCREMENTAL, Status.COMPLETED, False),
        (Kind.STOCK, "item", Mode.CHOSEN, Status.COMPLETED, False),
        (Kind.STOCK, "item", Mode.FULL, Status.FAILED, False),
        (Kind.STOCK, "item", Mode.FULL, Status.QUEUED, False),
        (Kind.PULL, "contact", Mode.FULL, Status.COMPLETED, False),
    ],
)
def test_a_run_over_all_stock_confirms_it_as_of_its_beginning(kind, module, mode, status, confirms):
    run = taken(kind=kind, module=module, mode=mode)

    runs.finish(run, status)

    confirmed = Freshness.objects.filter(subject="mirror").values_list("updated_at", "version").first()
    assert confirmed == ((run.started_at, 0) if confirms else None)
