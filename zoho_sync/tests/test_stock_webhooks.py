"""An adjustment's webhook has its items read anew: durably, and all that wait in one call."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalog.choices import Subject
from catalog.models import Freshness, Product, StockLedgerEntry, StockLevel
from commerce.models import InventoryAdjustment
from zoho_sandbox.world.goods import move_stock
from zoho_sync import client, queue, worker
from zoho_sync.audit import audit
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import InboxEvent, SyncQueueItem, ZohoConnection
from zoho_sync.queue import Work
from zoho_sync.tests.road import NOON, deliver, drain, jobs, mirrored, seconds, states
from zoho_sync.worker import batch

pytestmark = pytest.mark.django_db
LATER = NOON + seconds(60)


@pytest.fixture(autouse=True)
def _everything_adds_up(settings, monkeypatch):
    """No waiting: our limits are far, and what Zoho refuses is not asked for again."""
    settings.ZOHO_REQUESTS_PER_MINUTE, settings.ZOHO_REQUESTS_PER_DAY = 60_000, 1_000_000
    monkeypatch.setattr(client, "SHORT_PATIENCE", 0.0)
    yield
    assert [check for check in audit() if not check.holds] == []


@pytest.fixture
def kept(zoho):
    """The Zoho ids of the items that keep stock."""
    return [row["item_id"] for row in zoho.control.records("item") if row.get("locations")]


def adjust(zoho, *item_ids: str, quantity: int = 5, zoho_id: str = "900000001", at=NOON, **how):
    """Zoho adjusts the stock of items at its first location and posts the webhook."""
    place = next(zoho.control.world.records("location"))["location_id"]
    lines = []
    for item_id in item_ids:
        move_stock(zoho.control.world.get("item", item_id), place, Decimal(quantity))
        lines.append({"line_item_id": f"1{item_id}", "item_id": item_id, "quantity_adjusted": quantity})
    body = {"inventory_adjustment_id": zoho_id, "date": "2026-03-01", "reason": "count", "line_items": lines}
    deliver({"inventory_adjustment": body}, path="stock", at=at, **how)
    return place


def on_hand(item_id: str, place: str) -> Decimal | None:
    return StockLevel.objects.get(product__zoho_id=item_id, warehouse__zoho_id=place).accounting_on_hand


def zohos_on_hand(zoho, item_id: str, place: str) -> Decimal:
    rows = zoho.control.get("item", item_id)["locations"]
    return next(row["location_stock_on_hand"] for row in rows if row["location_id"] == place)


def calls(zoho) -> tuple[int, int]:
    """Of many items at once, and of one."""
    return zoho.calls("/itemdetails"), zoho.calls("/items/")


def test_the_items_of_an_adjustment_are_read_in_one_call(zoho, kept):
    place = adjust(zoho, *kept[:3])

    drain()

    assert calls(zoho) == (1, 0)
    assert {on_hand(one, place) for one in kept[:3]} == {zohos_on_hand(zoho, one, place) for one in kept[:3]}
    assert (states(), InventoryAdjustment.objects.get().lines.count()) == (["applied"], 3)
    assert Freshness.objects.get(subject=Subject.STOCK).updated_at == NOON


def test_no_delta_is_added_to_what_zoho_says(zoho, kept):
    place = adjust(zoho, *kept[:2])
    drain()
    before = on_hand(kept[0], place)

    adjust(zoho, *kept[:2], quantity=-2, zoho_id="900000002", at=LATER)
    drain(LATER)

    entries = StockLedgerEntry.objects.filter(product__zoho_id=kept[0], warehouse__zoho_id=place, measure="accounting")
    assert entries.order_by("-id").values_list("delta", "balance_after").first() == (-2, before - 2)
    assert on_hand(kept[0], place) == zohos_on_hand(zoho, kept[0], place)


def test_several_adjustments_are_one_call_for_all_their_items(zoho, kept):
    """More items than are claimed at once, some named twice."""
    place = next(zoho.control.world.records("location"))["location_id"]
    for number in range(5):
        adjust(zoho, *kept[number * 5 : number * 5 + 8], zoho_id=f"90000000{number}")

    drain()

    assert calls(zoho) == (1, 0)
    named = kept[:28]
    assert {one: on_hand(one, place) for one in named} == {one: zohos_on_hand(zoho, one, place) for one in named}
    assert set(states()) == {"applied"}


def test_an_adjustment_told_twice_is_one_call(zoho, kept):
    adjust(zoho, kept[0], kept[1])
    adjust(zoho, kept[0], kept[1])

    drain()

    assert calls(zoho) == (1, 0)


def test_an_item_that_zoho_does_not_have_any_more_is_found_among_the_others(zoho, kept):
    place = adjust(zoho, *kept[:4])
    zoho.control.delete("item", kept[2])

    drain()

    assert mirrored("item", kept[2]).state == "gone"
    assert [on_hand(one, place) for one in (kept[0], kept[1], kept[3])] == [
        zohos_on_hand(zoho, one, place) for one in (kept[0], kept[1], kept[3])
    ]
    assert jobs("item", kept[2]) == ["completed"]
    assert calls(zoho) == (5, 0)  # 4, 2 and 2, 1 and 1


def test_items_of_a_deleted_adjustment_are_read_too(zoho, kept):
    place = adjust(zoho, *kept[:2])
    drain()
    for item_id in kept[:2]:
        move_stock(zoho.control.world.get("item", item_id), place, Decimal(-5))

    body = {"inventory_adjustment": {"inventory_adjustment_id": "900000001"}}
    deliver(body, path="stock", method="DELETE", at=LATER)
    drain(LATER)

    assert InventoryAdjustment.objects.get().retired_at == LATER
    assert on_hand(kept[0], place) == zohos_on_hand(zoho, kept[0], place)


def test_items_that_an_edit_takes_off_an_adjustment_are_read_too(zoho, kept):
    place = adjust(zoho, kept[0], kept[1])
    drain()
    move_stock(zoho.control.world.get("item", kept[1]), place, Decimal(-5))  # taken off: its stock is as it was

    adjust(zoho, kept[0], quantity=0, at=LATER)
    drain(LATER)

    assert on_hand(kept[1], place) == zohos_on_hand(zoho, kept[1], place)


def test_lines_that_come_only_with_the_detail_are_followed(zoho, kept):
    made = zoho.control.create("inventoryadjustment", webhook=False)[0]
    header = {key: value for key, value in made.items() if key != "line_items"}
    deliver({"inventory_adjustment": header}, path="stock")

    drain()

    named = {line["item_id"] for line in made["line_items"]}
    assert set(Product.objects.values_list("zoho_id", flat=True)) == named
    assert zoho.calls("/itemdetails") + zoho.calls("/items/") == 1


def test_the_items_wait_in_the_queue_in_the_same_transaction_as_the_adjustment(zoho, kept):
    zoho.control.fault("minute_limit", path="/itemdetails", times=9)
    place = adjust(zoho, *kept[:3])
    drain()

    waiting = SyncQueueItem.objects.waiting()
    assert {(job.module, job.zoho_id) for job in waiting} == {("item", one) for one in kept[:3]}
    assert {(job.needs_fetch, job.attempts) for job in waiting} == {(True, 0)}
    assert (states(), Product.objects.count()) == (["applied"], 0)

    zoho.control.fault()
    ZohoConnection.objects.update(blocked_until=None)
    drain(NOON + seconds(120))
    assert on_hand(kept[0], place) == zohos_on_hand(zoho, kept[0], place)


def test_a_worker_that_dies_before_it_reads_the_items_loses_none(zoho, kept):
    place = adjust(zoho, *kept[:3])
    claims = queue.claim("first", limit=10, at=NOON)
    worker.work("first", claims, worker.Clock(now=lambda: NOON))
    queue.claim("dead", limit=10, at=NOON)

    drain(NOON + seconds(301))

    assert {on_hand(one, place) for one in kept[:3]} == {zohos_on_hand(zoho, one, place) for one in kept[:3]}
    # Whoever saw a worker die is taken alone.
    assert calls(zoho) == (0, 3)


def test_a_worker_that_lost_its_lease_while_it_read_writes_nothing(zoho, kept):
    queue.enqueue([Work(module="item", zoho_id=one, needs_fetch=True) for one in kept[:3]], at=NOON)
    claims = queue.claim("slow", limit=10, at=NOON)
    SyncQueueItem.objects.update(lock_expires_at=NOON)
    late = NOON + seconds(400)
    worker.recover(at=late)

    worker.work("slow", claims, worker.Clock(now=lambda: late))

    assert (Product.objects.count(), {job.status for job in SyncQueueItem.objects.all()}) == (0, {"retry"})


def test_without_a_client_the_adjustment_is_stored_and_nothing_asked_for(zoho, kept, settings):
    settings.ZOHO_CLIENT_ID = ""
    adjust(zoho, *kept[:2])

    drain()

    assert states() == ["applied"]
    assert SyncQueueItem.objects.filter(module="item").count() == 0


def test_news_of_an_item_is_applied_although_the_call_for_it_failed(zoho, kept):
    queue.enqueue([Work(module="item", zoho_id=one, needs_fetch=True) for one in kept[:2]], at=NOON)
    deliver({"item": {"item_id": kept[0], "name": "News"}})
    zoho.control.fault("html", path="/itemdetails", times=9)

    drain()

    assert Product.objects.get().name == "News"
    assert jobs("item", kept[0]) == ["completed", "pending"]
    assert jobs("item", kept[1]) == ["retry"]


def test_an_id_that_zoho_does_not_take_spoils_the_call_for_no_other(zoho, kept):
    zoho.control.fault("bad_parameter", path="/itemdetails")
    queue.enqueue([Work(module="item", zoho_id=one, needs_fetch=True) for one in kept[:2]], at=NOON)

    drain()

    assert (calls(zoho), Product.objects.count()) == ((1, 2), 2)


def test_a_drain_whose_time_ends_while_it_looks_for_a_dead_item_keeps_what_it_found(zoho, kept):
    zoho.control.delete("item", kept[3])
    queue.enqueue([Work(module="item", zoho_id=one, needs_fetch=True) for one in kept[:4]], at=NOON)
    looks = iter([True, True, True, False])
    clock = worker.Clock(now=lambda: NOON, sleep=lambda _: None)
    clock.left = lambda: next(looks, False)

    worker.work("w", queue.claim("w", limit=10, at=NOON), clock)

    assert (calls(zoho), Product.objects.count()) == ((3, 0), 2)
    assert [jobs("item", one) for one in kept[:4]] == [["completed"], ["completed"], ["retry"], ["retry"]]
    drain()
    assert mirrored("item", kept[3]).state == "gone"
    assert Product.objects.count() == 3


def test_what_breaks_a_batch_does_not_have_the_others_read_again(zoho, kept, monkeypatch):
    queue.enqueue([Work(module="item", zoho_id=one, needs_fetch=True) for one in kept[:3]], at=NOON)
    record, broken = batch.record_attempts, []

    def break_once(attempts, **how):
        if len(attempts) > 1 and not broken:
            broken.append(True)
            raise RuntimeError("unforeseen")
        record(attempts, **how)

    monkeypatch.setattr(batch, "record_attempts", break_once)

    drain()

    assert (broken, calls(zoho), Product.objects.count()) == ([True], (1, 0), 3)


def test_other_documents_are_left_to_the_comparison_of_totals(zoho):
    invoice = zoho.control.records("invoice")[0]
    deliver({"invoice": invoice}, path="invoices")

    drain()

    assert calls(zoho) == (0, 0)
    assert InboxEvent.objects.get().state == "applied"


# --- claiming for the same call ---------------------------------------------------------------------------


def enqueue_items(count: int, *, first: int = 1, **how) -> None:
    works = [Work(module="item", zoho_id=str(number), **how) for number in range(first, first + count)]
    queue.enqueue(works, at=NOON)


def test_more_of_the_same_call_are_claimed_up_to_a_limit():
    enqueue_items(30, needs_fetch=True)
    enqueue_items(5, first=100)
    queue.enqueue([Work(module="invoice", zoho_id="1", needs_fetch=True)], at=NOON)

    claims = queue.claim_alike("w", "item", limit=20, at=NOON)

    assert len(claims) == 20
    assert {(one.module, one.needs_fetch, int(one.zoho_id) <= 30) for one in claims} == {("item", True, True)}
    assert len(queue.claim_alike("w", "item", limit=20, at=NOON)) == 10


def test_what_lost_a_worker_is_not_claimed_beside_others():
    enqueue_items(3, needs_fetch=True)
    SyncQueueItem.objects.filter(zoho_id="2").update(deaths=1)

    claims = queue.claim_alike("w", "item", limit=20, at=NOON)

    assert [one.zoho_id for one in claims] == ["1", "3"]


def test_only_the_front_of_a_long_queue_is_looked_through():
    enqueue_items(queue.claiming.LOOK_AHEAD, priority=1)
    enqueue_items(3, first=5_000, needs_fetch=True, priority=2)

    assert queue.claim_alike("w", "item", limit=20, at=NOON) == []


def test_what_is_not_due_is_not_claimed():
    enqueue_items(2, needs_fetch=True, due=LATER)

    assert queue.claim_alike("w", "item", limit=20, at=NOON) == []
    assert len(queue.claim_alike("w", "item", limit=20, at=LATER)) == 2


def test_the_modules_that_move_stock_are_ours():
    from zoho_sync import stock

    assert {module in BY_MODULE for module in stock.MOVES_STOCK} == {True}
