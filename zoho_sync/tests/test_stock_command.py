"""`sync_stock`: its six ways, what it refuses, and what it says."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Product, StockLevel, Warehouse
from tests.live.processes import free_port
from zoho_sync import client, runs, tasks
from zoho_sync.models import SyncRun
from zoho_sync.tests.test_stock import assert_stock_is_zohos, level, move, read_stock, started, tracked

pytestmark = [pytest.mark.django_db, pytest.mark.lesson("L24")]
Status = SyncRun.Status


@pytest.fixture(autouse=True)
def _no_waiting(settings, monkeypatch):
    settings.ZOHO_REQUESTS_PER_MINUTE, settings.ZOHO_REQUESTS_PER_DAY = 60_000, 1_000_000
    monkeypatch.setattr(client, "LONG_PATIENCE", 0.0)


@pytest.fixture
def told(zoho, capsys):
    """Run `sync_stock` after everything was read once; its exit code, stdout and stderr."""
    read_stock()
    return runner(capsys)


def runner(capsys):
    def run(*arguments: str) -> tuple[int, str, str]:
        code = 0
        try:
            call_command("sync_stock", *arguments)
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def last_run() -> SyncRun:
    return SyncRun.objects.latest("pk")


# --- the ways ---------------------------------------------------------------------------------------------


def test_full(zoho, capsys):
    code, out, err = runner(capsys)("--mode", "full")

    kept = len(tracked(zoho))
    assert (code, err) == (0, "")
    assert out.startswith(
        f"stock: completed, 60 seen, {kept} created, 0 updated, 0 unchanged, 0 stale, {60 - kept} skipped"
    )
    assert (last_run().kind, last_run().mode, last_run().trigger) == ("stock", "full", "command")
    assert_stock_is_zohos(zoho)


def test_incremental(zoho, told):
    moved = tracked(zoho)[0]["item_id"]
    move(zoho, moved, "5")

    code, out, err = told("--mode", "incremental", "--batch-size", "10")

    assert (code, err) == (0, "")
    assert ", 1 updated, " in out
    assert " 2 calls, " in out
    assert last_run().options["batch_size"] == 10
    assert_stock_is_zohos(zoho)


@pytest.mark.parametrize(("flag", "expected"), [("--active-only", True), ("--no-active-only", False)])
def test_inactive_items_can_be_left_out_or_not(zoho, told, flag, expected):
    told("--mode", "full", flag, "--with-stock-only")

    assert (last_run().options["active_only"], last_run().options["with_stock_only"]) == (expected, True)


def test_items_by_zoho_id_and_by_sku(zoho, told):
    named = next(row for row in tracked(zoho) if row["sku"])
    other = next(row for row in tracked(zoho) if row is not named)
    for row in (named, other):
        move(zoho, row["item_id"], "2")

    code, out, _ = told("--items", f"{named['sku']}, {other['item_id']}")

    assert (code, last_run().mode, last_run().seen, last_run().updated) == (0, "chosen", 2, 2)
    assert out.startswith("stock: completed, 2 seen")


def test_all_items_of_a_shared_sku_are_read(zoho, told):
    one, other = tracked(zoho)[:2]
    Product.objects.filter(zoho_id__in=[one["item_id"], other["item_id"]]).update(sku="both")

    told("--items", "both")

    assert last_run().seen == 2


def test_low_stock_is_read_before_it_is_listed(zoho, told):
    low = set(Product.objects.low(Decimal(1)).values_list("zoho_id", flat=True))
    filled, left = sorted(low)[:2]
    move(zoho, filled, "500")

    code, out, err = told("--low-stock", "--threshold", "1")

    assert (code, err, last_run().seen) == (0, "", len(low))
    assert "Low stock: 1 or less" in out
    assert left in out
    assert filled not in out


def test_a_warehouse_by_its_id_or_name(zoho, told):
    warehouse = Warehouse.objects.order_by("pk").first()
    item_id = tracked(zoho)[0]["item_id"]
    move(zoho, item_id, "7")

    code, out, _ = told("--warehouse", warehouse.zoho_id)
    again = told("--warehouse", warehouse.name.upper())

    assert (code, again[0]) == (0, 0)
    assert last_run().seen == StockLevel.objects.filter(warehouse=warehouse).count()
    assert warehouse.zoho_id in out
    assert len(out.splitlines()) < 12
    assert_stock_is_zohos(zoho)


def test_the_summary_asks_zoho_for_nothing(zoho, told):
    before = zoho.calls()

    code, out, err = told("--summary", "--json", "--threshold", "2.5")

    summary = json.loads(out)
    kept = tracked(zoho)
    assert (code, err, zoho.calls()) == (0, "", before)
    assert {
        name: summary[name] for name in ("products", "tracked", "unknown", "threshold", "stale", "stale_share")
    } == {
        "products": len(kept),
        "tracked": len(kept),
        "unknown": 0,
        "threshold": "2.5",
        "stale": 0,
        "stale_share": 0.0,
    }
    on_hand = [row["stock_on_hand"] for row in kept]
    assert summary["in_stock"] == sum(one > 0 for one in on_hand)
    assert summary["out_of_stock"] == sum(one == 0 for one in on_hand)
    assert summary["negative"] == sum(one < 0 for one in on_hand)
    assert summary["low"] == sum(one["stock_on_hand"] <= 2.5 for one in kept if one["status"] == "active")
    assert {one["zoho_id"]: Decimal(one["accounting_on_hand"]) for one in summary["warehouses"]} == {
        place: sum(
            row["location_stock_on_hand"] for one in kept for row in one["locations"] if row["location_id"] == place
        )
        for place in {row["location_id"] for row in kept[0]["locations"]}
    }
    assert summary["changed_at"] <= summary["completed_at"]


def test_the_summary_for_people_and_of_nothing(capsys):
    code, out, _ = runner(capsys)("--summary")

    assert code == 0
    assert "Stock" in out
    assert "share not read for long" in out


def test_a_run_that_stopped_is_taken_up(zoho, told):
    run = started()
    stock_stops(run)

    code, out, _ = told("--resume", str(run.pk))

    assert (code, out.startswith("stock: completed")) == (0, True)
    run.refresh_from_db()
    assert run.status == Status.COMPLETED


def stock_stops(run: SyncRun) -> None:
    runs.finish(run, Status.FAILED)


def test_the_schedule_looks_at_what_moved(zoho):
    started_by_schedule = tasks.sync_stock_if_configured()

    run = last_run()
    assert started_by_schedule == f"run {run.pk}"
    assert (run.kind, run.module, run.mode, run.trigger) == ("stock", "item", "incremental", "schedule")
    assert tasks.sync_stock_if_configured() == "under way already"
    assert tasks.perform_run(run.pk) == Status.COMPLETED
    assert_stock_is_zohos(zoho)


def test_the_schedule_does_nothing_without_a_client(settings):
    settings.ZOHO_CLIENT_ID = ""

    assert "ZOHO_CLIENT_ID" in tasks.sync_stock_if_configured()
    assert not SyncRun.objects.exists()


# --- what goes wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of --mode, --items, --low-stock, --warehouse, --summary, --resume is needed"),
        (["--mode", "full", "--summary"], "no more than one"),
        (["--mode", "some"], "'some' is neither full nor incremental"),
        (["--mode", "full", "--batch-size", "0"], "--batch-size: must be between 10 and 200"),
        (["--mode", "full", "--batch-size", "201"], "--batch-size: must be between 10 and 200"),
        (["--mode", "full", "--threshold", "3"], "--threshold: not together with --mode"),
        (["--items", "1", "--active-only"], "--active-only: not together with --items"),
        (["--items", "1", "--no-active-only"], "--active-only: not together with --items"),
        (["--summary", "--with-stock-only"], "--with-stock-only: not together with --summary"),
        (["--low-stock", "--json"], "--json: not together with --low-stock"),
        (["--low-stock", "--threshold", "few"], "--threshold: 'few' is not a number"),
        (["--summary", "--threshold", "inf"], "--threshold: 'inf' is not a number"),
        (["--items", " , "], "--items: names no item"),
        (["--resume", "77"], "--resume: there is no stock run 77"),
    ],
)
def test_wrong_use_is_refused_and_nothing_written(zoho, arguments, message):
    with pytest.raises(CommandError, match=message.replace("[", r"\[")) as refused:
        call_command("sync_stock", *arguments)

    assert refused.value.returncode == 2
    assert (SyncRun.objects.count(), zoho.calls()) == (0, 0)


def test_unknown_items_are_all_named(zoho, told):
    known = tracked(zoho)[0]["item_id"]
    before = zoho.calls(), SyncRun.objects.count()

    with pytest.raises(CommandError, match="--items: unknown: rocket, 77; neither the Zoho id nor the SKU") as refused:
        told("--items", f"rocket,{known},77")

    assert refused.value.returncode == 2
    assert (zoho.calls(), SyncRun.objects.count()) == before


def test_an_unknown_warehouse_is_named_beside_the_known_ones(zoho, told):
    names = [f"{one.name} ({one.zoho_id})" for one in Warehouse.objects.order_by("name", "pk")]

    with pytest.raises(CommandError) as refused:
        told("--warehouse", "Moon")

    assert refused.value.returncode == 2
    assert str(refused.value) == f"--warehouse: 'Moon' is not one of our warehouses; there are {', '.join(names)}"


def test_a_name_that_two_warehouses_have_is_not_guessed(zoho, told):
    Warehouse.objects.update(name="Main")

    with pytest.raises(CommandError, match="'main' means several") as refused:
        told("--warehouse", "main")

    assert refused.value.returncode == 2


@pytest.mark.lesson("L33")
def test_a_second_run_is_refused(zoho, told):
    run = started()

    with pytest.raises(CommandError, match=f"stock of item is already under way: run {run.pk}, running") as refused:
        told("--mode", "full")

    assert refused.value.returncode == 2


def test_a_finished_run_is_not_taken_up(zoho, told):
    with pytest.raises(CommandError, match="is completed and cannot be taken up") as refused:
        told("--resume", str(last_run().pk))

    assert refused.value.returncode == 2


def test_without_a_client_it_says_what_is_missing(settings):
    settings.ZOHO_REFRESH_TOKEN = ""

    with pytest.raises(CommandError, match="ZOHO_REFRESH_TOKEN") as refused:
        call_command("sync_stock", "--mode", "full")

    assert (refused.value.returncode, SyncRun.objects.count()) == (2, 0)


def test_what_was_not_applied_is_told_and_is_no_success(zoho, told):
    item_id = tracked(zoho)[0]["item_id"]
    zoho.control.world.get("item", item_id)["locations"][0]["location_stock_on_hand"] = "a lot"

    code, out, err = told("--items", item_id)

    assert (code, out.startswith("stock: partial")) == (1, True)
    assert "'a lot' is not a number" in err


def test_a_limit_ends_it_and_says_how_to_go_on(zoho, told):
    zoho.control.fault("minute_limit", path="/itemdetails", times=9)

    code, out, err = told("--mode", "full")

    assert (code, out.startswith("stock: failed")) == (1, True)
    assert f"go on with: manage.py sync_stock --resume {last_run().pk}" in err


def test_a_login_that_zoho_refuses_is_wrong_use(zoho, told, settings):
    settings.ZOHO_CLIENT_SECRET = "of another age"
    zoho.control.expire_tokens()

    with pytest.raises(CommandError, match="stock: ") as refused:
        told("--mode", "full")

    assert refused.value.returncode == 2
    assert last_run().status == Status.FAILED


def test_a_host_that_nobody_answers_at_is_told_before_anything_begins(settings, zoho, told):
    settings.ZOHO_API_URL = f"http://127.0.0.1:{free_port()}"
    before = SyncRun.objects.count()

    with pytest.raises(CommandError, match="Zoho cannot be reached at http://127") as refused:
        told("--mode", "full")

    assert (refused.value.returncode, SyncRun.objects.count()) == (2, before)


def test_levels_are_read_by_name(zoho, told):
    row = tracked(zoho)[0]

    told("--items", row["item_id"])

    place = row["locations"][0]
    assert level(row["item_id"], place["location_id"]).accounting_on_hand == place["location_stock_on_hand"]


def test_a_persons_word_has_a_run_go_on_that_found_too_much_gone(zoho, told):
    for row in tracked(zoho)[:6]:
        zoho.control.delete("item", row["item_id"], webhook=False)

    stopped, _, err = told("--mode", "full")
    code, out, _ = told("--resume", str(last_run().pk), "--confirm-sweep")

    assert (stopped, f"sync_stock --resume {last_run().pk} --confirm-sweep" in err) == (1, True)
    assert (code, last_run().retired, "6 retired" in out) == (0, 6, True)
    with pytest.raises(CommandError, match="waits for a word"):
        told("--resume", str(last_run().pk), "--confirm-sweep")
