"""The audit holds where all is well, and names each kind of damage when there is any."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from catalog.models import Product, StockLedgerEntry, StockLevel
from commerce.models import CreditNoteAllocation, Customer, CustomerPaymentAllocation
from tsh_erp.events.delivering import dispatch
from tsh_erp.events.models import StoredEvent
from zoho_sync import queue
from zoho_sync.audit import SHOWN, audit, books
from zoho_sync.audit.auditing import CHECKS
from zoho_sync.models import DeadLetter, InboxEvent, SyncLog, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.tests.road import NOON, contact, deliver, drain, invoice, item, moment, seconds

pytestmark = pytest.mark.django_db

PLACES = [{"location_id": "5", "location_name": "Main", "location_stock_on_hand": 7}]


@pytest.fixture
def world():
    """A little of everything, all of it in order: 8 deliveries."""
    deliver(item("1", rate=1, last_modified_time=moment(1)))
    deliver(item("1", rate=2, last_modified_time=moment(2), locations=PLACES))
    deliver(item("2", rate="cheap"))
    deliver(contact("7"))
    deliver(invoice("9", customer="7", total=30))
    payment = {"payment_id": "4", "customer_id": "7", "amount": 30}
    allocations = [{"invoice_id": "9", "amount_applied": 30, "invoice_payment_id": "44"}]
    deliver({"customerpayment": {**payment, "invoices": allocations}})
    drain()
    deliver(item("3"), at=NOON + seconds(1))
    drain(NOON + seconds(1))
    deliver(item("3"), at=NOON + seconds(2), method="DELETE")
    drain(NOON + seconds(2))
    dispatch()


def broken(**how):
    """The checks that do not hold, with what they name."""
    return {check.name: list(check.broken) for check in audit(**how) if not check.holds}


def event(**which):
    return InboxEvent.objects.filter(**which).order_by("id").first()


def test_all_is_well(world):
    assert broken(deliveries=8) == {}
    assert sorted(set(InboxEvent.objects.values_list("state", flat=True))) == ["applied", "dead", "superseded"]


def test_an_empty_house_is_in_order():
    assert broken(deliveries=0) == {}


def test_a_delivery_that_was_answered_and_is_not_there(world):
    assert broken(deliveries=9) == {
        "every delivery answered 202 is stored": ["9 deliveries were answered 202, 8 are stored"]
    }


def test_repeats_and_split_deliveries_are_counted_as_they_were_sent(world):
    for _ in range(2):
        deliver({"items": [{"item_id": "5", "name": "A"}, {"item_id": "6", "name": "B"}]})
    drain(NOON + seconds(9))

    assert broken(deliveries=10) == {}


def test_a_queued_event_that_no_job_will_read(world):
    lost = deliver(item("8"))
    SyncQueueItem.objects.filter(zoho_id="8").update(status="completed")

    assert broken() == {"a queued event has a job": [f"event {lost.pk} (item 8) is queued and no job will read it"]}


def test_an_applied_event_without_an_applied_log_entry(world):
    applied = event(state="applied")
    SyncLog.objects.filter(pk=applied.log_id).update(outcome="unchanged")
    orphan = event(state="applied", zoho_id="9")
    InboxEvent.objects.filter(pk=orphan.pk).update(log=None)

    found = broken()
    assert found["an applied event has its applied log entry"] == [
        f"event {applied.pk} (item 1) is applied without an applied log entry",
        f"event {orphan.pk} (invoice 9) is applied without an applied log entry",
    ]


def test_an_event_that_was_settled_twice(world):
    applied = event(state="applied", zoho_id="9")
    again = SyncLog.objects.create(
        module="invoice", zoho_id="9", outcome="applied", event_count=1, started_at=NOON, worker="second"
    )
    InboxEvent.objects.filter(pk=applied.pk).update(log=again)

    assert broken() == {"no event was settled twice": [f"log {applied.log_id} (invoice 9) settled 1 events, 0 name it"]}


def test_a_dead_event_without_a_letter(world):
    dead = event(state="dead")
    DeadLetter.objects.update(state="resolved")

    assert broken() == {
        "a dead event has an unresolved dead letter": [
            f"event {dead.pk} (item 2) is dead without an unresolved dead letter"
        ]
    }


@pytest.mark.parametrize("damage", ["nobody", "itself overtaken"])
def test_an_event_that_was_superseded_by_nothing(world, damage):
    first = event(state="superseded")
    if damage == "nobody":
        InboxEvent.objects.filter(pk=first.pk).update(successor=None, reason="")
    else:
        InboxEvent.objects.filter(pk=first.successor_id).update(state="superseded", reason="x", log=None)

    assert broken()["a superseded event was overtaken by one that was taken"] == [
        f"event {first.pk} (item 1) is superseded by nothing that was taken"
    ]


@pytest.mark.parametrize("damage", ["older", "lost"])
def test_a_mirror_that_is_older_than_what_was_applied_to_it(world, damage):
    row = ZohoRecord.objects.get(module="item", zoho_id="1")
    if damage == "older":
        ZohoRecord.objects.filter(pk=row.pk).update(modified_at=row.modified_at - timedelta(microseconds=1))
    else:
        row.delete()

    newest = InboxEvent.objects.filter(zoho_id="1", module="item").latest("id")
    assert (
        f"the mirror of item 1 is older than event {newest.pk}, which was taken"
        in (broken()["the mirror is not older than what was applied to it"])
    )


def test_a_record_without_its_business_row(world):
    Product.objects.filter(zoho_id="1").update(retired_at=NOON)
    Customer.objects.filter(zoho_id="7").update(zoho_id="70")

    assert broken()["every mirrored record has its business row"] == [
        "item 1 is in the mirror and in none of catalog.product",
        "contact 7 is in the mirror and in none of commerce.customer, commerce.vendor",
    ]


def test_a_gone_record_that_is_alive(world):
    Product.objects.filter(zoho_id="3").update(retired_at=None)

    assert broken() == {"what is gone from Zoho is retired": ["item 3 is gone from Zoho and alive in catalog.product"]}


@pytest.mark.parametrize("damage", ["level", "ledger", "entry lost"])
def test_stock_that_its_ledger_does_not_explain(world, damage):
    if damage == "level":
        StockLevel.objects.update(accounting_on_hand=Decimal("7.000001"))
    elif damage == "ledger":
        QuerySet(StockLedgerEntry).update(delta=6)  # past the owner, who only ever adds
    else:
        QuerySet(StockLedgerEntry).delete()

    [text] = broken()["the stock ledger sums to the stock levels"]
    assert text.startswith("product 1 in warehouse 5: accounting_on_hand is 7.")


def test_a_ledger_without_its_level(world):
    StockLevel.objects.all().delete()

    [text] = broken()["the stock ledger sums to the stock levels"]
    assert text.startswith("product 1 in warehouse 5: accounting_on_hand is None, its ledger sums to 7")


@pytest.mark.parametrize("damage", ["other amount", "lost"])
def test_a_payment_whose_allocations_are_not_zohos(world, damage):
    if damage == "lost":
        CustomerPaymentAllocation.objects.all().delete()
    else:
        CustomerPaymentAllocation.objects.update(amount=Decimal("29.99"))

    [text] = broken()["payments and credits are allocated as Zoho says"]
    assert text.startswith("customerpayment 4: allocations sum to ")


def test_only_the_first_rows_are_named():
    for number in range(SHOWN + 5):
        deliver(item(str(number)))
    SyncQueueItem.objects.all().delete()

    assert len(broken()["a queued event has a job"]) == SHOWN


def test_the_command_says_what_is_broken_and_ends_with_one(world, capsys):
    call_command("zoho_audit")
    DeadLetter.objects.update(state="resolved")

    with pytest.raises((SystemExit, CommandError)) as ended:
        call_command("zoho_audit")

    assert getattr(ended.value, "code", getattr(ended.value, "returncode", None)) == 1
    assert "is dead without an unresolved dead letter" in capsys.readouterr().out


# --- what was promised for a time -----------------------------------------------------------------


def late(at) -> dict[str, list[str]]:
    return {check.name: list(check.broken) for check in audit(at=at) if not check.holds}


def test_a_job_that_nobody_took_back(settings):
    settings.TDS_LOCK_TIMEOUT_SECONDS = 60
    deliver(item("1"))
    queue.claim("dead", limit=1, at=NOON)
    job = SyncQueueItem.objects.get()

    lost_at = NOON + timedelta(seconds=60)
    assert late(lost_at + timedelta(minutes=14)) == {}
    assert late(lost_at + timedelta(minutes=15)) == {
        "a lost job was taken back": [f"job {job.pk} (item 1) was lost by dead and nobody took it back"]
    }


def test_a_run_on_which_nobody_works():
    columns = {"mode": "full", "started_at": NOON}
    silent = SyncRun.objects.create(module="item", status="running", beat_at=NOON, **columns)
    SyncRun.objects.create(module="contact", status="running", beat_at=NOON + timedelta(minutes=30), **columns)
    forgotten = SyncRun.objects.create(module="invoice", status="queued", **columns)
    SyncRun.objects.filter(pk=forgotten.pk).update(updated_at=NOON - timedelta(days=1))

    assert late(NOON + timedelta(minutes=61)) == {
        "an open run is worked on": [
            f"run {silent.pk} (pull item) is running and nobody works on it",
            f"run {forgotten.pk} (pull invoice) is queued and nobody works on it",
        ]
    }


def test_a_domain_event_that_waits_for_its_listeners():
    event = StoredEvent.objects.create(type="tests.thing", aggregate="thing:1", occurred_at=NOON)

    assert late(NOON + timedelta(minutes=59)) == {}
    assert late(NOON + timedelta(minutes=61)) == {
        "a domain event is dispatched within the hour": [
            f"domain event {event.pk} (tests.thing of thing:1) waits for its listeners"
        ]
    }


def test_without_a_clock_nothing_is_late():
    StoredEvent.objects.create(type="tests.thing", aggregate="thing:1", occurred_at=NOON)

    assert broken() == {}


# --- over a period --------------------------------------------------------------------------------


def test_history_is_looked_at_from_a_time_on(world):
    applied = event(state="applied", zoho_id="9")
    InboxEvent.objects.filter(pk=applied.pk).update(log=None)

    assert broken(since=NOON + seconds(1)) == {}
    assert sorted(broken(since=NOON)) == ["an applied event has its applied log entry", "no event was settled twice"]


def test_the_deliveries_of_a_period_are_counted(world):
    assert broken(deliveries=2, since=NOON + seconds(1)) == {}
    assert broken(deliveries=1, since=NOON + seconds(2)) == {}
    assert broken(deliveries=8, since=NOON + seconds(1)) == {
        "every delivery answered 202 is stored": ["8 deliveries were answered 202, 2 are stored"]
    }


def test_a_log_entry_may_outlive_its_events(world, settings):
    settings.TDS_INBOX_RETENTION_DAYS = 30
    log = event(state="applied", zoho_id="9").log
    log.events.update(state="unchanged", log=None)

    assert "no event was settled twice" in broken(at=NOON + timedelta(days=29))
    assert late(NOON + timedelta(days=31)).keys() & {"no event was settled twice"} == set()


def test_a_credit_note_whose_allocations_are_not_zohos():
    deliver(contact("7"))
    deliver(invoice("9", customer="7", total=30))
    note = {"creditnote_id": "5", "creditnote_number": "CN-5", "customer_id": "7", "total": 30}
    credited = [{"creditnote_invoice_id": "55", "invoice_id": "9", "credited_amount": 12.5}]
    deliver({"creditnote": {**note, "invoices_credited": credited}}, path="credit-notes")
    drain()
    assert broken() == {}

    CreditNoteAllocation.objects.update(amount=Decimal(13))

    [text] = broken()["payments and credits are allocated as Zoho says"]
    assert text.startswith("creditnote 5: allocations sum to 13")


def test_large_tables_are_read_a_page_at_a_time(world, monkeypatch):
    monkeypatch.setattr(books, "PAGE_SIZE", 1)
    deliver(item("4", locations=PLACES), at=NOON + seconds(5))
    drain(NOON + seconds(5))
    QuerySet(StockLedgerEntry).update(delta=6)

    assert len(broken()["the stock ledger sums to the stock levels"]) == 2


def test_the_command_answers_programs_too_and_refuses_what_it_cannot_know(world, capsys):
    call_command("zoho_audit", "--json", "--since", "2026-03-01T00:00")
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is True
    assert len(told["checks"]) == len(CHECKS)

    for arguments in (["--since", "2020-01-01", "--deliveries", "8"], ["--since", "2999-01-01"]):
        with pytest.raises(CommandError) as refused:
            call_command("zoho_audit", *arguments)
        assert refused.value.returncode == 2
