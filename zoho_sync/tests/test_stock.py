"""Stock runs against a real (make-believe) Zoho: what they read, what they leave, and what they leave out."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.choices import Subject
from catalog.models import Freshness, Product, StockLedgerEntry, StockLevel, Warehouse
from catalog.models.figures import FIGURES
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sandbox.world.goods import add_up_stock
from zoho_sync import client, runs, stock
from zoho_sync.audit import audit
from zoho_sync.mappers import items
from zoho_sync.models import DeadLetter, SyncQueueItem, SyncRun, ZohoConnection, ZohoRecord
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db
Mode, Status = SyncRun.Mode, SyncRun.Status
COUNTED = ("seen", "created", "updated", "unchanged", "stale", "skipped", "retired", "failed")


@pytest.fixture(autouse=True)
def _everything_adds_up(settings, monkeypatch):
    """No waiting: our limits are far, and what Zoho refuses is not asked for again."""
    settings.ZOHO_REQUESTS_PER_MINUTE, settings.ZOHO_REQUESTS_PER_DAY = 60_000, 1_000_000
    monkeypatch.setattr(client, "LONG_PATIENCE", 0.0)
    yield
    assert [check for check in audit() if not check.holds] == []


def started(mode=Mode.FULL, **options) -> SyncRun:
    opened = runs.open_run(
        SyncRun.Kind.STOCK, "item", mode=mode, trigger=SyncRun.Trigger.COMMAND, options={"batch_size": 200} | options
    )
    return runs.take(opened.pk)


def read_stock(mode=Mode.FULL, **options) -> SyncRun:
    return stock.perform(started(mode, **options))


def read_items(*zoho_ids: str) -> SyncRun:
    return read_stock(Mode.CHOSEN, items=list(zoho_ids))


def counts(run: SyncRun) -> dict[str, int]:
    return {name: count for name in COUNTED if (count := getattr(run, name))}


def tracked(zoho) -> list:
    return [row for row in zoho.control.records("item") if row.get("locations")]


def move(zoho, item_id: str, quantity: str, *, place: int = 0) -> str:
    """Stock moves in Zoho, which moves no time; where it lies."""
    record = zoho.control.world.get("item", item_id)
    row = record["locations"][place]
    row["location_stock_on_hand"] += Decimal(quantity)
    add_up_stock(record)
    return row["location_id"]


def level(item_id: str, location_id: str) -> StockLevel:
    return StockLevel.objects.get(product__zoho_id=item_id, warehouse__zoho_id=location_id)


def assert_stock_is_zohos(zoho, prefix: str = "location") -> None:
    """Every figure of every tracked item in every place, and in total."""
    for item in tracked(zoho):
        product = Product.objects.get(zoho_id=item["item_id"])
        assert {name: getattr(product, name) for name in FIGURES} == {
            name: item[key] for name, key in items.FIGURES.items()
        }
        levels = StockLevel.objects.filter(product=product).select_related("warehouse")
        assert {one.warehouse.zoho_id: {name: getattr(one, name) for name in FIGURES} for one in levels} == {
            row["location_id"]: {name: row[f"location_{key}"] for name, key in items.FIGURES.items()}
            for row in item["locations"]
        }


# --- full ---------------------------------------------------------------------------------------------


def test_the_first_run_reads_every_item_that_keeps_stock(zoho):
    run = read_stock()

    kept = len(tracked(zoho))
    assert (run.status, run.error) == (Status.COMPLETED, "")
    assert counts(run) == {"seen": 60, "created": kept, "skipped": 60 - kept}
    assert (zoho.calls("/itemdetails"), zoho.calls("/items"), run.calls) == (1, 1, 2)
    assert_stock_is_zohos(zoho)
    assert Freshness.objects.filter(subject=Subject.STOCK).exists()
    assert Warehouse.objects.count() == 3


def test_a_full_run_needs_no_list_and_a_call_for_a_hundred_items(settings):
    with Sandbox(size=Size.scaled(250)) as zoho:
        point_at(zoho, settings)
        read_stock()
        move(zoho, tracked(zoho)[7]["item_id"], "4")
        lists, before = zoho.calls("/items"), zoho.calls("/itemdetails")

        run = read_stock()

        kept = len(tracked(zoho))
        assert 200 < kept < 250
        assert counts(run) == {"seen": kept, "updated": 1, "unchanged": kept - 1}
        assert (zoho.calls("/items") - lists, zoho.calls("/itemdetails") - before, run.calls) == (0, 3, 3)
        assert (run.expected, run.checkpoint) == (kept, {"after": max(row["item_id"] for row in tracked(zoho))})
        assert_stock_is_zohos(zoho)


def test_every_movement_is_one_ledger_row_and_what_stays_moves_nothing(zoho):
    read_stock()
    item = tracked(zoho)[3]
    place = move(zoho, item["item_id"], "-7.5")
    entries = StockLedgerEntry.objects.count()
    before = level(item["item_id"], place).accounting_on_hand

    read_stock()

    new = StockLedgerEntry.objects.order_by("id")[entries:]
    assert [(one.measure, one.delta, one.balance_after) for one in new] == [
        ("accounting", Decimal("-7.5"), before - Decimal("7.5")),
        ("physical", Decimal("-7.5"), before - Decimal("7.5")),
    ]


def test_an_item_that_is_gone_is_found_by_halving_and_retired(zoho):
    read_stock()
    gone = tracked(zoho)[11]["item_id"]
    zoho.control.delete("item", gone)

    run = read_stock()

    kept = len(tracked(zoho))
    assert counts(run) == {"seen": kept + 1, "unchanged": kept, "retired": 1}
    assert Product.objects.get(zoho_id=gone).retired_at is not None
    assert ZohoRecord.objects.get(module="item", zoho_id=gone).state == "gone"
    assert counts(read_stock()) == {"seen": kept, "unchanged": kept}


def test_legacy_warehouses_are_read_like_locations(zoho):
    zoho.control.switch(legacy_warehouses=True)

    assert read_stock().status == Status.COMPLETED

    zoho.control.switch(legacy_warehouses=False)
    assert_stock_is_zohos(zoho)


@pytest.mark.lesson("L8")
def test_negative_empty_and_absent_figures(zoho):
    minus, empty, absent = (row["item_id"] for row in tracked(zoho)[:3])
    world = zoho.control.world
    world.get("item", minus)["locations"][0] |= {"location_stock_on_hand": Decimal("-20.000000")}
    add_up_stock(world.get("item", minus))
    world.get("item", empty)["locations"][1] |= {"location_stock_on_hand": "", "location_actual_available_stock": ""}
    del world.get("item", absent)["locations"][2]["location_stock_on_hand"]

    read_stock()

    places = [row["location_id"] for row in tracked(zoho)[0]["locations"]]
    assert level(minus, places[0]).accounting_on_hand == -20
    assert Product.objects.get(zoho_id=minus).accounting_on_hand == world.get("item", minus)["stock_on_hand"]
    assert level(empty, places[1]).accounting_on_hand is None
    assert level(empty, places[1]).physical_on_hand is None
    assert level(absent, places[2]).accounting_on_hand is None
    assert level(absent, places[2]).physical_on_hand is not None


def test_accounting_and_physical_stock_go_their_own_ways(zoho):
    read_stock()
    item = zoho.control.world.get("item", tracked(zoho)[0]["item_id"])
    item["locations"][0]["location_actual_available_stock"] += 3  # received, not yet billed
    entries = StockLedgerEntry.objects.count()

    read_stock()

    [entry] = StockLedgerEntry.objects.order_by("id")[entries:]
    assert (entry.measure, entry.delta) == ("physical", 3)


def test_inactive_items_can_be_left_out(zoho):
    read_stock()

    run = read_stock(active_only=True)

    assert counts(run)["seen"] == sum(row["status"] == "active" for row in tracked(zoho))


def test_items_without_stock_can_be_left_out(zoho):
    read_stock()

    full, incremental = read_stock(with_stock_only=True), read_stock(Mode.INCREMENTAL, with_stock_only=True)

    places = "location_stock_on_hand"
    holding = sum(any(place[places] for place in row["locations"]) for row in tracked(zoho))
    assert 0 < holding < len(tracked(zoho))
    assert counts(full) == {"seen": holding, "unchanged": holding}
    assert counts(incremental) == {"seen": 60, "unchanged": holding, "skipped": 60 - holding}


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.INCREMENTAL])
def test_the_queries_of_a_batch_do_not_grow_with_it(settings, mode):
    with Sandbox(size=Size.scaled(600)) as zoho:
        point_at(zoho, settings)
        read_stock()
        # Without those that would run low or come back: that is news, and costs a statement or two.
        steady = [row for row in tracked(zoho) if not row.get("reorder_level") and not is_empty(row)]
        ids = [row["item_id"] for row in steady][:99]

        # The first time may teach drift something about the shape of records.
        _, few, many = (queries_after_moving(zoho, ids[:number], mode) for number in (70, 70, len(ids)))

    assert len(ids) > 75
    assert few == many


def is_empty(row) -> bool:
    return not row.get("stock_on_hand") or Decimal(str(row["stock_on_hand"])) <= 0


def queries_after_moving(zoho, item_ids, mode) -> list[str]:
    for item_id in item_ids:
        move(zoho, item_id, "1")
    run = started(mode) if mode == Mode.INCREMENTAL else started(Mode.CHOSEN, items=item_ids)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        stock.perform(run)
    assert run.updated == len(item_ids)
    return [re.sub(r"s\d+_x\d+", "", " ".join(query["sql"].split()[:3])) for query in captured]


# --- incremental ----------------------------------------------------------------------------------------


@pytest.mark.lesson("L25")
def test_an_incremental_run_reads_only_what_moved(zoho):
    read_stock()
    moved = [row["item_id"] for row in tracked(zoho)[4:11]]
    for item_id in moved:
        move(zoho, item_id, "2")
    before = zoho.calls("/itemdetails")

    run = read_stock(Mode.INCREMENTAL)

    kept = len(tracked(zoho))
    assert counts(run) == {"seen": 60, "updated": 7, "unchanged": kept - 7, "skipped": 60 - kept}
    assert (zoho.calls("/itemdetails") - before, run.calls) == (1, 2)
    assert_stock_is_zohos(zoho)


def test_nothing_moved_is_nothing_read(zoho):
    read_stock()

    run = read_stock(Mode.INCREMENTAL)

    assert (run.updated, run.created, run.calls, zoho.calls("/itemdetails")) == (0, 0, 1, 1)


def test_an_item_that_is_new_is_read(zoho):
    read_stock()
    [made] = [row for row in zoho.control.create("item", 5) if row.get("locations")][:1]

    run = read_stock(Mode.INCREMENTAL)

    assert run.created >= 1
    assert StockLevel.objects.filter(product__zoho_id=made["item_id"]).count() == 3


def test_what_a_list_told_elsewhere_does_not_hide_that_the_places_are_behind(zoho):
    """A pull overlays a row's new totals; the totals then agree with Zoho's, but the warehouses do not with them."""
    read_stock()
    item_id = tracked(zoho)[0]["item_id"]
    place = move(zoho, item_id, "9")
    product = Product.objects.get(zoho_id=item_id)
    overlay_list_row(zoho, item_id)
    assert Product.objects.get(zoho_id=item_id).accounting_on_hand == product.accounting_on_hand + 9

    run = read_stock(Mode.INCREMENTAL)

    assert run.updated == 1
    assert level(item_id, place).accounting_on_hand == next(
        row["location_stock_on_hand"]
        for row in zoho.control.get("item", item_id)["locations"]
        if row["location_id"] == place
    )
    assert read_stock(Mode.INCREMENTAL).calls == 1


def overlay_list_row(zoho, item_id) -> None:
    from zoho_sync.bringing import Bringer
    from zoho_sync.entities import BY_MODULE
    from zoho_sync.mirror import Kind, Observation

    row = {key: value for key, value in zoho.control.get("item", item_id).items() if key != "locations"}
    observation = Observation(zoho_id=item_id, kind=Kind.LIST, payload=row, observed_at=timezone.now())
    Bringer().bring(BY_MODULE["item"], [observation])


def test_a_move_between_warehouses_is_found_within_a_day(zoho):
    """It leaves every total as it was, so that no list shows it."""
    read_stock()
    item_id = tracked(zoho)[0]["item_id"]
    here, there = move(zoho, item_id, "-3", place=0), move(zoho, item_id, "3", place=1)
    before = level(item_id, there).accounting_on_hand

    assert read_stock(Mode.INCREMENTAL).updated == 0
    ZohoRecord.objects.filter(module="item").update(detail_at=timezone.now() - timedelta(hours=25))
    run = read_stock(Mode.INCREMENTAL)

    assert (run.updated, run.calls) == (1, 2)
    assert level(item_id, there).accounting_on_hand == before + 3
    assert level(item_id, here).accounting_on_hand is not None
    assert read_stock(Mode.INCREMENTAL).calls == 1


def test_stock_without_detail_is_read(zoho):
    read_stock()
    item_id = tracked(zoho)[2]["item_id"]
    ZohoRecord.objects.filter(module="item", zoho_id=item_id).update(detail_stale=True)

    run = read_stock(Mode.INCREMENTAL)

    assert (run.unchanged, run.calls) == (len(tracked(zoho)), 2)
    assert not ZohoRecord.objects.get(module="item", zoho_id=item_id).detail_stale


# --- chosen items -----------------------------------------------------------------------------------------


def test_chosen_items_alone_are_read(zoho):
    read_stock()
    one, other, third = (row["item_id"] for row in tracked(zoho)[:3])
    for item_id in (one, other, third):
        move(zoho, item_id, "1")

    run = read_items(other, one)

    assert counts(run) == {"seen": 2, "updated": 2}
    assert (run.calls, run.checkpoint) == (1, {"after": max(one, other)})


# --- trouble ----------------------------------------------------------------------------------------------


def test_a_limit_ends_the_run_which_goes_on_where_it_stopped(settings):
    with Sandbox(size=Size.scaled(350)) as zoho:
        point_at(zoho, settings)
        read_stock()
        for row in tracked(zoho):
            move(zoho, row["item_id"], "1")
        run = started(batch_size=100)
        step = Stopping(zoho, after=1)

        stock.perform(run, track=step)

        assert (run.status, run.updated) == (Status.FAILED, 100)
        assert "limit" in run.error
        zoho.control.fault()
        ZohoConnection.objects.update(blocked_until=None)
        before = zoho.calls("/itemdetails")
        done = stock.perform(runs.take(run.pk, resume=True))

        kept = len(tracked(zoho))
        assert (done.status, done.updated, done.seen) == (Status.COMPLETED, kept, kept)
        assert zoho.calls("/itemdetails") - before == 3
        assert_stock_is_zohos(zoho)


class Stopping:
    """Zoho's limit is reached after so many steps."""

    def __init__(self, zoho, after: int) -> None:
        self.zoho, self.left = zoho, after

    def __call__(self, run: SyncRun) -> None:
        self.left -= 1
        if self.left == 0:
            self.zoho.control.fault("minute_limit", path="/itemdetails", times=9)


def test_an_item_of_nonsense_is_a_dead_letter_and_harms_no_other(zoho):
    item_id = tracked(zoho)[5]["item_id"]
    zoho.control.world.get("item", item_id)["locations"][0]["location_stock_on_hand"] = "a lot"

    run = read_stock()

    assert (run.status, run.failed, run.created) == (Status.PARTIAL, 1, len(tracked(zoho)) - 1)
    letter = DeadLetter.objects.get()
    assert (letter.zoho_id, letter.error_class) == (item_id, "MappingError")
    assert "location_stock_on_hand: 'a lot' is not a number" in letter.message
    assert letter.payload["item_id"] == item_id


def test_an_item_with_a_time_of_nonsense_is_a_dead_letter_with_its_payload(zoho):
    item_id = tracked(zoho)[5]["item_id"]
    zoho.control.patch("item", item_id, {"last_modified_time": "soon"}, touch=False)

    run = read_stock()

    assert (run.status, run.failed) == (Status.PARTIAL, 1)
    letter = DeadLetter.objects.get()
    assert (letter.zoho_id, letter.payload["last_modified_time"]) == (item_id, "soon")


def test_what_zoho_does_not_answer_is_left_to_the_worker(zoho):
    read_stock()
    ids = [row["item_id"] for row in tracked(zoho)[:2]]
    zoho.control.fault("html", path="/itemdetails")

    run = read_items(*ids)

    assert (run.status, run.failed) == (Status.PARTIAL, 2)
    jobs = SyncQueueItem.objects.order_by("zoho_id")
    assert [(job.zoho_id, job.needs_fetch) for job in jobs] == [(zoho_id, True) for zoho_id in sorted(ids)]


def test_an_answer_without_items_fails_the_run(zoho):
    read_stock()
    zoho.control.fault("missing_list_key")

    run = read_stock(Mode.INCREMENTAL)

    assert run.status == Status.FAILED
    assert run.error.startswith("/items: none of items in an answer with")


def test_without_a_client_the_run_fails_and_says_so(settings):
    settings.ZOHO_CLIENT_ID = ""

    run = read_stock()

    assert run.status == Status.FAILED
    assert "ZOHO_CLIENT_ID" in run.error


def test_a_person_can_stop_a_run(zoho):
    read_stock()
    run = started(batch_size=10)

    stock.perform(run, track=lambda run: runs.request_cancel(run.pk))

    assert (run.status, run.unchanged) == (Status.CANCELLED, 20)
    assert stock.perform(runs.take(run.pk, resume=True)).unchanged == len(tracked(zoho))


# --- how it stands ------------------------------------------------------------------------------------------


def test_the_state_counts_what_was_not_read_for_long(zoho):
    now = timezone.now()
    assert stock.stock_state(at=now).stale_share is None
    run = read_stock()
    ids = [row["item_id"] for row in tracked(zoho)[:2]]
    ZohoRecord.objects.filter(module="item", zoho_id=ids[0]).update(detail_at=now - timedelta(hours=37))
    ZohoRecord.objects.filter(module="item", zoho_id=ids[1]).update(detail_stale=True)

    state = stock.stock_state(at=now)

    kept = len(tracked(zoho))
    assert (state.items, state.stale, state.stale_share) == (kept, 2, 2 / kept)
    assert (state.oldest_read_at, state.completed_at) == (now - timedelta(hours=37), run.finished_at)
