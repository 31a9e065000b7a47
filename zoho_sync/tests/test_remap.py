"""The mirror mapped anew: rows follow their mapper, live news is never overwritten, one bad record harms no other."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Freshness, Product
from commerce.models import Customer, Invoice
from tests.live.waiting import wait_for
from tsh_erp.events.models import StoredEvent
from zoho_sync import remap, runs
from zoho_sync.apply import apply_records
from zoho_sync.audit import audit
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import MappingError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import DeadLetter, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.tests.road import (
    NOON,
    contact,
    deliver,
    drain,
    failing_save,
    invoice,
    item,
    mirrored,
    moment,
    other_entity,
    seconds,
)

pytestmark = pytest.mark.django_db
Kinds, Status = SyncRun.Kind, SyncRun.Status


def run_for(module="item", **options) -> SyncRun:
    opened = runs.open_run(
        Kinds.REMAP, module, mode=SyncRun.Mode.FULL, trigger=SyncRun.Trigger.COMMAND, options=options
    )
    return runs.take(opened.pk)


def remapped(module="item", **options) -> SyncRun:
    run = remap.perform(run_for(module, **options))
    run.refresh_from_db()
    return run


def counts(run):
    names = ("seen", "created", "updated", "unchanged", "skipped", "failed", "calls")
    return {name: count for name in names if (count := getattr(run, name))}


def mirror_items(number):
    for one in range(1, number + 1):
        deliver(item(str(one), rate=one))
    drain()


def shout(entity, *, only=None):
    """A mapper that writes names in capitals (of `only` these records)."""

    def map_loudly(record):
        values = entity.map(record)
        return values if only and values.zoho_id not in only else replace(values, name=values.name.upper())

    return map_loudly


def choke(entity, *bad):
    """A mapper that cannot read the records `bad`."""

    def map_carefully(record):
        if record.identifier("item_id") in bad:
            raise MappingError("rate", "x", "is not a number")
        return shout(entity)(record)

    return map_carefully


def test_what_maps_to_the_same_changes_nothing_and_raises_no_event():
    mirror_items(3)
    events, fresh, rows = StoredEvent.objects.count(), list(Freshness.objects.values()), list(Product.objects.values())

    run = remapped()

    assert (run.status, run.error, counts(run)) == (Status.COMPLETED, "", {"seen": 3, "unchanged": 3})
    assert StoredEvent.objects.count() == events
    assert (list(Freshness.objects.values()), list(Product.objects.values())) == (fresh, rows)


def test_rows_follow_a_changed_mapper_and_say_so():
    mirror_items(3)
    before, seen = StoredEvent.objects.count(), list(ZohoRecord.objects.order_by("id").values())

    with other_entity("item", map=shout(BY_MODULE["item"], only={"1", "3"})):
        run = remapped()

    assert counts(run) == {"seen": 3, "updated": 2, "unchanged": 1}
    assert sorted(Product.objects.values_list("name", flat=True)) == ["ITEM 1", "ITEM 3", "Item 2"]
    events = StoredEvent.objects.order_by("id")[before:]
    assert [event.type for event in events] == ["catalog.product.updated"] * 2
    assert len({event.correlation_id for event in events}) == 1
    assert list(ZohoRecord.objects.order_by("id").values()) == seen


def test_a_row_that_was_lost_comes_back_from_the_mirror():
    mirror_items(2)
    Product.objects.filter(zoho_id="2").delete()

    run = remapped()

    assert counts(run) == {"seen": 2, "created": 1, "unchanged": 1}
    assert Product.objects.get(zoho_id="2").base_price == Decimal(2)
    assert [check.name for check in audit() if not check.holds] == []


def test_what_is_gone_stays_retired():
    mirror_items(2)
    deliver(item("1"), method="DELETE")
    drain()

    run = remapped()

    assert counts(run) == {"seen": 1, "unchanged": 1}
    assert Product.objects.get(zoho_id="1").retired_at == NOON


def test_a_header_newer_than_its_lines_is_not_held_against_its_totals():
    deliver(contact("7"), path="customers")
    lines = [{"line_item_id": "1", "quantity": 1, "rate": 10, "item_total": 10}]
    deliver(invoice("9", line_items=lines, sub_total=10, total=10, last_modified_time=moment(1)), path="invoices")
    deliver(invoice("9", sub_total=99, total=10, last_modified_time=moment(2)), path="invoices")
    drain()
    ZohoRecord.objects.filter(module="invoice").update(detail_stale=True)
    Invoice.objects.update(identity_gap=None)

    run = remapped("invoice")

    assert counts(run) == {"seen": 1, "unchanged": 1}
    assert Invoice.objects.get().identity_gap is None


def test_a_record_that_cannot_be_mapped_is_named_and_keeps_what_it_has():
    mirror_items(5)

    with other_entity("item", map=choke(BY_MODULE["item"], "2", "4")):
        run = remapped()

    assert run.status == Status.PARTIAL
    assert counts(run) == {"seen": 5, "updated": 3, "failed": 2}
    assert run.error == "2: rate: 'x' is not a number"
    assert [error["zoho_id"] for error in run.checkpoint["errors"]] == ["2", "4"]
    assert sorted(Product.objects.values_list("name", flat=True)) == ["ITEM 1", "ITEM 3", "ITEM 5", "Item 2", "Item 4"]
    assert DeadLetter.objects.count() == 0


def test_what_the_owner_refuses_harms_no_other():
    mirror_items(4)
    entity = BY_MODULE["item"]
    refuse = failing_save(entity, lambda value: ValueError("not this one") if value.zoho_id == "3" else None)

    with other_entity("item", map=shout(entity), save=refuse):
        run = remapped()

    assert (counts(run), run.error) == ({"seen": 4, "updated": 3, "failed": 1}, "3: not this one")
    assert Product.objects.get(zoho_id="3").name == "Item 3"


def test_only_the_first_failures_are_named():
    mirror_items(60)

    with other_entity("item", map=choke(BY_MODULE["item"], *map(str, range(1, 61)))):
        run = remapped()

    assert (run.failed, len(run.checkpoint["errors"])) == (60, 50)


def test_a_record_whose_parent_is_not_here_is_named():
    deliver(contact("7"), path="customers")
    deliver(invoice("9"), path="invoices")
    drain()
    ZohoRecord.objects.filter(module="contact").delete()

    run = remapped("invoice")

    assert (counts(run), run.error) == ({"seen": 1, "failed": 1}, "9: waits for contact 7")


def test_a_run_that_stopped_goes_on_behind_its_last_batch():
    mirror_items(25)
    run = run_for(batch_size=10)
    stop_after = iter([None, KeyboardInterrupt()])

    def track(_):
        if error := next(stop_after):
            raise error

    with pytest.raises(KeyboardInterrupt):
        remap.perform(run, track=track)
    run.refresh_from_db()
    assert (run.status, run.seen) == (Status.CANCELLED, 20)

    with other_entity("item", map=shout(BY_MODULE["item"])):
        run = remap.perform(runs.take(run.pk, resume=True))

    assert (run.status, run.expected, counts(run)) == (
        Status.COMPLETED,
        25,
        {"seen": 25, "unchanged": 20, "updated": 5},
    )


def test_a_person_stops_a_run_between_two_batches():
    mirror_items(25)
    run = run_for(batch_size=10)

    remap.perform(run, track=lambda one: runs.request_cancel(one.pk))

    run.refresh_from_db()
    assert (run.status, run.seen) == (Status.CANCELLED, 20)


def test_the_queries_do_not_grow_with_the_batch():
    mirror_items(30)

    def queries(size):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            remapped(batch_size=size)
        return len(captured)

    one_batch = queries(30)
    assert queries(15) - one_batch == queries(10) - queries(15)
    assert one_batch < 40


def test_a_rehearsal_counts_and_changes_nothing():
    mirror_items(3)
    events, fresh = StoredEvent.objects.count(), list(Freshness.objects.values())

    with other_entity("item", map=choke(BY_MODULE["item"], "2")):
        run = remap.rehearse("item")

    assert (run.status, counts(run)) == (Status.PARTIAL, {"seen": 3, "updated": 2, "failed": 1})
    assert sorted(Product.objects.values_list("name", flat=True)) == ["Item 1", "Item 2", "Item 3"]
    assert (StoredEvent.objects.count(), list(Freshness.objects.values())) == (events, fresh)
    assert not SyncRun.objects.exists()


# --- beside live work ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets nobody in between")
def test_news_that_is_being_written_is_waited_for_and_kept():
    mirror_items(3)
    news = Observation(
        zoho_id="2",
        kind=Kind.WEBHOOK,
        payload={"item_id": "2", "name": "newer", "rate": 99},
        observed_at=NOON + seconds(60),
    )
    run, done = run_for(), []

    def map_anew():
        done.append(remap.perform(run))
        connection.close()

    other = threading.Thread(target=map_anew)
    with transaction.atomic():
        apply_records(BY_MODULE["item"], [news], at=NOON + seconds(60))
        other.start()
        wait_for(someone_waits_for_a_lock, seconds=10, what="the other process waits for the record")
        assert done == []
    other.join(10)

    assert counts(done[0]) == {"seen": 3, "unchanged": 3}
    product = Product.objects.get(zoho_id="2")
    assert (product.name, product.base_price) == ("newer", Decimal(99))


def someone_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0] > 0


# --- the command ----------------------------------------------------------------------------------


def test_the_command_maps_anew_and_says_what_it_did(capsys):
    mirror_items(2)
    with other_entity("item", map=shout(BY_MODULE["item"])):
        call_command("zoho_remap", "product", "--dry-run")
        assert Product.objects.filter(name="ITEM 1").count() == 0
        call_command("zoho_remap", "product")

    told = [line.rpartition(",")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == [
        "product: would be completed, 2 seen, 0 created, 2 updated, 0 unchanged, 0 skipped, 0 failed",
        "product: completed, 2 seen, 0 created, 2 updated, 0 unchanged, 0 skipped, 0 failed",
    ]
    assert Product.objects.filter(name="ITEM 1").count() == 1


def test_what_could_not_be_mapped_ends_the_command_with_1(capsys):
    mirror_items(2)
    with other_entity("item", map=choke(BY_MODULE["item"], "1")), pytest.raises(SystemExit) as ended:
        call_command("zoho_remap", "product")

    assert ended.value.code == 1
    assert capsys.readouterr().err == "product: 1: rate: 'x' is not a number\n"


def test_the_command_goes_on_with_a_run_that_stopped(capsys):
    mirror_items(2)
    run = run_for()
    runs.finish(run, Status.FAILED)

    call_command("zoho_remap", "--resume", str(run.pk))

    assert capsys.readouterr().out.startswith("product: completed, 2 seen")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name what to map anew"),
        (["rocket"], 2, "unknown: rocket"),
        (["product", "--resume", "1"], 2, "name what to map anew"),
        (["product", "--batch-size", "0"], 2, "--batch-size"),
        (["--resume", "999999999"], 2, "there is no run 999999999"),
        (["--resume", "1", "--dry-run"], 2, "cannot be resumed dry"),
    ],
    ids=str,
)
def test_wrong_use_is_told_in_one_line(arguments, code, message):
    with pytest.raises(CommandError, match=message) as refused:
        call_command("zoho_remap", *arguments)

    assert (refused.value.returncode, SyncRun.objects.count()) == (code, 0)


def test_a_finished_run_cannot_be_resumed():
    run = remapped()

    with pytest.raises(CommandError, match="completed and cannot be taken up") as refused:
        call_command("zoho_remap", "--resume", str(run.pk))

    assert refused.value.returncode == 2


def test_a_second_run_of_the_same_module_is_refused():
    run_for()

    with pytest.raises(CommandError, match="remap of item is already under way") as refused:
        call_command("zoho_remap", "product")

    assert refused.value.returncode == 2


def test_no_call_is_made_and_no_job_is_queued():
    mirror_items(1)
    jobs = SyncQueueItem.objects.count()

    assert remapped().calls == 0
    assert SyncQueueItem.objects.count() == jobs
    assert mirrored().payload == {"item_id": "1", "name": "Item 1", "rate": 1}
    assert Customer.objects.count() == 0
