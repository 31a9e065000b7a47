"""Stock runs and back-fills: nothing is retired when too much is gone at once, and one odd record harms no other."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.utils import timezone

from catalog.models import Product
from commerce.models import Invoice
from zoho_sync import backfill, bulk, queue, runs, stock
from zoho_sync.bringing import Bringer
from zoho_sync.bulk import details
from zoho_sync.client import Client
from zoho_sync.client.reading import read_item_details
from zoho_sync.entities import BY_MODULE
from zoho_sync.errors import PermanentError, SenselessAnswer
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Alert, DeadLetter, SyncQueueItem, SyncRun, ZohoRecord
from zoho_sync.models.runs import Turn
from zoho_sync.queue import Work
from zoho_sync.safety_share import most_believed
from zoho_sync.stock import fetching
from zoho_sync.stock.fetching import fetch_ahead, fetch_details
from zoho_sync.tests.backfilling import fill, read_list, small_sandbox, without_detail
from zoho_sync.tests.road import deliver, drain
from zoho_sync.tests.test_stock import counts, read_stock, tracked

pytestmark = pytest.mark.django_db(transaction=True)
Mode, Status = SyncRun.Mode, SyncRun.Status
LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


@pytest.fixture
def company(settings):
    """One with more invoices."""
    with small_sandbox(settings) as sandbox:
        yield sandbox


def delete(zoho, module, zoho_ids):
    for zoho_id in zoho_ids:
        zoho.control.delete(module, zoho_id, webhook=False)


def retired(model) -> set[str]:
    return set(model.objects.filter(retired_at__isnull=False).values_list("zoho_id", flat=True))


def odd(monkeypatch, *zoho_ids):
    """Zoho refuses every call for items that names one of these, or, with none named, every call."""
    fetch, calls = Client.fetch_items, []

    def fetch_items(self, item_ids, **how):
        calls.append(len(item_ids))
        if not zoho_ids or set(item_ids) & set(zoho_ids):
            raise PermanentError("/itemdetails: HTTP 400, code 15: an odd id")
        return fetch(self, item_ids, **how)

    monkeypatch.setattr(Client, "fetch_items", fetch_items)
    return calls


@pytest.mark.parametrize(("known", "few", "most"), [(60, 0, 3), (2_000, 3, 100), (10, 3, 3), (10, 0, 0)])
def test_a_share_is_believed_and_a_few_of_a_small_table(settings, known, few, most):
    settings.ZOHO_SWEEP_MAX_SHARE = 0.05

    assert most_believed(known, few=few) == most


# --- too much is gone ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.INCREMENTAL])
def test_a_stock_run_that_finds_too_much_gone_retires_none_and_breaks_off(zoho, mode):
    read_stock()
    kept = [row["item_id"] for row in tracked(zoho)]
    ZohoRecord.objects.filter(module="item").update(detail_at=timezone.now() - timedelta(hours=25))
    delete(zoho, "item", kept[5:45])

    run = read_stock(mode)

    assert (run.status, run.retired, retired(Product)) == (Status.PARTIAL, 0, set())
    assert run.calls < 30  # halving to the end would need 80 and more
    assert run.error == (
        f"4 of {len(kept)} are gone, says Zoho, more than 5 %: nothing was retired; look, and go on with "
        f"sync_stock --resume {run.pk} --confirm-sweep"
    )
    assert (len(run.checkpoint["sweep"]["missing"]), run.checkpoint["sweep"]["of"]) == (4, len(kept))
    alert = Alert.objects.get(code="sweep_stopped")
    assert (alert.fingerprint, alert.severity, alert.detail) == ("sweep_stopped:item", "critical", run.error)
    assert SyncQueueItem.objects.count() == 0


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.INCREMENTAL])
def test_with_a_persons_word_a_stock_run_goes_on_and_retires_them(zoho, mode):
    read_stock()
    kept = [row["item_id"] for row in tracked(zoho)]
    ZohoRecord.objects.filter(module="item").update(detail_at=timezone.now() - timedelta(hours=25))
    delete(zoho, "item", kept[5:25])
    run = read_stock(mode)
    again = stock.perform(runs.take(run.pk, resume=True))

    bulk.confirm_sweep(run.pk, by="huda")
    after = stock.perform(runs.take(run.pk, resume=True))

    assert (again.status, again.retired) == (Status.PARTIAL, 0)
    assert (after.status, after.retired, after.error) == (Status.COMPLETED, 20, "")
    assert retired(Product) == set(kept[5:25])
    assert after.seen == sum(count for name, count in counts(after).items() if name != "seen")
    assert "sweep" not in after.checkpoint
    assert "gone" not in after.checkpoint
    assert Alert.objects.get(code="sweep_stopped").state == "resolved"


def test_a_back_fill_that_finds_too_much_gone_retires_none_until_a_person_gives_his_word(company):
    read_list("contact")
    invoices = read_list("invoice")
    known = len(invoices)
    gone = invoices[: known // 4]
    delete(company, "invoice", gone)

    run = fill()

    assert (run.status, run.retired, retired(Invoice)) == (Status.PARTIAL, 0, set())
    assert "are gone, says Zoho, more than 5 %: nothing was retired" in run.error
    assert run.calls < len(gone) + 10
    assert Alert.objects.get(code="sweep_stopped").fingerprint == "sweep_stopped:invoice"

    bulk.confirm_sweep(run.pk, by="huda")
    after = backfill.perform(runs.take(run.pk, resume=True))

    assert (after.status, after.retired, after.seen) == (Status.COMPLETED, len(gone), known)
    assert (retired(Invoice), without_detail(), after.checkpoint) == (set(gone), set(), {"left": 0})
    assert Alert.objects.get(code="sweep_stopped").state == "resolved"


def test_a_back_fill_of_items_breaks_off_halving(zoho):
    items = read_list("item")
    delete(zoho, "item", items[5:55])

    run = fill("item")

    assert (run.status, run.retired, retired(Product)) == (Status.PARTIAL, 0, set())
    assert run.calls < 30
    assert SyncQueueItem.objects.count() == 0


# --- one is refused -----------------------------------------------------------------------------------


def test_an_item_that_zoho_refuses_is_found_by_halving_and_the_others_are_read(zoho, monkeypatch):
    read_stock()
    kept = [row["item_id"] for row in tracked(zoho)]
    odd(monkeypatch, kept[0])

    run = read_stock()

    assert counts(run) == {"seen": len(kept), "unchanged": len(kept) - 1, "failed": 1}
    assert (run.status, run.error.startswith(f"{kept[0]}: /itemdetails: HTTP 400")) == (Status.PARTIAL, True)
    assert [letter.zoho_id for letter in DeadLetter.objects.all()] == [kept[0]]


def test_neighbours_that_are_refused_are_told_from_a_zoho_that_refuses_all(zoho, monkeypatch):
    ids = [row["item_id"] for row in zoho.control.records("item")]
    calls = odd(monkeypatch, *ids[:10])

    details = fetch_details(backfill.fetching.configured_client(), ids)

    assert (sorted(details.failed), len(details.found)) == (sorted(ids[:10]), 50)
    assert len(calls) < 40


def test_where_every_call_is_refused_it_is_not_the_items(zoho, monkeypatch):
    ids = [row["item_id"] for row in zoho.control.records("item")]
    calls = odd(monkeypatch)

    with pytest.raises(PermanentError, match="an odd id"):
        fetch_details(backfill.fetching.configured_client(), ids)

    assert len(calls) < 25


def test_an_answer_without_items_is_not_asked_for_in_halves():
    class Senseless:
        calls = 0

        def get(self, *request):
            self.calls += 1
            return {"code": 0, "message": "success"}

        def fetch_items(self, item_ids, **how):
            return read_item_details(self, item_ids, **how)

    zoho = Senseless()
    with pytest.raises(SenselessAnswer, match="no items in an answer with code, message"):
        fetch_details(zoho, ["1", "2", "3"])

    assert zoho.calls == 1


def test_a_back_fill_buries_the_item_that_is_refused_alone_and_no_other(zoho, monkeypatch):
    items = read_list("item")
    odd(monkeypatch, items[7])

    run = fill("item")

    assert (run.status, run.failed, run.updated) == (Status.PARTIAL, 1, len(items) - 1)
    assert [letter.zoho_id for letter in DeadLetter.objects.all()] == [items[7]]


def test_a_back_fill_that_is_refused_everything_buries_nothing(zoho, monkeypatch):
    read_list("item")
    odd(monkeypatch)

    run = fill("item")

    assert (run.status, run.failed) == (Status.FAILED, 0)
    assert "an odd id" in run.error
    assert (DeadLetter.objects.count(), SyncQueueItem.objects.count()) == (0, 0)


def test_a_back_fill_that_fails_for_every_record_in_a_row_buries_nothing(company):
    read_list("contact")
    read_list("invoice")
    company.control.fault("bad_parameter", path="/invoices/")

    run = fill()

    assert run.status == Status.FAILED
    assert "records in a row failed" in run.error
    assert (DeadLetter.objects.count(), SyncQueueItem.objects.count()) == (0, 0)


# --- counts, signs of life, stopping ------------------------------------------------------------------


def test_the_counts_of_a_stock_run_that_is_taken_up_again_add_up(zoho):
    bulk.pull(BY_MODULE["item"], mode=Mode.FULL)
    opened = runs.open_run(
        SyncRun.Kind.STOCK, "item", mode=Mode.INCREMENTAL, trigger=SyncRun.Trigger.COMMAND, options={"batch_size": 10}
    )

    def interrupt(run):
        if run.updated == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stock.perform(runs.take(opened.pk), track=interrupt)
    run = stock.perform(runs.take(opened.pk, resume=True))

    kept = len(tracked(zoho))
    assert counts(run) == {"seen": 60, "updated": kept, "skipped": 60 - kept}


def test_a_sign_of_life_is_given_before_a_parent_is_fetched(zoho):
    read_list("currency")
    beats = []
    record = zoho.control.records("invoice")[0]
    told = Observation(
        zoho_id=record["invoice_id"], kind=Kind.DETAIL, payload=record, observed_at=timezone.now(), modified_at=None
    )

    Bringer(beat=lambda: beats.append(1)).bring(BY_MODULE["invoice"], [told])

    assert len(beats) == zoho.calls("/contacts/") + zoho.calls("/items/") + zoho.calls("/locations/") > 0


def test_a_sign_of_life_is_given_when_the_last_one_is_long_ago(zoho):
    opened = runs.open_run(SyncRun.Kind.PULL, "item", mode=Mode.FULL, trigger=SyncRun.Trigger.COMMAND)
    run, shown = runs.take(opened.pk), []
    run.turn = Turn(time.monotonic() + 60, queue_again=lambda run: None, show_life=lambda: shown.append(1))

    runs.keep_alive(run)
    assert shown == []
    run.beat_at = long_ago = timezone.now() - timedelta(seconds=runs.BEAT_SECONDS)
    runs.keep_alive(run)
    runs.keep_alive(run)

    assert shown == [1]
    assert SyncRun.objects.get(pk=run.pk).beat_at > long_ago


def test_whoever_is_interrupted_does_not_wait_for_the_calls_under_way(monkeypatch):
    monkeypatch.setattr(fetching, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(fetching, "LEAVE_SECONDS", 0.2)
    answered, begun = Event(), []

    def fetch(chunk):
        begun.append(chunk)
        return answered.wait(30)

    def interrupt():
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(fetch_ahead(fetch, range(9), at_once=3, beat=interrupt))
    seconds = time.monotonic() - began
    answered.set()

    assert seconds < 10
    assert len(begun) <= 3


# --- records asked for one by one ---------------------------------------------------------------------


def gone_before_it_is_fetched(zoho, monkeypatch, module, zoho_ids):
    """These vanish after the list was read."""
    fetch, left = details.fetch_record, [*zoho_ids]

    def fetch_record(entity, zoho_id, **how):
        delete(zoho, module, left)
        left.clear()
        return fetch(entity, zoho_id, **how)

    monkeypatch.setattr(details, "fetch_record", fetch_record)


def move(zoho, zoho_ids):
    for zoho_id in zoho_ids:
        zoho.control.patch("invoice", zoho_id, {"reference_number": "moved"}, webhook=False)


def test_a_pull_that_finds_too_much_of_its_list_gone_waits_for_a_word(company, monkeypatch):
    invoices = read_list("invoice")
    move(company, invoices)
    gone_before_it_is_fetched(company, monkeypatch, "invoice", invoices[:6])

    run = bulk.pull(BY_MODULE["invoice"], mode=Mode.SINCE, since=LONG_AGO)

    assert (run.status, run.retired, retired(Invoice)) == (Status.PARTIAL, 0, set())
    assert run.error.endswith(f"nothing was retired; look, and go on with sync_zoho --resume {run.pk} --confirm-sweep")
    assert set(run.checkpoint["sweep"]["missing"]) == set(invoices[:6])
    assert Alert.objects.get(code="sweep_stopped").severity == "critical"

    bulk.confirm_sweep(run.pk, by="huda")
    after = bulk.perform(runs.take(run.pk, resume=True))

    assert (after.status, after.error, "sweep" in after.checkpoint) == (Status.COMPLETED, "", False)
    assert Alert.objects.get(code="sweep_stopped").state == "resolved"


def test_a_pull_believes_a_few(company, monkeypatch):
    invoices = read_list("invoice")
    move(company, invoices)
    gone_before_it_is_fetched(company, monkeypatch, "invoice", invoices[:3])

    run = bulk.pull(BY_MODULE["invoice"], mode=Mode.SINCE, since=LONG_AGO)

    assert run.status == Status.COMPLETED
    assert retired(Invoice) == set(invoices[:3])


def ask_for(module, zoho_ids):
    queue.enqueue([Work(module=module, zoho_id=one, needs_fetch=True) for one in zoho_ids], at=timezone.now())
    drain(timezone.now())


def test_a_worker_believes_a_few_and_not_a_wave(company):
    invoices = read_list("invoice")
    assert most_believed(len(invoices), few=3) == 3
    delete(company, "invoice", invoices[:8])

    ask_for("invoice", invoices[:3])
    assert retired(Invoice) == set(invoices[:3])

    ask_for("invoice", invoices[3:5])
    assert retired(Invoice) == set(invoices[:3])
    assert "sync_zoho invoice --full" in Alert.objects.get(code="sweep_stopped").detail
    waiting = SyncQueueItem.objects.filter(zoho_id__in=invoices[3:5])
    assert set(waiting.values_list("status", flat=True)) == {"retry"}
    assert all(job.last_error.startswith("5 of ") for job in waiting)

    ZohoRecord.objects.filter(state="gone").update(gone_at=timezone.now() - timedelta(hours=2))
    ask_for("invoice", invoices[5:7])
    assert invoices[5] in retired(Invoice)


def test_a_wave_of_deletions_that_zoho_tells_of_is_believed(company):
    invoices = read_list("invoice")
    delete(company, "invoice", invoices[:8])
    for zoho_id in invoices[:8]:
        deliver({"invoice": {"invoice_id": zoho_id}}, path="invoices", query={"event": "deleted"})

    drain(timezone.now() + timedelta(seconds=1))

    assert retired(Invoice) == set(invoices[:8])
    assert not Alert.objects.filter(code="sweep_stopped").exists()
