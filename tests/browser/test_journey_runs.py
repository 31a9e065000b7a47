"""Runs that a person starts, watches and cancels, and a reconciliation that finds and mends what somebody planted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from catalog.models import Product
from commerce.models import Invoice
from tests.browser.journeys import Person, Site
from tests.browser.visitor import SCREENSHOTS
from zoho_sync.models import Difference, Reconciliation, SyncRun

pytestmark = pytest.mark.slow

RUNS = "/admin/zoho_sync/syncrun/"


def start(person: Person, what: str) -> None:
    """Start a full run, as somebody does who fills in the page."""
    person.open(RUNS)
    person.press("Start a sync")
    person.page.locator("#id_what").select_option(what)
    person.page.locator("#id_mode").select_option("full")
    person.press_default()


def test_a_full_sync_is_started_and_watched_to_its_end(person: Person, busy: Site, owner: User) -> None:
    busy.end_runs()
    person.window.log_in(owner)

    start(person, "pull:item")
    if not person.path.endswith("/change/"):
        person.follow("#result_list tbody th a", "/change/")
    person.wait_for_badge("shown_status", person.say("completed"), seconds=120)
    person.window.screenshot(f"run-{person.window.language}")
    person.assert_page_is_in_order()

    run = SyncRun.objects.latest("id")
    assert (run.kind, run.mode, run.status, run.user) == ("pull", "full", "completed", owner)
    assert Product.objects.live().count() == run.seen == len(busy.items())


def test_the_list_of_runs_comes_to_tell_of_their_ends(person: Person, busy: Site, owner: User) -> None:
    busy.end_runs()
    person.window.log_in(owner)

    start(person, "everything")
    page = person.open(RUNS)
    batch = SyncRun.objects.latest("id").batch
    mine = SyncRun.objects.filter(batch=batch)
    busy.wait_for(lambda: not mine.open().exists(), "all runs end", seconds=240)
    page.wait_for_function("() => !document.querySelector('#result_list .badge-busy')", timeout=60_000)
    person.window.screenshot(f"runs-{person.window.language}")
    person.assert_page_is_in_order()

    assert set(mine.values_list("status", flat=True)) == {"completed"}
    assert Invoice.objects.count() == len(busy.zoho.control("list", module="invoice"))


def test_a_run_is_cancelled_while_it_is_under_way(person: Person, busy: Site, owner: User) -> None:
    busy.end_runs()
    person.window.log_in(owner)
    busy.zoho.control("fault", name="slow", seconds=12)

    try:
        start(person, "pull:invoice")
        run = SyncRun.objects.latest("id")
        busy.wait_for(lambda: SyncRun.objects.filter(pk=run.pk, status="running").exists(), "the run begins")
        person.open(f"{RUNS}{run.pk}/change/")
        person.press("Cancel")
        person.confirm()
        person.open(f"{RUNS}{run.pk}/change/")
        person.wait_for_badge("shown_status", person.say("cancelled"))
    finally:
        busy.zoho.control("fault")
    person.window.screenshot(f"run-cancelled-{person.window.language}")
    person.assert_page_is_in_order()
    assert person.find("Resume").is_visible()


def test_a_planted_drift_is_found_and_repaired(person: Person, busy: Site, owner: User) -> None:
    busy.end_runs()
    planted = Product.objects.order_by("pk")[0]
    true_name = planted.name
    Product.objects.filter(pk=planted.pk).update(name="مزروع")
    Difference.objects.all().delete()
    person.window.log_in(owner)

    page = person.open("/admin/zoho_sync/reconciliation/")
    person.press("Reconcile with Zoho")
    page.locator("#id_what").select_option("item")
    person.press_default()
    person.arrive("/change/")
    person.wait_for_badge("shown_state", person.say("finished"), seconds=120)
    person.window.screenshot(f"reconciliation-{person.window.language}")
    person.assert_page_is_in_order()

    report = Reconciliation.objects.latest("id")
    found = Difference.objects.filter(report=report, subject="product", zoho_id=planted.zoho_id)
    busy.wait_for(found.exists, "the difference is found")
    person.follow(".field-leads_to a", "/difference/")
    assert "مزروع" in page.locator("#result_list").inner_text()
    person.window.screenshot(f"differences-{person.window.language}")
    person.assert_page_is_in_order()
    person.choose("pull")
    person.confirm()
    busy.wait_for(lambda: Product.objects.filter(pk=planted.pk, name=true_name).exists(), "the name is put right")
    busy.wait_for(lambda: not found.filter(state="open").exists(), "the difference is marked as repaired")


def test_an_invoice_is_printed_in_arabic(person: Person, busy: Site, owner: User) -> None:
    invoice = Invoice.objects.live().order_by("pk")[0]
    person.window.log_in(owner)

    page = person.open(f"/admin/commerce/invoice/{invoice.pk}/change/")
    person.press("Print")
    if person.window.language == "en":
        page.locator("a[href*='lang=ar']").first.click()
        page.wait_for_load_state("load")

    assert page.evaluate("document.documentElement.dir") == "rtl"
    assert page.evaluate("document.documentElement.lang") == "ar"
    assert invoice.number in page.locator("body").inner_text()
    person.assert_page_is_in_order()
    paper = page.pdf(path=SCREENSHOTS / f"invoice-{person.window.language}.pdf", format="A4", print_background=True)
    assert paper.startswith(b"%PDF")
    page.emulate_media(media="print")
    person.window.screenshot(f"invoice-printed-{person.window.language}")
