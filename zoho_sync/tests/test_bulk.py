"""Pulls from a real (make-believe) Zoho into the business tables."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from catalog.models import PriceListItem, Product, StockLevel, Warehouse
from commerce.models import Customer, CustomerPayment, Invoice
from zoho_sandbox.clock import START
from zoho_sync import bulk, tasks
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.errors import NotConfigured
from zoho_sync.models import DeadLetter, SyncCursor, SyncQueueItem, SyncRun, ZohoRecord

pytestmark = pytest.mark.django_db
Mode, Status = SyncRun.Mode, SyncRun.Status
ITEM, PRICEBOOK, INVOICE = BY_MODULE["item"], BY_MODULE["pricebook"], BY_MODULE["invoice"]
CURRENCY, CONTACT, PAYMENT = BY_MODULE["currency"], BY_MODULE["contact"], BY_MODULE["customerpayment"]


def counts(run: SyncRun) -> dict[str, int]:
    names = ("seen", "created", "updated", "unchanged", "stale", "failed")
    return {name: count for name in names if (count := getattr(run, name))}


def pull_everything(**options) -> dict[str, SyncRun]:
    return {entity.module: bulk.pull(entity, **options) for entity in ENTITIES}


def test_everything_arrives_whole(zoho):
    runs = pull_everything()

    for module, run in runs.items():
        expected = len(zoho.control.world.tables[module])
        assert (run.status, run.error) == (Status.COMPLETED, "")
        assert counts(run) == {"seen": expected, "created": expected}, module
    assert SyncQueueItem.objects.count() == DeadLetter.objects.count() == 0
    for item in zoho.control.records("item"):
        product = Product.objects.get(zoho_id=item["item_id"])
        assert (product.name, product.base_price) == (item["name"], item["rate"])
        levels = StockLevel.objects.filter(product=product)
        assert levels.count() == len(item.get("locations", ()))
    for invoice in zoho.control.records("invoice"):
        stored = Invoice.objects.get(zoho_id=invoice["invoice_id"])
        assert (stored.total, stored.balance) == (invoice["total"], invoice["balance"])
        assert stored.lines.count() == len(invoice["line_items"])
    for payment in zoho.control.records("customerpayment"):
        stored = CustomerPayment.objects.get(zoho_id=payment["payment_id"])
        assert stored.allocations.count() == len(payment["invoices"])
    assert PriceListItem.objects.count() == sum(
        len(book["pricebook_items"]) for book in zoho.control.records("pricebook")
    )
    assert Warehouse.objects.count() == 3


def test_a_second_pull_asks_less_and_changes_nothing(zoho):
    first = pull_everything()

    second = pull_everything()

    for module, run in second.items():
        assert run.created == run.updated == run.stale == run.failed == 0, module
        assert run.calls <= first[module].calls
    assert second["contact"].calls == 1 < first["contact"].calls == 69
    assert sum(run.calls for run in second.values()) < sum(run.calls for run in first.values()) / 2


def test_a_second_pull_finds_exactly_what_changed(zoho):
    pull_everything()
    items, customers = zoho.control.records("item"), zoho.control.records("contact")
    zoho.control.patch("item", items[5]["item_id"], {"rate": Decimal("33.25")})
    zoho.control.patch("contact", customers[3]["contact_id"], {"website": "example.iq"})
    zoho.control.create("item")

    runs = pull_everything()

    assert counts(runs["item"]) == {"seen": 3, "created": 1, "updated": 1, "unchanged": 1}
    assert counts(runs["contact"]) == {"seen": 2, "updated": 1, "unchanged": 1}
    assert runs["contact"].calls == 2
    assert counts(runs["invoice"]) == {"seen": 10, "unchanged": 10}
    assert Product.objects.get(zoho_id=items[5]["item_id"]).base_price == Decimal("33.25")


def test_days_of_business_leave_both_sides_alike(zoho):
    pull_everything()
    zoho.control.tick(150)

    runs = pull_everything(mode=Mode.FULL)

    assert {run.status for run in runs.values()} == {Status.COMPLETED}
    for invoice in zoho.control.records("invoice"):
        stored = Invoice.objects.get(zoho_id=invoice["invoice_id"])
        assert (stored.balance, stored.status) == (invoice["balance"], invoice["status"])
    for item in zoho.control.records("item"):
        levels = StockLevel.objects.filter(product__zoho_id=item["item_id"])
        assert {level.warehouse.zoho_id: level.accounting_on_hand for level in levels} == {
            row["location_id"]: row["location_stock_on_hand"] for row in item.get("locations", ())
        }


def test_prices_that_change_without_a_time_are_found(zoho):
    bulk.pull(PRICEBOOK)
    book = next(book for book in zoho.control.world.records("pricebook") if book["pricebook_items"])
    book["pricebook_items"][0]["pricebook_rate"] = Decimal("77.50")

    run = bulk.pull(PRICEBOOK)

    assert counts(run) == {"seen": 7, "updated": 1, "unchanged": 6}
    row = PriceListItem.objects.get(
        price_list__zoho_id=book["pricebook_id"], product_zoho_id=book["pricebook_items"][0]["item_id"]
    )
    assert row.rate == Decimal("77.50")


def test_only_a_full_pull_sees_stock_move(zoho):
    pull_everything()
    item = next(row for row in zoho.control.world.records("item") if row.get("locations"))
    item["locations"][0]["location_stock_on_hand"] = Decimal("41.000000")

    incremental, full = bulk.pull(ITEM), bulk.pull(ITEM, mode=Mode.FULL)

    assert incremental.updated == 0
    assert counts(full) == {"seen": 60, "updated": 1, "unchanged": 59}
    level = StockLevel.objects.get(
        product__zoho_id=item["item_id"], warehouse__zoho_id=item["locations"][0]["location_id"]
    )
    assert level.accounting_on_hand == 41


def test_parents_that_are_not_here_are_fetched(zoho):
    run = bulk.pull(PAYMENT)

    assert (run.status, run.failed) == (Status.COMPLETED, 0)
    payments = zoho.control.records("customerpayment")
    assert CustomerPayment.objects.count() == len(payments)
    wanted = {row["invoice_id"] for payment in payments for row in payment["invoices"]}
    assert set(Invoice.objects.values_list("zoho_id", flat=True)) == wanted
    assert Customer.objects.count() == len({payment["customer_id"] for payment in payments})


def test_a_parent_that_zoho_does_not_have_leaves_the_child_to_the_worker(zoho):
    invoice = zoho.control.records("invoice")[0]
    zoho.control.delete("contact", invoice["customer_id"])

    run = bulk.pull(INVOICE)

    others = sum(row["customer_id"] == invoice["customer_id"] for row in zoho.control.records("invoice"))
    assert (run.status, run.failed, run.created) == (Status.PARTIAL, others, 10 - others)
    assert f"waits for contact {invoice['customer_id']}" in run.error
    job = SyncQueueItem.objects.get(zoho_id=invoice["invoice_id"])
    assert (job.module, job.status, job.needs_fetch) == ("invoice", "pending", True)


def test_a_record_full_of_nonsense_becomes_a_dead_letter_and_the_others_arrive(zoho):
    item = zoho.control.records("item")[0]
    zoho.control.patch("item", item["item_id"], {"rate": "a lot"})

    run = bulk.pull(ITEM)
    again = bulk.pull(ITEM)

    assert (run.status, run.failed, run.created) == (Status.PARTIAL, 1, 59)
    assert again.failed == 1
    letter = DeadLetter.objects.get()
    assert (letter.module, letter.zoho_id, letter.error_class) == ("item", item["item_id"], "MappingError")
    assert "'a lot' is not a number" in letter.message
    assert letter.payload["rate"] == "a lot"


def test_a_time_that_is_none_is_told_for_its_record_alone(zoho):
    item = zoho.control.records("item")[0]
    zoho.control.patch("item", item["item_id"], {"last_modified_time": "yesterday"}, touch=False)

    run = bulk.pull(ITEM)

    assert (run.status, run.failed, run.created) == (Status.PARTIAL, 1, 59)
    assert DeadLetter.objects.get().zoho_id == item["item_id"]


def test_a_list_without_its_key_fails_the_run(zoho):
    zoho.control.fault("missing_list_key")

    run = bulk.pull(ITEM)

    assert run.status == Status.FAILED
    assert run.error.startswith("/items: none of items in an answer with")
    assert not SyncCursor.objects.exists()


def test_a_limit_ends_the_run_and_keeps_what_was_read(zoho):
    zoho.control.fault("minute_limit", path="/itemdetails")

    run = bulk.pull(ITEM)

    assert run.status == Status.FAILED
    assert "a limit of Zoho's is reached" in run.error
    assert Product.objects.count() == 60
    assert not SyncCursor.objects.exists()

    zoho.control.fault()
    after = bulk.pull(ITEM)
    assert counts(after) == {"seen": 60, "updated": 60}
    assert StockLevel.objects.exists()
    assert not ZohoRecord.objects.filter(detail_stale=True).exists()


def test_a_detail_that_cannot_be_had_is_left_to_the_worker(zoho):
    bulk.pull(CURRENCY)
    zoho.control.fault("html", times=1, path="/pricebooks/")

    run = bulk.pull(PRICEBOOK)

    assert (run.status, run.failed, run.created) == (Status.PARTIAL, 1, 7)
    assert SyncQueueItem.objects.get().needs_fetch is True


def test_what_zoho_lost_since_is_retired_and_what_comes_back_wakes(zoho):
    bulk.pull(ITEM)
    item = zoho.control.records("item")[0]
    ZohoRecord.objects.filter(zoho_id=item["item_id"]).update(state=ZohoRecord.State.GONE, gone_at=timezone.now())
    ITEM.retire([item["item_id"]], at=timezone.now())

    run = bulk.pull(ITEM, mode=Mode.FULL)

    assert run.updated == 1
    assert Product.objects.get(zoho_id=item["item_id"]).retired_at is None


def test_inactive_ones_can_be_left_out(zoho):
    active = sum(item["status"] == "active" for item in zoho.control.records("item"))

    run = bulk.pull(ITEM, active_only=True)

    assert (run.seen, run.created) == (60, active)
    assert not SyncCursor.objects.exists()


def test_since_a_time(zoho):
    items = zoho.control.records("item")
    for item in items[:3]:
        zoho.control.patch("item", item["item_id"], {"description": "x"})

    run = bulk.pull(ITEM, mode=Mode.SINCE, since=START)

    assert (run.mode, run.since, run.seen, run.created) == ("since", START, 3, 3)
    assert not SyncCursor.objects.exists()


def test_the_cursor_stands_at_the_newest_change(zoho):
    item = zoho.control.records("item")[0]
    zoho.control.patch("item", item["item_id"], {"description": "x"})

    run = bulk.pull(ITEM)

    cursor = SyncCursor.objects.get(module="item")
    assert (cursor.modified_until, cursor.run) == (START + timedelta(seconds=1), run)


def test_small_batches_bring_the_same(zoho):
    run = bulk.pull(ITEM, batch_size=7)

    assert counts(run) == {"seen": 60, "created": 60}
    assert run.calls == 2


def test_an_organisation_of_before_brings_its_warehouses(zoho):
    zoho.control.switch(legacy_warehouses=True)

    run = bulk.pull(BY_MODULE["location"])

    assert counts(run) == {"seen": 3, "created": 3}
    names = {row["location_id"]: row["location_name"] for row in zoho.control.world.records("location")}
    assert dict(Warehouse.objects.values_list("zoho_id", "name")) == names


def test_without_configuration_nothing_begins():
    with pytest.raises(NotConfigured):
        bulk.pull(ITEM)

    assert not SyncRun.objects.exists()


# --- the command ------------------------------------------------------------------------------------


def test_the_command_says_what_came_of_it(zoho, capsys):
    call_command("sync_zoho", "warehouses", "Currency")

    out, err = capsys.readouterr()
    lines = [re.sub(r"\d+\.\d s", "N s", line) for line in out.splitlines()]
    assert lines == [
        "currency: completed, 3 seen, 3 created, 0 updated, 0 unchanged, 0 stale, 0 failed, 1 calls, N s",
        "warehouse: completed, 3 seen, 3 created, 0 updated, 0 unchanged, 0 stale, 0 failed, 1 calls, N s",
    ]
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "mode", "seen"),
    [
        ([], "incremental", 60),
        (["--incremental"], "incremental", 60),
        (["--full"], "full", 60),
        (["--since", "2026-11-01T09:00"], "since", 1),
        (["--full", "--active-only", "--batch-size", "10"], "full", 60),
        (["--no-active-only"], "incremental", 60),
    ],
)
def test_every_mode_of_the_command_works(zoho, capsys, arguments, mode, seen):
    zoho.control.patch("item", zoho.control.records("item")[0]["item_id"], {"description": "x"})

    call_command("sync_zoho", "products", *arguments)

    run = SyncRun.objects.get()
    assert (run.mode, run.seen, run.status) == (mode, seen, "completed")
    active_only = "--active-only" in arguments
    assert run.created == (35 if active_only else seen)


def test_without_names_the_command_takes_everything_parents_first(zoho, capsys):
    call_command("sync_zoho")

    runs = list(SyncRun.objects.order_by("id").values_list("module", "status"))
    assert runs == [(entity.module, "completed") for entity in ENTITIES]


def test_what_was_not_applied_is_exit_code_1_with_the_reason_on_stderr(zoho, capsys):
    zoho.control.patch("item", zoho.control.records("item")[0]["item_id"], {"rate": "a lot"})

    with pytest.raises(SystemExit) as caught:
        call_command("sync_zoho", "currencies", "products")

    out, err = capsys.readouterr()
    assert caught.value.code == 1
    assert "product: partial, 60 seen, 59 created, 0 updated, 0 unchanged, 0 stale, 1 failed" in out
    assert "rate: 'a lot' is not a number" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["products", "unicorns", "invoices", "dragons"], r"unknown: unicorns, dragons; there are currency, tax, "),
        (["products", "--since", "someday"], "--since: 'someday' is not a date or time"),
        (["products", "--batch-size", "5"], "--batch-size: must be between 10 and 200"),
    ],
)
def test_wrong_use_is_exit_code_2(zoho, arguments, says):
    with pytest.raises(CommandError, match=says) as caught:
        call_command("sync_zoho", *arguments)

    assert caught.value.returncode == 2
    assert not SyncRun.objects.exists()


def test_the_command_without_configuration_says_what_is_missing():
    with pytest.raises(CommandError, match="Zoho is not configured: set ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET"):
        call_command("sync_zoho", "products")


# --- a database that is busy ------------------------------------------------------------------------


@contextmanager
def busy_database(statement, *, having="", times=1):
    """The database refuses statements with this text and, if given, this parameter; `times` times."""
    refused = []

    def refuse(execute, sql, params, many, context):
        if statement in sql and (not having or having in (params or ())) and len(refused) < times:
            refused.append(sql)
            raise OperationalError("deadlock detected")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield refused


OBSERVED = 'SET "observed_at"'
ENQUEUED = "INSERT INTO zoho_sync_syncqueueitem"


@pytest.mark.django_db(transaction=True)
def test_noting_what_did_not_change_is_tried_again(zoho):
    bulk.pull(CURRENCY)
    bulk.pull(CONTACT)

    with busy_database(OBSERVED) as refused:
        run = bulk.pull(CONTACT, mode=Mode.FULL)

    assert len(refused) == 1
    assert (run.status, counts(run)) == (Status.COMPLETED, {"seen": 68, "unchanged": 68})
    assert not ZohoRecord.objects.filter(module="contact", observed_at__lt=run.started_at).exists()


@pytest.mark.django_db(transaction=True)
def test_handing_on_is_tried_again(zoho):
    bulk.pull(CURRENCY)
    zoho.control.fault("html", times=1, path="/pricebooks/")

    with busy_database(ENQUEUED) as refused:
        run = bulk.pull(PRICEBOOK)

    assert (len(refused), run.status) == (1, Status.PARTIAL)
    assert SyncQueueItem.objects.get().needs_fetch is True


@pytest.mark.django_db(transaction=True)
def test_burying_is_tried_again(zoho):
    item = zoho.control.records("item")[0]
    zoho.control.patch("item", item["item_id"], {"rate": "a lot"})

    with busy_database('INSERT INTO "zoho_sync_deadletter"') as refused:
        run = bulk.pull(ITEM)

    assert (len(refused), run.status) == (1, Status.PARTIAL)
    assert DeadLetter.objects.get().zoho_id == item["item_id"]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_stays_busy_fails_the_run_and_says_so(zoho):
    bulk.pull(CURRENCY)
    bulk.pull(CONTACT)

    with busy_database(OBSERVED, times=99) as refused, pytest.raises(OperationalError):
        bulk.pull(CONTACT, mode=Mode.FULL)

    run = SyncRun.objects.latest("id")
    assert len(refused) == 3
    assert (run.status, run.error) == (Status.FAILED, "OperationalError: deadlock detected")


@pytest.mark.django_db(transaction=True)
def test_one_module_that_breaks_does_not_keep_the_others_from_the_scheduled_pull(zoho):
    with busy_database("zoho_sync_zohorecord", having="tax", times=999):
        statuses = tasks.pull_all("incremental")

    assert statuses.pop("tax") == "failed"
    assert set(statuses) == {entity.module for entity in ENTITIES} - {"tax"}
    assert set(statuses.values()) == {"completed"}
    assert dict(SyncRun.objects.values_list("module", "status"))["tax"] == "failed"
    assert {run.trigger for run in SyncRun.objects.all()} == {"schedule"}


@pytest.mark.django_db(transaction=True)
def test_a_run_that_cannot_even_begin_does_not_either(zoho):
    with busy_database('INSERT INTO "zoho_sync_syncrun"', having="user", times=999):
        statuses = tasks.pull_all("incremental")

    assert {module for module, status in statuses.items() if status != "completed"} == {"user"}
    assert not SyncRun.objects.filter(module="user").exists()


def test_the_scheduled_pull_says_what_is_not_configured():
    assert "ZOHO_CLIENT_ID" in tasks.pull_if_configured("full")["skipped"]


def test_what_moved_between_the_list_and_the_detail_is_stored_as_the_detail_has_it(zoho):
    item = next(row for row in zoho.control.world.records("item") if row.get("locations"))

    def sell(execute, sql, params, many, context):
        if "zoho_sync_zohorecord" in sql:  # the first look into the mirror: the list has been read
            item["stock_on_hand"] = Decimal("41.000000")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(sell):
        bulk.pull(ITEM)

    stored = ZohoRecord.objects.get(module="item", zoho_id=item["item_id"])
    assert stored.payload["stock_on_hand"] == 41
    assert stored.list_hash
