"""Pulls from a real (make-believe) Zoho into the business tables."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from catalog.models import PriceListItem, Product, StockLevel, Warehouse
from commerce.models import Customer, CustomerPayment, Invoice
from zoho_sandbox.clock import START
from zoho_sync import bulk, runs
from zoho_sync.bulk import pulling
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.errors import NotConfigured
from zoho_sync.models import DeadLetter, SyncCursor, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.models.payload import exact_number
from zoho_sync.tests.conftest import lift_limits

pytestmark = pytest.mark.django_db
Mode, Status = SyncRun.Mode, SyncRun.Status
ITEM, PRICEBOOK, INVOICE = BY_MODULE["item"], BY_MODULE["pricebook"], BY_MODULE["invoice"]
CURRENCY, CONTACT, PAYMENT = BY_MODULE["currency"], BY_MODULE["contact"], BY_MODULE["customerpayment"]


def counts(run: SyncRun) -> dict[str, int]:
    names = ("seen", "created", "updated", "unchanged", "stale", "skipped", "retired", "failed")
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
    assert counts(runs["invoice"]) == {"seen": 1, "unchanged": 1}
    assert sum(run.created + run.updated for run in runs.values()) == 3
    assert Product.objects.get(zoho_id=items[5]["item_id"]).base_price == Decimal("33.25")


def test_days_of_business_leave_both_sides_alike(zoho):
    pull_everything()
    zoho.control.tick(60)

    runs = pull_everything()

    assert {run.status for run in runs.values()} == {Status.COMPLETED}
    for invoice in zoho.control.records("invoice"):
        stored = Invoice.objects.get(zoho_id=invoice["invoice_id"])
        assert (stored.balance, stored.status) == (invoice["balance"], invoice["status"])
        assert stored.lines.count() == len(invoice["line_items"])
    for item in zoho.control.records("item"):
        assert Product.objects.get(zoho_id=item["item_id"]).base_price == item["rate"]


def test_a_full_pull_reads_lists_and_leaves_details_to_those_who_fetch_them(zoho):
    full = {entity.module: bulk.pull(entity, mode=Mode.FULL) for entity in (CURRENCY, ITEM, CONTACT, INVOICE)}

    assert {module: run.calls for module, run in full.items()} == {"currency": 1, "item": 1, "contact": 1, "invoice": 1}
    assert {run.status for run in full.values()} == {Status.COMPLETED}
    assert Product.objects.count() == 60
    assert Invoice.objects.count() == 10
    for module, total in (("item", 60), ("contact", 68), ("invoice", 10)):
        assert ZohoRecord.objects.filter(module=module).without_detail().count() == total


def test_a_full_pull_brings_the_details_of_price_lists_and_item_groups(zoho):
    bulk.pull(CURRENCY)

    books, groups = bulk.pull(PRICEBOOK, mode=Mode.FULL), bulk.pull(BY_MODULE["itemgroup"], mode=Mode.FULL)
    again = bulk.pull(BY_MODULE["itemgroup"], mode=Mode.FULL)

    assert (books.calls, groups.calls, again.calls) == (1 + books.seen, 1 + groups.seen, 1)
    assert not ZohoRecord.objects.filter(module__in=["pricebook", "itemgroup"]).without_detail().exists()


def test_an_incremental_pull_fetches_no_more_details_than_it_may(zoho, monkeypatch):
    monkeypatch.setattr(pulling, "MOST_DETAIL_CALLS", 20)
    bulk.pull(CURRENCY)

    run = bulk.pull(CONTACT)

    assert (run.created, run.calls) == (68, 1 + 20)
    assert ZohoRecord.objects.filter(module="contact").without_detail().count() == 48


@pytest.mark.parametrize("module", ["item", "contact", "invoice", "salesorder", "bill"])
def test_where_zoho_ignores_filters_and_sorting_the_whole_list_is_read_for_what_changed(zoho, module):
    entity = BY_MODULE[module]
    for parent in (CURRENCY, CONTACT, entity):
        bulk.pull(parent, mode=Mode.FULL)
    zoho.control.switch(ignore_filters=True)
    changed = zoho.control.records(module)[2][entity.id_key]
    zoho.control.patch(module, changed, {"notes": "changed", "description": "changed"}, webhook=False)
    before = ZohoRecord.objects.get(module=module, zoho_id=changed).modified_at

    run = bulk.pull(entity)

    assert (run.status, run.created, run.updated) == (Status.COMPLETED, 0, 1)
    assert ZohoRecord.objects.get(module=module, zoho_id=changed).modified_at > before


@pytest.mark.parametrize("module", ["invoice", "bill", "creditnote", "purchaseorder", "vendorcredit", "vendorpayment"])
def test_documents_that_changed_are_asked_for_by_their_time(zoho, module):
    entity = BY_MODULE[module]
    for parent in (CURRENCY, CONTACT, entity):
        bulk.pull(parent, mode=Mode.FULL)
    changed = zoho.control.records(module)[-1][entity.id_key]
    zoho.control.patch(module, changed, {"notes": "changed", "reference_number": "R-77"}, webhook=False)

    run = bulk.pull(entity)

    assert (run.status, run.updated, run.pages) == (Status.COMPLETED, 1, 1)
    assert run.seen <= 2  # the newest of before is within the overlap
    assert ZohoRecord.objects.get(module=module, zoho_id=changed).detail_at is not None


def test_without_the_scope_of_the_api_that_filters_the_whole_list_is_read_from_the_other(zoho):
    for parent in (CURRENCY, CONTACT, INVOICE):
        bulk.pull(parent, mode=Mode.FULL)
    changed = zoho.control.records("invoice")[4]["invoice_id"]
    zoho.control.patch("invoice", changed, {"reference_number": "R-5"}, webhook=False)
    zoho.control.fault("unauthorized", path="/books/v3/invoices")

    run = bulk.pull(INVOICE)
    again = bulk.pull(INVOICE, mode=Mode.FULL)

    assert (run.status, run.updated, run.error) == (Status.COMPLETED, 1, "")
    assert again.status == Status.COMPLETED
    assert ZohoRecord.objects.get(module="invoice", zoho_id=changed).payload["reference_number"] == "R-5"


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


def test_a_record_that_comes_right_closes_its_dead_letter(zoho):
    item = zoho.control.records("item")[0]
    zoho.control.patch("item", item["item_id"], {"rate": "a lot"}, webhook=False)
    bulk.pull(ITEM)
    zoho.control.patch("item", item["item_id"], {"rate": Decimal("5.50")}, webhook=False)

    run = bulk.pull(ITEM)

    assert (run.status, run.created) == (Status.COMPLETED, 1)
    letter = DeadLetter.objects.get()
    assert (letter.state, letter.reason) == ("resolved", "the record was brought in")


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
    zoho.control.fault("daily_limit", path="/itemdetails")

    run = bulk.pull(ITEM)

    assert (run.status, run.pages) == (Status.FAILED, 0)
    assert "a limit of Zoho's is reached" in run.error
    assert Product.objects.count() == 60
    assert not SyncCursor.objects.exists()

    zoho.control.fault()
    lift_limits()
    after = bulk.perform(runs.take(run.pk, resume=True))
    assert (after.status, after.pages) == (Status.COMPLETED, 1)
    assert counts(after) == {"seen": 60, "updated": 60}
    assert StockLevel.objects.exists()
    assert not ZohoRecord.objects.filter(detail_stale=True).exists()


def test_a_detail_that_cannot_be_had_is_left_to_the_worker(zoho):
    bulk.pull(CURRENCY)
    zoho.control.fault("bad_parameter", times=1, path="/pricebooks/")

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


OBSERVED = 'INSERT INTO "zoho_sync_sighting"'
ENQUEUED = "INSERT INTO zoho_sync_syncqueueitem"


@pytest.mark.django_db(transaction=True)
def test_noting_what_did_not_change_is_tried_again(zoho):
    bulk.pull(CURRENCY)
    bulk.pull(CONTACT)

    with busy_database(OBSERVED) as refused:
        run = bulk.pull(CONTACT, mode=Mode.FULL)

    assert len(refused) == 1
    assert (run.status, counts(run)) == (Status.COMPLETED, {"seen": 68, "unchanged": 68})
    assert not ZohoRecord.objects.unobserved_since(run.started_at).filter(module="contact").exists()


@pytest.mark.django_db(transaction=True)
def test_handing_on_is_tried_again(zoho):
    bulk.pull(CURRENCY)
    zoho.control.fault("bad_parameter", times=1, path="/pricebooks/")

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


@pytest.mark.parametrize(
    ("text", "number"),
    [("-0.00", "0.00"), ("0E-6", "0.000000"), ("1.5E+1", "15"), ("12.00", "12.00"), ("-3.000000", "-3.000000")],
)
def test_a_number_is_read_as_the_mirror_gives_it_back(text, number):
    assert str(exact_number(text)) == number
    record = ZohoRecord.objects.create(
        module="item", zoho_id="1", payload={"rate": exact_number(text)}, observed_at=timezone.now()
    )

    record.refresh_from_db()

    assert str(record.payload["rate"]) == number
