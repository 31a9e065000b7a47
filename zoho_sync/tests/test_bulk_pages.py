"""Lists of many pages: read ahead in threads, applied in order, ended where Zoho ends them, believed only as far."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection

from tests.live.waiting import wait_for
from zoho_sandbox import lists
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import bulk
from zoho_sync.client import Priority, configured_client
from zoho_sync.client.ahead import PagesAhead
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import PermanentError
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.tests.conftest import point_at

Mode, Status = SyncRun.Mode, SyncRun.Status
CURRENCY, ITEM, INVOICE, LOCATION = (BY_MODULE[name] for name in ("currency", "item", "invoice", "location"))
ITEMS = 1050


@pytest.fixture
def shop(settings):
    """A company of six pages of items, and of nothing else."""
    with Sandbox(size=Size.scaled(ITEMS, contacts=0)) as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def pages(entity=ITEM, **how):
    return list(configured_client(Priority.FULL).pages(entity, **how))


# --- ahead ------------------------------------------------------------------------------------------


class Book:
    """So many pages; each can be held back."""

    def __init__(self, pages: int, *, held: int = 0) -> None:
        self.pages, self.begun, self.threads = pages, [], set()
        self.all_begun, self.held = threading.Event(), held

    def fetch(self, number: int) -> str:
        self.begun.append(number)
        self.threads.add(threading.current_thread())
        if number > 1 and self.held:
            if len(self.begun) > self.held:
                self.all_begun.set()
            assert self.all_begun.wait(5)
        return f"page {number}"

    def ahead(self, **options) -> PagesAhead:
        return PagesAhead(self.fetch, goes_on=lambda page: page != f"page {self.pages}", **options)


def test_as_far_as_a_list_went_last_time_its_pages_are_fetched_concurrently_and_taken_in_order():
    book = Book(6, held=3)

    with book.ahead(at_once=3, expected=6) as ahead:
        assert [ahead.take(number) for number in range(1, 7)] == [f"page {number}" for number in range(1, 7)]

    assert sorted(book.begun) == [1, 2, 3, 4, 5, 6]
    assert len(book.threads - {threading.current_thread()}) == 3
    assert not any(thread.is_alive() for thread in book.threads - {threading.current_thread()})


def test_where_nothing_is_known_pages_are_fetched_ahead_and_none_in_vain():
    book = Book(9)

    with book.ahead(at_once=4) as ahead:
        assert ahead.take(1) == "page 1"
        wait_for(lambda: book.begun == [1, 2, 3, 4, 5], seconds=5, what="four pages are fetched ahead")
        rest = [ahead.take(number) for number in range(2, 10)]

    assert rest == [f"page {number}" for number in range(2, 10)]
    assert book.begun == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_list_that_has_become_shorter_is_not_asked_for_beyond_what_was_under_way():
    book = Book(3)

    with book.ahead(at_once=4, expected=100) as ahead:
        assert [ahead.take(number) for number in (1, 2, 3)] == ["page 1", "page 2", "page 3"]

    assert max(book.begun) <= 2 + 4


def test_an_error_of_a_page_is_raised_when_its_turn_comes():
    def fetch(number):
        if number == 3:
            raise PermanentError("page 3 is broken")
        return number

    with PagesAhead(fetch, goes_on=lambda page: True, at_once=4, expected=9) as ahead:
        assert (ahead.take(1), ahead.take(2)) == (1, 2)
        with pytest.raises(PermanentError, match="page 3 is broken"):
            ahead.take(3)


def test_without_threads_pages_are_fetched_when_they_are_taken():
    book = Book(3)

    with book.ahead(at_once=1, expected=3) as ahead:
        ahead.take(1)
        assert book.begun == [1]
        ahead.take(2)

    assert book.begun == [1, 2]
    assert book.threads == {threading.current_thread()}


# --- lists ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_list_is_read_once_page_by_page_whatever_is_known_of_its_length(shop):
    for expected, calls in ((None, 6), (ITEMS, 6), (ITEMS + 600, 9)):
        before = shop.calls("/items")

        read = pages(oldest_first=True, expected=expected, at_once=4)

        assert [page.number for page in read] == [1, 2, 3, 4, 5, 6]
        assert [len(page.rows) for page in read] == [200, 200, 200, 200, 200, 50]
        assert len({zoho_id for page in read for zoho_id in page.rows}) == ITEMS
        assert 6 <= shop.calls("/items") - before <= calls


@pytest.mark.django_db(transaction=True)
def test_a_list_is_gone_on_with_behind_what_was_read(shop):
    first = pages()

    rest = pages(first_page=5, known=list(first[3].rows))

    assert [page.number for page in rest] == [5, 6]
    assert [list(page.rows) for page in rest] == [list(page.rows) for page in first[4:]]


@pytest.mark.django_db(transaction=True)
def test_rows_that_move_to_another_page_are_told_once(shop):
    shop.control.fault("drift_created", times=3, path="/items")

    read = pages(newest_first=True, at_once=1)

    ids = [zoho_id for page in read for zoho_id in page.rows]
    assert len(ids) == len(set(ids)) >= ITEMS


@pytest.mark.django_db
def test_a_list_in_order_of_creation_shows_what_is_new_at_its_end(shop):
    (new,) = shop.control.create("item")

    read = pages(oldest_first=True)

    created = [row["created_time"] for page in read for row in page.rows.values()]
    assert created == sorted(created)
    assert list(read[-1].rows)[-1] == new["item_id"]


@pytest.mark.django_db
def test_a_filter_by_time_is_asked_of_the_api_that_has_one(zoho):
    invoices = zoho.control.records("invoice")
    zoho.control.patch("invoice", invoices[2]["invoice_id"], {"notes": "x"})

    read = pages(INVOICE, modified_since=datetime(2026, 11, 1, 6, tzinfo=UTC))

    assert [list(page.rows) for page in read] == [[invoices[2]["invoice_id"]]]
    assert (zoho.calls("/books/v3/invoices"), zoho.calls("/inventory/v1/invoices")) == (1, 0)


@pytest.mark.django_db
def test_a_list_that_does_not_say_whether_it_goes_on_is_refused_with_its_page(zoho):
    zoho.control.fault("no_page_context", path="/items")

    run = bulk.pull(ITEM)

    assert (run.status, run.seen) == (Status.FAILED, 0)
    assert run.error == "/items: the answer does not say whether there are more pages (page 1)"


@pytest.mark.django_db
@pytest.mark.parametrize("entity", [CURRENCY, LOCATION], ids=lambda entity: entity.module)
def test_lists_that_never_say_so_end_where_they_end(zoho, entity):
    run = bulk.pull(entity, mode=Mode.FULL)

    assert (run.status, run.seen, run.calls) == (Status.COMPLETED, 3, 1)


@pytest.mark.django_db(transaction=True)
def test_an_answer_without_its_list_ends_the_run_at_that_page_and_what_was_applied_stays(shop):
    bulk.pull(CURRENCY)
    shop.control.fault("missing_list_key", path="/items", times=1)
    before = bulk.pull(ITEM, mode=Mode.FULL)
    shop.control.fault()

    run = bulk.pull(ITEM, mode=Mode.FULL)

    assert (before.status, before.pages) == (Status.FAILED, 0)
    assert before.error.endswith("(page 1)")
    assert (run.status, run.pages, run.seen, run.created) == (Status.COMPLETED, 6, ITEMS, ITEMS)


@pytest.mark.django_db
def test_a_list_of_active_ones_though_all_were_asked_for_is_told_and_no_reason_to_retire_any(zoho, monkeypatch):
    bulk.pull(ITEM, mode=Mode.FULL)
    monkeypatch.setattr(lists, "_filtered", only_active)

    run = bulk.pull(ITEM, mode=Mode.FULL)

    assert (run.status, run.seen, run.retired, run.calls) == (Status.PARTIAL, 35, 0, 1)
    assert run.error == "/items: all were asked for, and Zoho listed Status.Active only"
    assert ZohoRecord.objects.present().filter(module="item").count() == 60


@pytest.mark.django_db
def test_rows_without_an_id_are_told_and_nothing_is_retired_for_their_sake(zoho):
    bulk.pull(ITEM, mode=Mode.FULL)
    stored = next(iter(zoho.control.world.tables["item"].values()))
    nameless = stored.record.pop("item_id")

    run = bulk.pull(ITEM, mode=Mode.FULL)

    assert (run.status, run.seen, run.failed, run.retired) == (Status.PARTIAL, 59, 1, 0)
    assert run.error == "/items: 1 rows without item_id"
    assert ZohoRecord.objects.present().filter(zoho_id=nameless).exists()


def only_active(world, module, api, query):
    """A Zoho that does as some integrators say: it shows active ones, whatever it is asked for."""
    rows = [stored for stored in world.tables[module.name].values() if stored.record["status"] == "active"]
    return rows, "Status.Active"


# --- whole pulls ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_pull_of_many_pages_brings_each_record_once_and_then_nothing(shop):
    first = bulk.pull(ITEM, mode=Mode.FULL)
    second = bulk.pull(ITEM, mode=Mode.FULL)

    assert (first.status, first.pages, first.seen, first.created, first.calls) == ("completed", 6, ITEMS, ITEMS, 6)
    assert (second.seen, second.unchanged, second.expected, second.calls) == (ITEMS, ITEMS, ITEMS, 6)


@pytest.mark.django_db(transaction=True)
def test_what_did_not_change_costs_the_same_few_statements_however_many_there_are(shop):
    bulk.pull(ITEM, mode=Mode.FULL)
    statements = []

    def count(execute, sql, params, many, context):
        if "zoho_sync_zohorecord" in sql:
            statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        run = bulk.pull(ITEM, mode=Mode.FULL)

    assert run.unchanged == ITEMS
    # For each page a glance and a note of when it was seen; once what to expect, what is missing.
    assert len(statements) <= 2 * 6 + 3
    assert not any('"payload"' in sql for sql in statements)


@pytest.mark.django_db
def test_inside_a_transaction_no_threads_are_started(shop):
    names = []

    def look(execute, sql, params, many, context):
        names.append({thread.name for thread in threading.enumerate()})
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        run = bulk.pull(ITEM, mode=Mode.FULL)

    assert (run.status, run.created) == (Status.COMPLETED, ITEMS)
    assert not any(name.startswith("zoho-page") for seen in names for name in seen)
