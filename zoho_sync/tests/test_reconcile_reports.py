"""Reports of reconciliations: what they cost, how they are cut off and resumed, their alerts, what people decide."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Product, ProductImage
from commerce.models import Currency, Tax
from zoho_sandbox.server import Sandbox
from zoho_sync import reconcile as reconciling
from zoho_sync import runs, tasks
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import Alert, Difference, Reconciliation, ReconciliationResult, SyncRun, ZohoRecord
from zoho_sync.reconcile import reports
from zoho_sync.reconcile.numbers import Tally, Totals, match_percent
from zoho_sync.reconcile.performing import PROGRESS
from zoho_sync.tests.reconciling import Run, found, last_report, reconcile

__all__ = ["reconcile"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def pulled(zoho: Sandbox) -> Sandbox:
    """A sandbox of which the settings, products and price lists are here, without details."""
    modules = ("currency", "tax", "warehouse", "category", "product", "price-list")
    call_command("sync_zoho", *modules, "--full")
    call_command("sync_stock", "--mode", "full")
    return zoho


def tamper(**changes: Any) -> Product:
    product = Product.objects.order_by("pk").first()
    Product.objects.filter(pk=product.pk).update(**changes)
    return product


# --- the match -------------------------------------------------------------------------------------


def test_the_match_is_weighted() -> None:
    drifts = {"product": 0.1, "customer": 0.0, "vendor": 0.0, "price-list": 0.0, "stock": 0.5, "image": 0.0}

    assert match_percent(drifts) == Decimal("89.5")  # 100 - 30 % of 10 - 15 % of 50
    assert match_percent({"product": 0.1, "tax": 1.0}) == 90
    assert match_percent({"tax": 1.0}) is None
    assert match_percent({"product": 1 / 3_000_000}) < 100


def test_sums_count_unknown_as_nothing_and_differ_exactly() -> None:
    totals = Totals()
    totals.add("total", "IQD 2026-11", theirs=Decimal("0.1"), ours=Decimal("0.3"))
    totals.add("total", "IQD 2026-11", theirs=Decimal("0.2"), ours=None)
    totals.add("total", "USD 2026-11", theirs=Decimal("5E+1"), ours=Decimal("49"))

    assert totals.differing == 1
    assert totals.as_json()[0] == {"name": "total", "key": "USD 2026-11", "theirs": "50", "ours": "49"}
    assert Totals.from_json(totals.as_json()).sums == totals.sums


# --- what it costs -----------------------------------------------------------------------------------


def test_the_cost_is_told_before_and_counted_after(pulled: Sandbox, reconcile: Run) -> None:
    asked = pulled.stats()["requests"] if hasattr(pulled, "stats") else None

    code, out, _ = reconcile("product", "price-list", "--estimate")

    assert code == 0
    rows = [line.split("│")[1:3] for line in out.splitlines() if line.startswith("│")]
    assert [(name.strip(), int(count)) for name, count in rows] == [("product", 2), ("price-list", 8), ("in all", 10)]
    assert not Reconciliation.objects.exists()
    assert asked is None or pulled.stats()["requests"] == asked

    code, out, _ = reconcile("product", "price-list")

    report = last_report()
    assert out.startswith(f"reconciliation #{report.pk}: about 10 API calls\n")
    assert (code, report.calls_estimated, report.calls) == (1, 10, 10)  # the images are not here


def test_the_queries_do_not_grow_with_the_page(pulled: Sandbox) -> None:
    from zoho_sync.reconcile.comparing import Comparison, Told

    comparison, at = reconciling_comparison("item"), timezone.now()
    rows = {row.zoho_id: row.payload for row in ZohoRecord.objects.filter(module="item")}
    told = {zoho_id: Told(zoho_id=zoho_id, row=row, asked_at=at) for zoho_id, row in rows.items()}
    assert isinstance(comparison, Comparison)

    def queries(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            comparison.compare(dict(list(told.items())[:count]))
        return len(captured)

    comparison.compare(told)
    assert queries(5) == queries(60) <= 6


def reconciling_comparison(module: str) -> Any:
    from zoho_sync.reconcile.comparing import Comparison

    return Comparison(BY_MODULE[module])


# --- wrong use and no Zoho -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "unknown: nonsense"),
        (["--resume", "99"], "there is no reconciliation #99"),
        (["--resume", "1", "--repair"], "name nothing else"),
    ],
)
def test_wrong_use_is_told_and_leaves_no_report(zoho: Sandbox, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        call_command("zoho_reconcile", *arguments)

    assert refused.value.returncode == 2
    assert not Reconciliation.objects.exists()


def test_without_a_client_it_says_so_in_one_line(settings: Any) -> None:
    settings.ZOHO_CLIENT_ID = ""

    with pytest.raises(CommandError, match="ZOHO_CLIENT_ID") as refused:
        call_command("zoho_reconcile")

    assert (refused.value.returncode, len(str(refused.value).splitlines())) == (2, 1)
    assert "ZOHO_CLIENT_ID" in tasks.reconcile_if_configured()
    assert not Reconciliation.objects.exists()
    assert not SyncRun.objects.exists()


def test_a_run_that_is_under_way_is_not_disturbed(zoho: Sandbox) -> None:
    other = runs.open_run(SyncRun.Kind.RECONCILE, "tax", mode=SyncRun.Mode.FULL, trigger=SyncRun.Trigger.SCHEDULE)

    with pytest.raises(CommandError, match=f"already under way: run {other.pk}") as refused:
        call_command("zoho_reconcile")

    assert refused.value.returncode == 2
    assert not Reconciliation.objects.exists()


# --- cut off -------------------------------------------------------------------------------------------


def test_one_that_is_cut_off_says_so_and_can_be_resumed(pulled: Sandbox, reconcile: Run) -> None:
    product = tamper(brand="tampered")
    pulled.control.fault("missing_list_key", path="/pricebooks")

    code, out, err = reconcile("tax", "product", "price-list")

    report = last_report()
    assert (code, report.state, report.match) == (1, "cut_off", None)
    assert f"go on with: manage.py zoho_reconcile --resume {report.pk}" in err
    assert "price-list (cut off)" in out
    assert report.results.get(subject="price-list").is_complete is False
    assert "none of pricebooks" in report.results.get(subject="price-list").note

    pulled.control.fault()
    calls = report.calls
    code, out, err = reconcile("--resume", str(report.pk))

    report.refresh_from_db()
    assert (code, report.state) == (1, "finished")
    assert report.calls == calls + 8  # what was done is not done again
    assert all(one.is_complete for one in report.results.all())
    assert ("product", product.zoho_id, "different", "brand") in found()
    with pytest.raises(CommandError, match="is finished"):
        call_command("zoho_reconcile", "--resume", str(report.pk))


def test_a_run_that_is_stopped_between_two_pages_goes_on_there(zoho: Sandbox, monkeypatch: Any) -> None:
    monkeypatch.setattr("zoho_sync.client.reading.PER_PAGE", 20)
    call_command("sync_zoho", "product", "--full")
    report = reconciling.open_report([BY_MODULE["item"]])
    first = tamper(brand="tampered")
    run = begin(report, "item")

    def stop_after_two(run: SyncRun) -> None:
        if run.pages == 1:
            runs.request_cancel(run.pk)

    reconciling.perform(run, track=stop_after_two)

    assert run.status == "cancelled"
    assert report.state == "cut_off"
    assert report.results.get(subject="product").compared == 40
    assert run.checkpoint[PROGRESS]["page"] == run.pages

    resumed = runs.take(run.pk, resume=True)
    pages_before = resumed.pages
    reconciling.perform(resumed)

    report.refresh_from_db()
    result = report.results.get(subject="product")
    assert (resumed.status, report.state) == ("completed", "finished")
    assert (resumed.pages, pages_before) == (3, 2)
    assert (result.theirs, result.ours, result.compared, result.different) == (60, 60, 60, 1)
    assert report.differences.get(field="brand").zoho_id == first.zoho_id


def begin(report: Reconciliation, module: str, **options: Any) -> SyncRun:
    opened = runs.open_run(
        SyncRun.Kind.RECONCILE,
        module,
        mode=SyncRun.Mode.FULL,
        trigger=SyncRun.Trigger.COMMAND,
        options=options,
        batch=report.batch,
    )
    return runs.take(opened.pk)


def test_a_run_that_died_begins_its_module_anew(pulled: Sandbox) -> None:
    report = reconciling.open_report([BY_MODULE["tax"]])
    run = begin(report, "tax")
    Difference.objects.create(report=report, module="tax", subject="tax", zoho_id="1", kind="missing")
    SyncRun.objects.filter(pk=run.pk).update(status="failed", token=None)
    assert report.state == "cut_off"

    reconciling.perform(runs.take(run.pk, resume=True))

    report.refresh_from_db()
    assert report.state == "finished"
    assert not report.differences.exists()


# --- what is found while things move --------------------------------------------------------------------


def test_what_we_heard_after_the_list_was_asked_for_is_no_difference(pulled: Sandbox) -> None:
    from zoho_sync.reconcile.comparing import Comparison, Told

    row = ZohoRecord.objects.filter(module="item").first()
    product = Product.objects.get(zoho_id=row.zoho_id)
    listed = {**row.payload, "rate": Decimal("1.11")}
    earlier = Told(zoho_id=row.zoho_id, row=listed, asked_at=row.observed_at - timedelta(seconds=1))
    later = Told(zoho_id=row.zoho_id, row=listed, asked_at=row.observed_at + timedelta(seconds=1))

    def fields(told: Told) -> list[tuple[str, str, str]]:
        compared = Comparison(BY_MODULE["item"]).compare({row.zoho_id: told})
        return [(one.field, one.theirs, one.ours) for one in compared[row.zoho_id].found]

    assert fields(earlier) == []
    assert fields(later) == [("base_price", "1.11", f"{product.base_price.normalize():f}")]


def test_a_record_that_cannot_be_read_is_unreadable_and_harms_no_other(pulled: Sandbox, reconcile: Run) -> None:
    one, two = (row["tax_id"] for row in pulled.control.records("tax")[:2])
    pulled.control.patch("tax", one, {"tax_percentage": "a lot"}, webhook=False)
    pulled.control.patch("tax", two, {"tax_name": "renamed"}, webhook=False)

    code, _, _ = reconcile("tax")

    assert code == 1
    assert found() == {("tax", one, "unreadable", ""), ("tax", two, "different", "name")}
    assert "tax_percentage: 'a lot' is not a number" in last_report().differences.get(kind="unreadable").theirs


def test_a_list_that_is_not_whole_does_not_show_what_is_extra(pulled: Sandbox, reconcile: Run) -> None:
    stored = next(iter(pulled.control.world.tables["item"].values()))
    nameless = stored.record.pop("item_id")

    code, _, err = reconcile("product", "--repair")

    assert code == 1
    assert "page 1: 1 rows without item_id" in err
    assert [row for row in found() if row[2] == "extra"] == []
    assert Product.objects.get(zoho_id=nameless).retired_at is None
    assert last_report().results.get(subject="product").is_complete is False


# --- alerts --------------------------------------------------------------------------------------------


@pytest.mark.lesson("L19")
def test_drift_over_tolerance_raises_one_alert_that_resolves_by_itself(pulled: Sandbox, reconcile: Run) -> None:
    product = tamper(brand="tampered")

    reconcile("product")
    assert not Alert.objects.filter(
        fingerprint="drift:product"
    ).exists()  # what has just changed is right the next time
    for _ in range(3):
        reconcile("product")

    alert = Alert.objects.get(fingerprint="drift:product")
    assert (alert.state, alert.severity, alert.count) == ("open", "warning", 3)
    assert alert.detail.startswith("1 of 60 differ (1.7 %): 0 missing here, 0 extra here, 1 different")
    Product.objects.filter(pk__in=Product.objects.order_by("pk").values("pk")[:5]).update(brand="tampered")
    reconcile("product")
    alert.refresh_from_db()
    assert (alert.severity, alert.count) == ("critical", 4)

    reconcile("product", "--repair")

    alert.refresh_from_db()
    assert alert.state == "resolved"
    product.refresh_from_db()
    assert product.brand != "tampered"


def test_critical_drift_is_told_at_once(pulled: Sandbox, reconcile: Run) -> None:
    Product.objects.filter(pk__in=Product.objects.order_by("pk").values("pk")[:5]).update(brand="tampered")

    reconcile("product")

    assert Alert.objects.get(fingerprint="drift:product").severity == "critical"


def test_a_comparison_that_was_not_whole_ends_no_alert(pulled: Sandbox, reconcile: Run) -> None:
    Product.objects.filter(pk__in=Product.objects.order_by("pk").values("pk")[:5]).update(brand="tampered")
    reconcile("product")
    result = last_report().results.get(subject="product")
    result.different, result.is_complete = 0, False

    reports.tell_of_drift([result], at=timezone.now())

    assert Alert.objects.get(fingerprint="drift:product").state == "open"


# --- images --------------------------------------------------------------------------------------------


def test_images_that_are_not_here_are_missing_and_repair_brings_them(pulled: Sandbox, reconcile: Run) -> None:
    with_image = {row["item_id"] for row in pulled.control.records("item") if row.get("image_document_id")}
    assert with_image

    reconcile("product")

    assert found() == {("image", zoho_id, "missing", "image") for zoho_id in with_image}

    code, _, _ = reconcile("product", "--repair")

    assert (code, found("open")) == (0, set())
    assert ProductImage.objects.exclude(zoho_document_id="").count() == len(with_image)
    assert last_report().results.get(subject="image").drift == 0
    changed = sorted(with_image)[0]
    pulled.control.picture(changed)
    call_command("sync_zoho", "product")
    reconcile("product")
    assert found() == {("image", changed, "different", "image")}


def test_a_product_that_repair_brings_gets_its_image_too(pulled: Sandbox, reconcile: Run) -> None:
    reconcile("product", "--repair")
    item = next(row for row in pulled.control.records("item") if row.get("image_document_id"))
    new = pulled.control.put("item", {**item, "item_id": "460000008888888", "sku": ""}, webhook=False)["item_id"]

    code, _, _ = reconcile("product", "--repair")

    assert (code, found()) == (0, {("product", new, "missing", ""), ("image", new, "missing", "image")})
    assert found("open") == set()
    assert last_report().results.get(subject="image").unsettled == 0


# --- what people decide ----------------------------------------------------------------------------------


def test_an_accepted_difference_counts_as_equal_until_a_value_changes(pulled: Sandbox, reconcile: Run) -> None:
    Tax.objects.filter(pk=Tax.objects.order_by("pk").first().pk).update(name="ours")
    reconcile("tax")
    person = User.objects.create(username="somebody")

    accepted = reconciling.accept(last_report().differences.all(), by=person, reason="on purpose", at=timezone.now())

    assert accepted == 1
    code, _, _ = reconcile("tax")
    assert code == 0
    assert len(found("accepted")) == 1
    assert last_report().results.get().drift == 0
    Tax.objects.filter(name="ours").update(name="other")
    assert reconcile("tax")[0] == 1


def test_chosen_differences_are_pulled_and_marked(pulled: Sandbox, reconcile: Run) -> None:
    product = tamper(brand="tampered", base_price=Decimal("1.11"))
    Tax.objects.filter(pk=Tax.objects.order_by("pk").first().pk).update(name="ours")
    gone = Currency.objects.create(zoho_id="460000001111111", code="ZZZ")
    Currency.objects.filter(pk=gone.pk).update(created_at=timezone.now() - timedelta(days=1))
    reconcile("tax", "product", "currency")
    wanted = Difference.objects.exclude(subject="image").filter(state="open")

    opened = tasks.repair_differences(wanted, user=User.objects.create(username="somebody"))

    assert [run.module for run in opened] == ["currency", "tax", "item"]
    for run in opened:
        tasks.perform_run(run.pk)
    assert set(SyncRun.objects.filter(mode="chosen").values_list("status", flat=True)) == {"completed"}
    assert {(one.subject, one.state) for one in Difference.objects.exclude(subject="image")} == {
        *(("currency", "repaired"), ("tax", "repaired"), ("product", "repaired")),
    }
    product.refresh_from_db()
    assert product.brand != "tampered"
    gone.refresh_from_db()
    assert gone.retired_at is not None
    assert found("open") == {row for row in found() if row[0] == "image"}


# --- by itself -------------------------------------------------------------------------------------------


def test_the_nightly_task_compares_everything_and_forgets_old_differences(zoho: Sandbox, settings: Any) -> None:
    old = Reconciliation.objects.create(started_at=timezone.now() - timedelta(days=91), modules=["tax"])
    for state in ("open", "accepted"):
        Difference.objects.create(report=old, module="tax", subject="tax", zoho_id="1", kind="missing", state=state)
    ReconciliationResult.objects.create(report=old, module="tax", subject="tax")

    told = tasks.reconcile_if_configured()

    report = last_report()
    assert told == f"report {report.pk}"
    assert report.modules == [entity.module for entity in BY_MODULE.values()]
    assert report.state == "under_way"
    assert tasks.reconcile_if_configured() == "under way already"
    assert Reconciliation.objects.count() == 2
    assert [one.state for one in old.differences.all()] == ["accepted"]
    assert old.results.count() == 1
    for run in SyncRun.objects.filter(batch=report.batch).order_by("pk"):
        tasks.perform_run(run.pk)
    report.refresh_from_db()
    assert (report.state, report.trigger) == ("finished", "schedule")
    assert report.match == 0  # nothing was ever pulled
    tally = Tally(**{name: getattr(report.results.get(subject="product"), name) for name in vars(Tally())})
    assert (tally.theirs, tally.ours, tally.missing, tally.compared) == (60, 0, 60, 60)
