"""The one door into the business tables: batch first, and one bad record takes no good one down."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import Category, Product
from commerce.models import Customer, Invoice, Vendor
from tsh_erp.common.errors import MissingParent
from tsh_erp.events.models import StoredEvent
from zoho_sync.apply import Outcome, apply_records
from zoho_sync.audit import audit
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import MappingError, PermanentError
from zoho_sync.mirror import MISDATED, Kind, Observation
from zoho_sync.models import InboxEvent, ZohoRecord
from zoho_sync.tests.effort import calls_during
from zoho_sync.tests.road import NOON, deliver, drain, failing_save, item, other_entity, seconds, states

pytestmark = pytest.mark.django_db


def seen(zoho_id, payload=None, *, module="item", kind=Kind.WEBHOOK, second=0, **more):
    entity = BY_MODULE[module]
    return Observation(
        zoho_id=zoho_id,
        kind=kind,
        payload={entity.id_key: zoho_id, **({"name": f"Item {zoho_id}"} if payload is None else payload)},
        observed_at=NOON + seconds(second),
        **more,
    )


def bring(*observations, module="item", **how):
    with transaction.atomic():
        return apply_records(BY_MODULE[module], observations, at=NOON, **how)


def outcomes(results):
    return [(result.zoho_id, result.outcome.value) for result in results]


def customer(zoho_id="7", **more):
    payload = {"contact_name": "Ali", "contact_type": "customer", **more}
    return seen(zoho_id, payload, module="contact")


def invoice(zoho_id="9", parent="7"):
    return seen(zoho_id, {"invoice_number": "INV", "customer_id": parent, "total": 5}, module="invoice")


def test_created_updated_unchanged_and_stale_in_one_batch():
    bring(seen("1"), seen("2"), seen("3", second=50))

    results = bring(
        seen("1", {"name": "New"}, second=1), seen("2", second=1), seen("3", {"name": "Old"}, second=1), seen("4")
    )

    assert outcomes(results) == [("1", "updated"), ("2", "unchanged"), ("3", "stale"), ("4", "created")]
    assert dict(Product.objects.values_list("zoho_id", "name")) == {
        "1": "New",
        "2": "Item 2",
        "3": "Item 3",
        "4": "Item 4",
    }


def test_several_observations_of_a_record_are_one_result():
    [result] = bring(seen("1", {"name": "A"}), seen("1", {"rate": Decimal("2.50")}, second=1))

    assert [judged.verdict.value for judged in result.judged] == ["applied", "applied"]
    product = Product.objects.get()
    assert (product.name, product.base_price) == ("A", Decimal("2.50"))


def test_absent_keys_stay_as_they_are_and_empty_ones_become_unknown():
    bring(seen("1", {"name": "A", "rate": 5, "purchase_rate": 3}))
    bring(seen("1", {"name": "B", "purchase_rate": ""}, second=1))

    product = Product.objects.get()
    assert (product.name, product.base_price, product.base_cost) == ("B", Decimal(5), None)


# --- constant queries ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["new", "changed", "unchanged", "gone"])
def test_the_queries_do_not_grow_with_the_batch(kind):
    counts = {}
    for size in (1, 10, 50):
        ids = [f"{size}-{number}" for number in range(size)]
        if kind != "new":
            bring(*(seen(zoho_id) for zoho_id in ids))
        news = {
            "new": [seen(zoho_id) for zoho_id in ids],
            "changed": [seen(zoho_id, {"name": "New"}, second=1) for zoho_id in ids],
            "unchanged": [seen(zoho_id, second=1) for zoho_id in ids],
            "gone": [seen(zoho_id, {}, kind=Kind.GONE, second=1) for zoho_id in ids],
        }[kind]
        with CaptureQueriesContext(connection) as queries:
            bring(*news)
        counts[size] = len(queries)

    assert counts[1] == counts[10] == counts[50]


def test_the_queries_do_not_grow_with_the_documents():
    bring(*(customer(str(number)) for number in range(50)), module="contact")
    counts = {}
    for size in (1, 10, 50):
        documents = [invoice(f"{size}-{number}", str(number)) for number in range(size)]
        with CaptureQueriesContext(connection) as queries:
            bring(*documents, module="invoice")
        counts[size] = len(queries)

    assert counts[1] == counts[10] == counts[50]


# --- what cannot be mapped -----------------------------------------------------------------------


def test_a_record_that_cannot_be_mapped_fails_alone_and_names_the_field():
    good, bad = bring(seen("1"), seen("2", {"name": "B", "rate": "cheap"}))

    assert (good.outcome, bad.outcome) == (Outcome.CREATED, Outcome.FAILED)
    assert isinstance(bad.error, MappingError)
    assert str(bad.error) == "rate: 'cheap' is not a number"
    assert [one.zoho_id for one in bad.failed] == ["2"]
    assert list(Product.objects.values_list("zoho_id", flat=True)) == ["1"]
    assert not ZohoRecord.objects.filter(zoho_id="2").exists()


def test_an_observation_that_cannot_be_mapped_takes_no_good_one_down_with_it():
    first, bad, last = (
        seen("1", {"name": "A", "rate": 1}, second=1, event=1),
        seen("1", {"purchase_rate": "cheap"}, second=2, event=2),
        seen("1", {"rate": 2}, second=3, event=3),
    )

    [result] = bring(first, bad, last)

    assert result.failed == (bad,)
    assert isinstance(result.error, MappingError)
    assert "purchase_rate" in result.traceback
    assert {judged.observation.event: judged.verdict.value for judged in result.judged} == {1: "applied", 3: "applied"}
    product = Product.objects.get()
    assert (product.name, product.base_price, product.base_cost) == ("A", Decimal(2), None)


def test_what_is_good_only_beside_others_is_not_taken_for_the_bad_one():
    price, bad, name = (
        seen("1", {"rate": 5}, second=1),
        seen("1", {"purchase_rate": "cheap"}, second=2),
        seen("1", {"name": "A"}, second=3),
    )

    [result] = bring(price, bad, name)

    assert result.failed == (bad,)
    product = Product.objects.get()
    assert (product.name, product.base_price) == ("A", Decimal(5))


def test_a_bad_value_that_a_later_one_puts_right_is_no_failure():
    [result] = bring(seen("1", {"name": "A", "rate": "cheap"}), seen("1", {"rate": 5}, second=1))

    assert (result.outcome, result.failed) == (Outcome.CREATED, ())
    assert Product.objects.get().base_price == Decimal(5)


def test_when_nothing_can_be_mapped_everything_failed():
    both = seen("1", {"rate": 1}), seen("1", {"rate": 2}, second=1)

    [result] = bring(*both)

    assert (result.outcome, result.failed, result.judged) == (Outcome.FAILED, both, ())
    assert "name" in str(result.error)


# --- the unforeseen ------------------------------------------------------------------------------


def test_one_that_breaks_the_batch_fails_alone_with_its_own_traceback():
    def fails(value):
        return ZeroDivisionError(f"no luck with {value.zoho_id}") if value.zoho_id == "2" else None

    entity = BY_MODULE["item"]
    with other_entity("item", save=failing_save(entity, fails)):
        results = bring(seen("1"), seen("2"), seen("3"))

    assert outcomes(results) == [("1", "created"), ("2", "failed"), ("3", "created")]
    assert str(results[1].error) == "no luck with 2"
    assert "ZeroDivisionError: no luck with 2" in results[1].traceback
    assert sorted(Product.objects.values_list("zoho_id", flat=True)) == ["1", "3"]
    assert sorted(ZohoRecord.objects.values_list("zoho_id", flat=True)) == ["1", "3"]


def test_what_was_written_before_it_broke_is_taken_back():
    entity = BY_MODULE["item"]

    def save_and_break(values, /, *, at):
        entity.save(values, at=at)
        raise ZeroDivisionError

    with other_entity("item", save=save_and_break):
        bring(seen("1"), seen("2"))

    assert (Product.objects.count(), ZohoRecord.objects.count(), StoredEvent.objects.count()) == (0, 0, 0)


def test_a_constraint_that_only_the_commit_would_notice_is_found_before_it():
    entity = BY_MODULE["item"]

    def save_badly(values, /, *, at):
        saved = entity.save(values, at=at)
        Product.objects.filter(zoho_id="2").update(category_id=999_999)
        return saved

    with other_entity("item", save=save_badly):
        results = bring(seen("1"), seen("2"), one_by_one=True)

    assert outcomes(results) == [("1", "created"), ("2", "failed")]
    assert isinstance(results[1].error, IntegrityError)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_what_is_nobodys_fault_is_left_to_the_caller(one_by_one):
    entity = BY_MODULE["item"]
    save = failing_save(entity, lambda value: OperationalError("deadlock detected") if value.zoho_id == "2" else None)

    with other_entity("item", save=save), pytest.raises(OperationalError):
        bring(seen("1"), seen("2"), one_by_one=one_by_one)

    assert Product.objects.count() == 0


# --- parents -------------------------------------------------------------------------------------


def test_a_document_waits_for_its_customer_and_writes_nothing():
    bring(customer("7"), module="contact")

    waiting, created = bring(invoice("1", "8"), invoice("2", "7"), module="invoice")

    assert (waiting.outcome, waiting.parent) == (Outcome.WAITING, ("contact", "8"))
    assert created.outcome is Outcome.CREATED
    assert list(Invoice.objects.values_list("zoho_id", flat=True)) == ["2"]
    assert not ZohoRecord.objects.filter(module="invoice", zoho_id="1").exists()


def test_a_parent_that_zoho_does_not_have_is_waited_for_in_vain():
    gone = Observation(zoho_id="7", kind=Kind.GONE, observed_at=NOON, confirmed=True)
    bring(gone, module="contact")

    [result] = bring(invoice("1", "7"), module="invoice")

    assert result.outcome is Outcome.FAILED
    assert isinstance(result.error, PermanentError)
    assert str(result.error) == "contact 7, to which it belongs, is gone from Zoho"


def test_a_parent_that_only_the_owner_of_the_tables_misses_is_waited_for_too():
    def fails(value):
        return MissingParent("commerce.customer", "8", child=value.zoho_id) if value.zoho_id == "2" else None

    bring(customer("7"), module="contact")
    entity = BY_MODULE["invoice"]
    with other_entity("invoice", save=failing_save(entity, fails)):
        results = bring(invoice("1"), invoice("2"), module="invoice")

    assert outcomes(results) == [("1", "created"), ("2", "waiting")]
    assert results[1].parent == ("contact", "8")


def test_a_soft_parent_is_filled_in_when_it_comes():
    bring(seen("1", {"name": "A", "category_id": "5", "category_name": "Chairs"}))
    assert Product.objects.get().category is None

    bring(seen("5", {"name": "Chairs"}, module="category"), module="category")

    assert Product.objects.get().category == Category.objects.get()


def test_a_contact_is_a_customer_or_a_vendor_as_its_body_says():
    bring(customer("7"), customer("8", contact_type="vendor"), module="contact")

    assert (Customer.objects.get().zoho_id, Vendor.objects.get().zoho_id) == ("7", "8")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets nobody in between")
def test_of_two_who_bring_a_new_record_the_older_news_does_not_win_by_coming_second():
    old = seen("1", {"name": "old"}, modified_at=NOON + seconds(1))
    new = seen("1", {"name": "new"}, modified_at=NOON + seconds(2))
    wrote, results = threading.Event(), []

    def bring_old():
        wrote.wait(10)
        results.extend(bring(old))
        connection.close()

    late = threading.Thread(target=bring_old)
    late.start()
    with transaction.atomic():
        apply_records(BY_MODULE["item"], [new], at=NOON)
        wrote.set()
        late.join(0.5)
        assert results == []
    late.join(10)

    assert outcomes(results) == [("1", "stale")]
    assert Product.objects.get().name == "new"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets nobody in between")
def test_a_child_does_not_miss_the_parent_that_is_just_being_written():
    wrote, results = threading.Event(), []

    def bring_child():
        wrote.wait(10)
        results.extend(bring(invoice("9", "7"), module="invoice"))
        connection.close()

    child = threading.Thread(target=bring_child)
    child.start()
    with transaction.atomic():
        apply_records(BY_MODULE["contact"], [customer("7")], at=NOON)
        wrote.set()
        child.join(0.5)
    child.join(10)

    assert outcomes(results) == [("9", "created")]


# --- gone and events -----------------------------------------------------------------------------


def test_what_is_gone_is_retired_and_comes_alive_when_zoho_has_it_again():
    bring(seen("1", {"name": "A"}))
    bring(seen("1", {}, kind=Kind.GONE, second=1, confirmed=True))
    assert Product.objects.get().retired_at == NOON

    bring(seen("1", {"name": "A"}, kind=Kind.DETAIL, second=2))
    assert Product.objects.get().retired_at is None


def test_domain_events_say_what_changed_and_nothing_is_said_of_what_did_not():
    bring(seen("1", {"name": "A", "rate": 1}))
    bring(seen("1", {"name": "A", "rate": 2}, second=1))
    bring(seen("1", {"name": "A", "rate": 2}, second=2))

    events = list(StoredEvent.objects.order_by("id").values_list("type", flat=True))
    assert events == ["catalog.product.created", "catalog.product.updated"]
    assert StoredEvent.objects.latest("id").data["fields"] == ["base_price"]


def test_what_came_before_is_no_news():
    payload = item("1")["item"]
    bring(seen("1", payload))

    [again] = bring(seen("1", payload, second=1))

    assert again.outcome is Outcome.UNCHANGED


# --- many at once, and wrong times ---------------------------------------------------------------


def many(number, bad):
    """Observations of one item; those at the positions of `bad` have a cost that is no number."""
    return [
        seen(
            "1",
            {"name": f"Name {one}", "rate": one, f"key{one % 40}": one}
            | ({"purchase_rate": "cheap"} if one in bad else {}),
            second=one,
            event=one + 1,
        )
        for one in range(number)
    ]


@pytest.mark.parametrize("bad", [{0}, {500}, {999}, {3, 4, 700}, set(range(1, 1000, 2))])
def test_bad_ones_among_a_thousand_are_found(bad):
    [result] = bring(*many(1000, bad))

    assert {one.event - 1 for one in result.failed} == bad
    assert len(result.judged) == 1000 - len(bad)
    last = max(set(range(1000)) - bad)
    product = Product.objects.get()
    assert (product.name, product.base_price, product.base_cost) == (f"Name {last}", Decimal(last), None)


def test_finding_the_bad_ones_is_little_more_work_than_having_none():
    def effort(bad):
        return calls_during(lambda: bring(*many(1000, bad)))[1]

    bring(*many(1, set()))  # what is done once in a process

    without = effort(set())
    assert effort({500}) < 3 * without
    assert effort(set(range(1, 1000, 2))) < 20 * without


def test_with_and_without_times_the_same_ones_are_bad():
    observations = many(60, {7, 30})
    dated = [
        replace(one, modified_at=None if number % 3 else NOON + seconds(number))
        for number, one in enumerate(observations)
    ]

    [result] = bring(*dated)

    assert {one.event - 1 for one in result.failed} == {7, 30}
    assert Product.objects.get().name == "Name 59"


def test_the_hints_of_what_is_overwritten_are_not_forgotten():
    name, bad, newer = (
        seen("7", {"contact_name": "Ali"}, module="contact", hints={"contact_type": "vendor"}),
        seen("7", {"outstanding_payable_amount": "cheap"}, module="contact", second=1),
        seen("7", {"contact_name": "Omar"}, module="contact", second=2),
    )

    [result] = bring(name, bad, newer, module="contact")

    assert result.failed == (bad,)
    assert Vendor.objects.get().name == "Omar"


def test_when_zohos_record_is_of_an_earlier_time_the_events_are_called_misdated():
    deliver(item("1", rate=9, last_modified_time="2026-03-01T12:05:00+0300"))
    drain()
    wrong = InboxEvent.objects.get()
    assert (wrong.state, wrong.reason, broken_checks()) == ("applied", "", [])

    [result] = bring(
        seen("1", {"name": "A", "rate": 1}, kind=Kind.DETAIL, second=5, modified_at=NOON - seconds(60)), can_fetch=True
    )

    assert result.outcome is Outcome.UPDATED
    assert Product.objects.get().base_price == 1
    wrong.refresh_from_db()
    assert (wrong.state, wrong.reason) == ("applied", MISDATED)
    assert broken_checks() == []


def test_a_time_years_ahead_locks_nothing_out_and_the_audit_knows_it():
    deliver(item("1", rate=9, last_modified_time="2099-03-01T12:00:00+0300"))
    drain()
    deliver(item("1", rate=1, last_modified_time="2026-03-01T12:00:30+0300"), at=NOON + seconds(40))
    drain(NOON + seconds(40))

    assert states() == ["applied", "applied"]
    assert Product.objects.get().base_price == 1
    assert broken_checks() == []


def broken_checks():
    return [check.name for check in audit() if not check.holds]
