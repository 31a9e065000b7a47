"""What a whole list no longer shows: confirmed one by one, retired, and never too much of it at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from commerce.models import Customer
from zoho_sync import bulk, runs
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import Alert, DeadLetter, SyncCursor, SyncRun, ZohoRecord
from zoho_sync.tests.conftest import lift_limits

pytestmark = pytest.mark.django_db
Mode, Status = SyncRun.Mode, SyncRun.Status
CURRENCY, ITEM, CONTACT = (BY_MODULE[name] for name in ("currency", "item", "contact"))


def full(entity=ITEM, **options) -> SyncRun:
    return bulk.pull(entity, mode=Mode.FULL, **options)


def delete(zoho, module, count):
    """Delete so many records without a word; their ids."""
    rows = zoho.control.records(module)[:count]
    ids = sorted(row[f"{module}_id"] for row in rows)
    for zoho_id in ids:
        zoho.control.delete(module, zoho_id, webhook=False)
    return ids


def retired_products() -> list[str]:
    return sorted(Product.objects.filter(retired_at__isnull=False).values_list("zoho_id", flat=True))


def unseen(module, *zoho_ids):
    """As if the list had not shown these records for a day."""
    ZohoRecord.objects.filter(module=module, zoho_id__in=zoho_ids).update(
        observed_at=timezone.now() - timedelta(days=1)
    )


def pull_and_then(happens) -> SyncRun:
    """A full pull; `happens` is called when its list has been read."""

    def track(run):
        if run.checkpoint.get("listed") and not told:
            told.append(run)
            happens()

    told: list[SyncRun] = []
    return full(track=track)


def test_items_that_are_gone_are_found_by_a_full_pull_and_retired_in_one_question(zoho):
    full()
    gone = delete(zoho, "item", 2)

    run = full()

    assert (run.status, run.seen, run.unchanged, run.retired) == (Status.COMPLETED, 58, 58, 2)
    assert retired_products() == gone
    assert set(ZohoRecord.objects.filter(zoho_id__in=gone).values_list("state", flat=True)) == {"gone"}
    assert full().retired == 0


def test_contacts_that_are_gone_are_asked_for_one_by_one(zoho):
    full(CURRENCY)
    full(CONTACT)
    gone = delete(zoho, "contact", 3)

    run = full(CONTACT)

    assert (run.status, run.retired, run.calls) == (Status.COMPLETED, 3, 1 + 3)
    assert Customer.objects.filter(zoho_id__in=gone, retired_at__isnull=False).count() == 3


def test_what_the_list_skipped_but_zoho_still_has_is_brought_up_to_date_instead(zoho, monkeypatch):
    full()
    hidden = zoho.control.records("item")[7]["item_id"]
    zoho.control.patch("item", hidden, {"name": "still here"}, webhook=False)
    unseen("item", hidden)
    table = zoho.control.world.tables["item"]
    kept = table.pop(hidden)

    def show_again():
        table[hidden] = kept

    run = pull_and_then(show_again)

    assert (run.status, run.retired, run.updated) == (Status.COMPLETED, 0, 1)
    assert Product.objects.get(zoho_id=hidden).name == "still here"


@pytest.mark.parametrize(
    "options", [{"active_only": True}, {"with_stock_only": True}, {"mode": Mode.INCREMENTAL}, {"mode": Mode.SINCE}]
)
def test_only_whole_lists_are_swept_with(zoho, options):
    full()
    delete(zoho, "item", 1)

    run = bulk.pull(ITEM, **{"mode": Mode.FULL, "since": timezone.now() - timedelta(days=9999)} | options)

    assert (run.status, run.retired) == (Status.COMPLETED, 0)
    assert retired_products() == []


def test_a_list_that_breaks_off_is_not_swept_with(zoho):
    full()
    delete(zoho, "item", 1)
    zoho.control.fault("missing_list_key", path="/items")

    run = full()

    assert (run.status, run.retired) == (Status.FAILED, 0)
    assert retired_products() == []


def test_a_record_that_cannot_be_mapped_is_not_taken_for_gone(zoho):
    full()
    broken = zoho.control.records("item")[0]["item_id"]
    zoho.control.patch("item", broken, {"rate": "a lot"}, webhook=False)

    run = full()

    assert (run.status, run.failed, run.retired, run.calls) == (Status.PARTIAL, 1, 0, 1)
    assert DeadLetter.objects.get().zoho_id == broken


# --- too much ---------------------------------------------------------------------------------------


def test_more_than_the_safety_share_stops_the_sweep_and_raises_an_alert(zoho):
    full()
    gone = delete(zoho, "item", 4)  # of 60: more than 5 %

    run = full()

    assert (run.status, run.retired, run.failed, run.calls) == (Status.PARTIAL, 0, 0, 1)
    assert run.checkpoint["sweep"] == {"missing": gone, "of": 60}
    assert run.error == (
        "4 of 60 are not in Zoho's list, more than 5 %: nothing was retired; "
        f"look, and go on with sync_zoho --resume {run.pk} --confirm-sweep"
    )
    assert retired_products() == []
    alert = Alert.objects.get(code="sweep_stopped")
    assert (alert.state, alert.severity, alert.detail) == ("open", "critical", run.error)
    assert SyncCursor.objects.get(module="item").run_id is not None


def test_an_empty_list_retires_nothing(zoho):
    full()
    zoho.control.world.tables["item"].clear()

    run = full()

    assert (run.status, run.seen, run.retired, run.calls) == (Status.PARTIAL, 0, 0, 1)
    assert len(run.checkpoint["sweep"]["missing"]) == 60


def test_without_a_word_the_run_stops_there_again(zoho):
    full()
    delete(zoho, "item", 4)
    run = full()

    again = bulk.perform(runs.take(run.pk, resume=True))

    assert (again.status, again.retired) == (Status.PARTIAL, 0)
    assert Alert.objects.get(code="sweep_stopped").count == 2


def test_with_a_persons_word_it_goes_on_and_the_alert_is_resolved(zoho):
    full()
    gone = delete(zoho, "item", 4)
    run = full()
    kept = zoho.control.records("item")[0]["item_id"]
    unseen("item", kept)  # not what the person was shown

    bulk.confirm_sweep(run.pk, by="huda")
    after = bulk.perform(runs.take(run.pk, resume=True))

    assert (after.pk, after.status, after.retired, after.error) == (run.pk, Status.COMPLETED, 4, "")
    assert retired_products() == gone
    assert "sweep" not in after.checkpoint
    assert Alert.objects.get(code="sweep_stopped").state == "resolved"


def test_even_with_a_word_only_what_zoho_does_not_have_is_retired(zoho):
    full()
    rows = zoho.control.world.tables["item"]
    hidden = {zoho_id: rows.pop(zoho_id) for zoho_id in list(rows)[:6]}
    run = full()
    for zoho_id in list(hidden)[:4]:
        rows[zoho_id] = hidden[zoho_id]

    bulk.confirm_sweep(run.pk, by="huda")
    after = bulk.perform(runs.take(run.pk, resume=True))

    assert (after.retired, after.checkpoint.get("sweep")) == (2, None)
    assert retired_products() == sorted(list(hidden)[4:])


def test_a_run_without_a_stopped_sweep_waits_for_no_word(zoho):
    run = full()

    with pytest.raises(runs.NotResumable, match=f"run {run.pk} has no sweep that waits for a word"):
        bulk.confirm_sweep(run.pk, by="huda")


def test_a_sweep_that_a_limit_interrupts_goes_on_where_it_was(zoho):
    full(CURRENCY)
    full(CONTACT)
    gone = delete(zoho, "contact", 3)
    zoho.control.fault("daily_limit", path=f"/contacts/{gone[1]}")

    run = full(CONTACT)
    lift_limits()
    zoho.control.fault()
    after = bulk.perform(runs.take(run.pk, resume=True))

    assert (run.status, run.retired) == (Status.FAILED, 1)
    assert (after.status, after.retired, after.pages) == (Status.COMPLETED, 3, 1)
    assert after.calls == 1 + 2 + 2
