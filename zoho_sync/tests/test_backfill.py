"""The back-fill: what lists leave out is fetched, newest first, day by day, and nothing stands in its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import StockLevel
from commerce.models import Invoice
from zoho_sync import backfill, dead_letters, queue, runs
from zoho_sync.audit import audit
from zoho_sync.backfill.progress import calls_a_day
from zoho_sync.backfill.worklist import Worklist, due
from zoho_sync.entities import ENTITIES
from zoho_sync.models import DeadLetter, SyncQueueItem, SyncRun, ZohoConnection, ZohoRecord
from zoho_sync.models.runs import Turn
from zoho_sync.queue import Work
from zoho_sync.tests.backfilling import counts, fill, open_run, read_list, small_sandbox, without_detail
from zoho_sync.tests.road import deliver, drain

# The threads that fetch see what is committed, and nothing else.
pytestmark = pytest.mark.django_db(transaction=True)
Status = SyncRun.Status


@pytest.fixture
def zoho(settings):
    with small_sandbox(settings) as sandbox:
        yield sandbox


@pytest.fixture
def invoices(zoho):
    """The headers of all invoices, as a list tells them, and their customers."""
    read_list("contact")
    return read_list("invoice")


def audited():
    return {check.name: check.broken for check in audit() if not check.holds}


def next_day():
    ZohoConnection.objects.update(calls_day=timezone.localdate() - timedelta(days=1), zoho_remaining=None)


# --- what it fetches ------------------------------------------------------------------------------


def test_every_module_gets_its_details(zoho):
    lists = {entity.module: read_list(entity.module) for entity in ENTITIES if entity.module != "user"}

    for entity in backfill.entities_with_details():
        ids = lists[entity.module]
        run = fill(entity.module)

        assert (run.status, run.error, run.failed) == (Status.COMPLETED, "", 0)
        assert (run.expected, run.seen, run.checkpoint) == (len(ids), len(ids), {"left": 0}), entity.module
        for record in zoho.control.records(entity.module)[:5]:
            held = ZohoRecord.objects.get(module=entity.module, zoho_id=record[entity.id_key])
            assert held.payload.keys() >= record.keys() & entity.detail_only
    assert {one.to_fetch for one in backfill.progress()} == {0}
    assert audited() == {}


def test_lines_come_with_the_details(zoho, invoices):
    assert not Invoice.objects.filter(lines__isnull=False).exists()

    run = fill()

    assert counts(run) == {"seen": len(invoices), "updated": len(invoices), "calls": len(invoices)}
    for record in zoho.control.records("invoice"):
        assert Invoice.objects.get(zoho_id=record["invoice_id"]).lines.count() == len(record["line_items"])


def test_items_come_a_hundred_at_a_time(zoho):
    read_list("location")
    items = read_list("item")
    before = zoho.calls("itemdetails")

    run = fill("item")

    assert (run.seen, run.calls, zoho.calls("itemdetails") - before) == (len(items), 1, 1)
    assert StockLevel.objects.exists()


def test_only_what_is_missing_or_older_than_its_header_is_fetched(zoho, invoices):
    fill()
    changed, lost = invoices[3], invoices[5]
    zoho.control.patch("invoice", changed, {"notes": "changed"})
    read_list("invoice")
    ZohoRecord.objects.filter(zoho_id=lost).update(detail_at=None)
    assert without_detail() == {changed, lost}

    run = fill()

    assert (run.seen, run.calls, run.updated, run.unchanged) == (2, 2, 1, 1)
    assert without_detail() == set()


def test_the_newest_come_first(zoho, invoices):
    run = fill(limit=3)

    assert (run.status, run.expected, run.seen) == (Status.COMPLETED, 3, 3)
    assert run.checkpoint == {"left": len(invoices) - 3}
    assert set(invoices) - without_detail() == set(invoices[:3])


def test_the_work_list_goes_from_new_to_old_and_ends_with_what_has_no_time(invoices):
    ZohoRecord.objects.filter(zoho_id__in=invoices[:2]).update(modified_at=None)
    same = datetime(2026, 1, 1, tzinfo=UTC)
    ZohoRecord.objects.filter(zoho_id__in=invoices[4:7]).update(modified_at=same)
    dated = list(
        ZohoRecord.objects.filter(module="invoice", modified_at__isnull=False)
        .order_by("-modified_at", "-id")
        .values_list("zoho_id", flat=True)
    )
    timeless = list(
        ZohoRecord.objects.filter(module="invoice", modified_at=None).order_by("-id").values_list("zoho_id", flat=True)
    )
    worklist, walked = Worklist("invoice"), []
    for zoho_id in worklist:
        walked.append(zoho_id)
        # Continued from where it is, it finds the same.
        assert list(Worklist("invoice", worklist.reached)) == [*dated, *timeless][len(walked) :]
    assert walked == [*dated, *timeless]


def test_the_work_list_is_read_from_its_index(invoices):
    ids = iter(Worklist("invoice", (timezone.now(), 5)))
    with CaptureQueriesContext(connection) as captured:
        next(ids)
    [query] = captured
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
            cursor.execute("EXPLAIN " + query["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
            cursor.execute("RESET enable_seqscan; RESET enable_bitmapscan")
        assert "Index Scan Backward using record_without_detail" in plan
        assert "Sort" not in plan
    else:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
            assert any("record_without_detail" in row[-1] for row in cursor.fetchall())


def test_the_queries_do_not_grow_with_what_is_left(zoho, invoices):
    def queries(limit):
        with CaptureQueriesContext(connection) as captured:
            assert fill(limit=limit).seen == limit
        return len(captured)

    few = queries(4)
    assert queries(20) <= few + 2


# --- what stands in its way -----------------------------------------------------------------------


def test_the_share_of_a_day_is_used_and_the_next_day_goes_on(zoho, invoices, settings):
    settings.ZOHO_REQUESTS_PER_DAY = 40
    ZohoConnection.objects.update(calls_today=0)
    assert calls_a_day() == 28

    first = fill()
    again = fill()
    next_day()
    second = fill()

    left = 60 - 28
    assert (first.status, first.seen, first.expected, first.error) == (Status.COMPLETED, 28, 60, "")
    assert first.checkpoint["left"] == left
    assert "this (backfill) may use 28" in first.checkpoint["stopped_by"]
    assert datetime.fromisoformat(first.checkpoint["again_at"]) > timezone.now()
    assert (again.status, again.seen, again.calls) == (Status.COMPLETED, 0, 0)
    assert (second.seen, second.checkpoint["left"]) == (28, 4)
    # Of those that were asked for at the same time when the day was spent, any may have been the last.
    assert set(invoices) - without_detail() >= set(invoices[:50])


def test_after_a_spent_day_nothing_is_begun_before_it_is_over(zoho, invoices, settings):
    settings.ZOHO_REQUESTS_PER_DAY = 10
    fill()

    assert backfill.modules_to_do(at=timezone.now()) == []
    assert "invoice" in backfill.modules_to_do(at=timezone.now() + timedelta(days=2))


def test_the_module_with_the_least_to_do_comes_first(zoho, invoices):
    assert backfill.modules_to_do(at=timezone.now()) == ["contact", "invoice"]
    fill("contact")
    assert backfill.modules_to_do(at=timezone.now()) == ["invoice"]


def test_what_is_gone_from_zoho_is_retired(zoho, invoices):
    zoho.control.delete("invoice", invoices[1], webhook=False)

    run = fill()

    assert (run.status, run.retired, run.updated) == (Status.COMPLETED, 1, len(invoices) - 1)
    assert Invoice.objects.get(zoho_id=invoices[1]).retired_at is not None
    assert ZohoRecord.objects.get(zoho_id=invoices[1]).state == "gone"
    assert audited() == {}


def test_an_item_that_is_gone_keeps_no_other_away(zoho):
    items = read_list("item")
    zoho.control.delete("item", items[7], webhook=False)

    run = fill("item")

    assert (run.status, run.retired, run.failed) == (Status.COMPLETED, 1, 0)
    assert without_detail("item") == set()


def test_a_record_that_fails_is_left_to_the_worker_and_blocks_no_other(zoho, invoices):
    bad = invoices[2]
    zoho.control.fault("internal_error", path=bad)

    run = fill()

    assert (run.status, run.failed, run.updated) == (Status.PARTIAL, 1, len(invoices) - 1)
    assert run.error.startswith(f"{bad}: ")
    job = SyncQueueItem.objects.get()
    assert (job.zoho_id, job.needs_fetch, job.status) == (bad, True, "pending")
    again = fill()
    assert (again.status, again.seen, again.calls) == (Status.COMPLETED, 0, 0)

    zoho.control.faults.clear()
    drain(timezone.now())
    assert without_detail() == set()


def test_a_record_that_cannot_be_mapped_is_a_case_for_a_person_and_not_asked_for_again(zoho, invoices):
    bad = invoices[0]
    zoho.control.world.get("invoice", bad)["line_items"][0]["quantity"] = "many"

    run = fill()

    assert (run.status, run.failed, run.updated) == (Status.PARTIAL, 1, len(invoices) - 1)
    letter = DeadLetter.objects.get()
    assert (letter.zoho_id, letter.error_class, letter.payload["invoice_id"]) == (bad, "MappingError", bad)
    assert fill().seen == 0

    dead_letters.discard(DeadLetter.objects.all(), reason="never mind", by=None, at=timezone.now())
    assert fill().seen == 0
    zoho.control.patch("invoice", bad, {"notes": "changed"})
    read_list("invoice")
    assert fill().seen == 1


def test_an_answer_without_the_record_is_a_case_for_a_person(zoho, invoices, monkeypatch):
    zoho.control.fault("bad_parameter", path=invoices[0])

    run = fill(limit=2)

    assert (run.failed, run.updated) == (1, 1)
    assert (DeadLetter.objects.get().zoho_id, SyncQueueItem.objects.count()) == (invoices[0], 0)


def test_when_everything_fails_it_stops_early(zoho, invoices):
    zoho.control.fault("bad_parameter", path="/invoices/")

    run = fill()

    assert run.status == Status.FAILED
    assert "records in a row failed" in run.error
    assert 20 <= run.failed <= 30 < len(invoices)


@pytest.mark.parametrize("were_fetched", [True, False], ids=["some were fetched", "none was fetched"])
def test_odd_records_at_the_beginning_keep_no_run_from_the_others(zoho, invoices, were_fetched):
    if were_fetched:
        fill(limit=2)
    odd = [zoho_id for zoho_id in invoices if zoho_id in without_detail()][:23]
    for zoho_id in odd:
        zoho.control.fault("bad_parameter", path=zoho_id)

    run = fill()

    assert (run.status, run.failed, run.checkpoint["left"]) == (Status.PARTIAL, 23, 0)
    assert without_detail() == set(odd) == set(DeadLetter.objects.values_list("zoho_id", flat=True))
    assert fill().status == Status.COMPLETED, "they wait for a person"


def test_a_refused_login_fails_the_run(zoho, invoices):
    zoho.control.fault("unauthorized", path="/invoices/")

    run = fill()

    assert (run.status, run.updated, run.failed) == (Status.FAILED, 0, 0)
    assert run.error
    assert SyncQueueItem.objects.count() == DeadLetter.objects.count() == 0


def test_a_limit_that_zoho_ends_soon_is_waited_for(zoho, invoices):
    zoho.control.fault("too_many_at_once", times=1, path="/invoices/")

    run = fill(limit=2)

    assert (run.status, run.updated) == (Status.COMPLETED, 2)


# --- stopping and going on ------------------------------------------------------------------------


def test_what_was_fetched_is_applied_before_a_person_stops_it(zoho, invoices, monkeypatch):
    monkeypatch.setattr("zoho_sync.backfill.running.BATCH_SIZE", 5)

    run = fill(track=lambda one: runs.request_cancel(one.pk))

    assert run.status == Status.CANCELLED
    assert run.seen == run.updated == run.calls == len(set(invoices) - without_detail())
    assert 5 <= run.seen < len(invoices)


def test_a_step_that_has_had_its_time_goes_on_where_it_was(zoho, invoices, monkeypatch):
    monkeypatch.setattr("zoho_sync.backfill.running.BATCH_SIZE", 5)
    run = open_run()
    run.turn = Turn(0.0, queue_again=lambda run: None)

    backfill.perform(run)
    first = run.seen
    assert (run.status, run.seen < len(invoices)) == (Status.QUEUED, True)
    run = backfill.perform(runs.take(run.pk))

    assert first < run.seen == run.expected == run.updated == run.calls == len(invoices)
    assert run.status == Status.COMPLETED


def test_a_run_that_died_is_followed_by_one_that_does_the_rest(zoho, invoices, monkeypatch):
    monkeypatch.setattr("zoho_sync.backfill.running.BATCH_SIZE", 5)

    def die(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(track=die)
    left = len(without_detail())
    assert 0 < left < len(invoices)

    run = fill()

    assert (run.status, run.seen, without_detail()) == (Status.COMPLETED, left, set())


def test_records_that_the_worker_is_about_to_fetch_are_left_to_it(zoho, invoices):
    queue.enqueue([Work(module="invoice", zoho_id=invoices[0], needs_fetch=True)], at=timezone.now())

    assert set(due("invoice").values_list("zoho_id", flat=True)) == set(invoices[1:])


# --- how far it is --------------------------------------------------------------------------------


def test_progress_counts_every_module_in_one_query(zoho, invoices):
    fill(limit=4)
    ZohoRecord.objects.filter(zoho_id=invoices[0]).update(detail_stale=True)
    ZohoRecord.objects.filter(zoho_id=invoices[-1]).update(state="gone")

    with CaptureQueriesContext(connection) as captured:
        found = {one.entity.module: one for one in backfill.progress()}

    assert len(captured) == 1
    invoice, total = found["invoice"], len(invoices) - 1
    assert (invoice.total, invoice.with_detail, invoice.missing, invoice.stale) == (total, 3, total - 4, 1)
    times = dict(ZohoRecord.objects.filter(module="invoice").values_list("zoho_id", "modified_at"))
    assert (invoice.newest, invoice.oldest) == (times[invoices[0]], times[invoices[-2]])
    assert invoice.days == (total - 3) / 7_000 == (total - 3) / calls_a_day()
    assert found["bill"].total == 0
    assert "currency" not in found


def test_items_cost_a_hundredth_of_a_call(zoho):
    items = read_list("item")

    one = next(one for one in backfill.progress() if one.entity.module == "item")

    assert (one.to_fetch, one.days) == (len(items), 1 / 7_000)


# --- partial news ---------------------------------------------------------------------------------


def test_a_record_of_every_kind_is_fetched_by_its_id(zoho):
    chosen = [
        (entity, next(row for row in zoho.control.records(entity.module) if row[entity.id_key] != "-1"))
        for entity in ENTITIES
    ]
    works = [Work(module=one.module, zoho_id=row[one.id_key], needs_fetch=True) for one, row in chosen]
    queue.enqueue(works, at=timezone.now())

    drain(timezone.now())

    for entity, record in chosen:
        held = ZohoRecord.objects.get(module=entity.module, zoho_id=record[entity.id_key])
        assert (held.detail_at is not None, held.detail_stale) == (True, False), entity.module
        assert held.payload.keys() == record.keys()
    assert audited() == {}


@pytest.mark.parametrize(
    "entity", [one for one in ENTITIES if one.webhook_path and one.detail_only], ids=lambda one: one.module
)
def test_a_webhook_that_tells_only_an_id_is_completed_by_a_fetch(zoho, entity):
    record = zoho.control.records(entity.module)[0]
    zoho_id = record[entity.id_key]
    told = {key: record[key] for key in (entity.id_key, *entity.time_keys) if key in record}
    deliver({entity.detail_keys[0]: told}, path=entity.webhook_path, at=timezone.now())

    drain(timezone.now())
    drain(timezone.now() + timedelta(hours=1))

    held = ZohoRecord.objects.get(module=entity.module, zoho_id=zoho_id)
    assert (held.detail_at is not None, held.detail_stale) == (True, False)
    assert held.payload.keys() >= record.keys()
    assert audited() == {}


def test_what_zoho_does_not_let_us_complete_waits_and_is_no_dead_letter(zoho, invoices):
    zoho.control.fault("daily_limit", path="/invoices/")
    deliver({"invoice": {"invoice_id": "999", "total": 5}}, path="invoices", at=timezone.now())

    drain(timezone.now())
    drain(timezone.now() + timedelta(seconds=1))

    job = SyncQueueItem.objects.get()
    assert (job.status, job.attempts, job.needs_fetch) == ("retry", 0, True)
    assert (DeadLetter.objects.count(), audited()) == (0, {})
