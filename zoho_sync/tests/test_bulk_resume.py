"""A pull that stopped in the middle goes on there: no page twice, no record counted twice."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from catalog.models import Product
from zoho_sandbox.server import Sandbox
from zoho_sandbox.world.build import Size
from zoho_sync import bulk, runs
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import SyncCursor, SyncRun, ZohoRecord
from zoho_sync.tests.conftest import point_at

pytestmark = pytest.mark.django_db(transaction=True)
Mode, Status = SyncRun.Mode, SyncRun.Status
ITEM = BY_MODULE["item"]
ITEMS, PAGES = 1050, 6


@pytest.fixture(scope="module")
def company():
    with Sandbox(size=Size.scaled(ITEMS, contacts=0)) as sandbox:
        yield sandbox


@pytest.fixture
def shop(company, settings):
    """Six pages of items."""
    point_at(company, settings)
    yield company
    company.control.fault()


def stop_after(pages):
    """What a pull tells its progress to: Ctrl-C when it has applied so many pages."""

    def track(run):
        if run.pages == pages:
            raise KeyboardInterrupt

    return track


def interrupted(pages) -> SyncRun:
    with pytest.raises(KeyboardInterrupt):
        bulk.pull(ITEM, mode=Mode.FULL, track=stop_after(pages))
    return SyncRun.objects.latest("id")


def resume(run) -> SyncRun:
    return bulk.perform(runs.take(run.pk, resume=True))


def test_an_interrupted_run_is_cancelled_and_goes_on_behind_its_last_page(shop):
    run = interrupted(3)
    asked = shop.calls("/items")

    after = resume(run)

    assert (run.status, run.error, run.pages, run.seen) == (Status.CANCELLED, "stopped by hand", 3, 600)
    assert (after.pk, after.status, after.pages) == (run.pk, Status.COMPLETED, PAGES)
    assert (after.seen, after.created, after.unchanged) == (ITEMS, ITEMS, 0)
    assert shop.calls("/items") - asked == 1 + PAGES - 3, "the last page again, in case others have moved onto it"
    assert Product.objects.count() == ITEMS
    assert SyncCursor.objects.get(module="item").run_id == run.pk


def test_a_page_that_was_applied_but_not_counted_is_counted_as_what_it_was(shop):
    reports = []

    def die_after_the_fourth_page(execute, sql, params, many, context):
        if sql.startswith('UPDATE "zoho_sync_syncrun"') and '"pages"' in sql:
            reports.append(sql)
            if len(reports) == 5:  # the first says that it began
                raise KeyboardInterrupt
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die_after_the_fourth_page), pytest.raises(KeyboardInterrupt):
        bulk.pull(ITEM, mode=Mode.FULL)
    SyncRun.objects.update(pages=3, seen=600, created=600, checkpoint=with_page(3))  # as the database had it
    assert Product.objects.count() == 800

    after = resume(SyncRun.objects.get())

    assert (after.pages, after.seen, after.created, after.updated, after.unchanged) == (PAGES, ITEMS, ITEMS, 0, 0)


def with_page(number):
    """The checkpoint as it was behind that page."""
    shown = ZohoRecord.objects.order_by("pk").values_list("zoho_id", flat=True)[200 * (number - 1) : 200 * number]
    return {**SyncRun.objects.get().checkpoint, "page": number, "last": list(shown)}


@pytest.mark.parametrize("deleted", [3, 450], ids=["a few", "more than two pages"])
def test_rows_that_moved_to_an_earlier_page_meanwhile_are_not_missed(settings, deleted):
    with Sandbox(size=Size.scaled(ITEMS, contacts=0)) as shop:
        point_at(shop, settings)
        run = interrupted(3)
        for zoho_id in Product.objects.order_by("pk").values_list("zoho_id", flat=True)[:deleted]:
            shop.control.delete("item", zoho_id, webhook=False)

        run = resume(run)

        here = set(Product.objects.values_list("zoho_id", flat=True))
        assert {record["item_id"] for record in shop.control.records("item")} <= here
        assert (run.status, run.seen) == (Status.COMPLETED, ITEMS)


def test_the_sweep_after_a_resumed_list_believes_what_was_seen_before_the_break(shop):
    bulk.pull(ITEM, mode=Mode.FULL)
    gone = shop.control.create("item")[0]["item_id"]
    bulk.pull(ITEM, mode=Mode.FULL)
    shop.control.delete("item", gone)
    run = interrupted(4)

    after = resume(run)

    assert (after.status, after.seen, after.unchanged, after.retired) == (Status.COMPLETED, ITEMS, ITEMS, 1)
    assert Product.objects.get(zoho_id=gone).retired_at is not None


def test_a_run_that_is_cancelled_from_elsewhere_stops_after_its_page(shop):
    def cancel(run):
        if run.pages == 2:
            assert runs.request_cancel(run.pk)

    run = bulk.pull(ITEM, mode=Mode.FULL, track=cancel)
    after = resume(run)

    assert (run.pages, run.seen, run.finished_at is not None) == (3, 600, True)
    assert (after.status, after.seen, after.created) == (Status.COMPLETED, ITEMS, ITEMS)


def test_an_answer_that_is_none_ends_the_run_at_its_page_and_the_rest_comes_later(shop):
    def break_the_list(run):
        if run.pages == 1:  # four more may be under way already, the sixth is not
            shop.control.fault("missing_list_key", path="/items")

    run = bulk.pull(ITEM, mode=Mode.FULL, track=break_the_list)
    applied = Product.objects.count()
    shop.control.fault()
    after = resume(run)

    assert run.status == Status.FAILED
    assert re.match(r"/items: none of items in an answer with .* \(page [2-6]\)$", run.error)
    assert applied == run.pages * 200 >= 200
    assert (after.status, after.seen, after.created, after.retired) == (Status.COMPLETED, ITEMS, ITEMS, 0)
