"""The pages that everybody comes by: login, overview, search, and the ways between them."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User

from tests.browser.visitor import DESK, PHONE

# Twenty seconds are long for a test: the page is told to look every half second, before its scripts run.
QUICKLY = """document.addEventListener("DOMContentLoaded", () => {
  document.querySelector("[data-live]")?.setAttribute("data-live-seconds", "0.5");
});"""
LOOKS = [
    pytest.param(language, scheme, size, id=f"{language}-{scheme}-{name}")
    for language in ("ar", "en")
    for scheme in ("light", "dark")
    for size, name in ((DESK, "desk"), (PHONE, "phone"))
]


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_the_pages_of_everybody_look_right(visitor, owner, language, scheme, size):
    window = visitor(language=language, scheme=scheme, size=size)
    look = f"{language}-{scheme}-{size[0]}"

    window.open_page("/admin/login/")
    window.screenshot(f"login-{look}")
    window.assert_no_axe_findings()
    window.assert_no_sideways_scroll()

    window.log_in(owner)
    for name, path in (
        ("overview", "/admin/"),
        ("dashboard", "/admin/zoho_sync/dashboard/"),
        ("search", "/admin/search/?q=hdmi"),
        ("nothing-found", "/admin/search/?q=qqqq"),
        ("products", "/admin/catalog/product/"),
    ):
        page = window.open_page(path)
        window.screenshot(f"{name}-{look}")
        window.assert_no_sideways_scroll()
        if name != "products":  # its own tests look at it
            window.assert_no_axe_findings()
        assert page.evaluate("getComputedStyle(document.body).direction") == ("rtl" if language == "ar" else "ltr")
    window.assert_no_csp_or_foreign_requests()


def test_somebody_logs_in_with_a_password(visitor, owner):
    page = visitor().open_page("/admin/")

    page.get_by_label("Username").fill("owner")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()

    assert page.get_by_role("heading", level=1).inner_text() == "Overview"


def test_a_slash_leads_to_the_search_and_finds(visitor, owner):
    window = visitor()
    window.log_in(owner)
    page = window.open_page("/admin/")

    page.keyboard.press("/")
    page.keyboard.type("شاحن ايفون")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    page.get_by_role("link", name="شاحن آيفون 20 واط أصلي").click()

    assert re.search(r"/admin/catalog/product/\d+/change/$", page.url)


def test_the_first_tab_stop_skips_to_the_content(visitor, owner):
    window = visitor()
    window.log_in(owner)
    page = window.open_page("/admin/")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content-start"


def test_the_menu_opens_on_a_phone_and_leads_on(visitor, owner):
    window = visitor(size=PHONE)
    window.log_in(owner)
    page = window.open_page("/admin/")
    menu = page.get_by_role("navigation", name="Menu")
    assert not menu.is_visible()

    page.get_by_role("button", name="Menu").click()
    assert menu.is_visible()
    window.screenshot("menu-phone")
    window.assert_no_axe_findings()
    menu.get_by_role("link", name="Invoices").click()

    assert page.url.endswith("/admin/commerce/invoice/")


def test_the_overview_refreshes_itself_until_it_is_paused(visitor, owner):
    window = visitor()
    window.log_in(owner)
    window.page.add_init_script(QUICKLY)
    page = window.open_page("/admin/")
    table = page.locator("#calls-table")
    table.locator("summary").click()
    page.locator("h1").click()  # what is being used is left alone

    with page.expect_response(lambda answer: answer.url.endswith("/admin/")):
        pass
    page.wait_for_timeout(300)
    assert table.get_attribute("open") is not None

    page.get_by_role("button", name="Pause refreshing").click()
    page.wait_for_timeout(500)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == []
    assert page.get_by_role("button", name="Refresh by itself").get_attribute("aria-pressed") == "true"

    page.get_by_role("button", name="Refresh by itself").click()
    with page.expect_response(lambda answer: answer.url.endswith("/admin/")):
        pass


@pytest.mark.parametrize("language", ["ar", "en"])
def test_everything_is_there_without_javascript(visitor, owner, language):
    window = visitor(language=language, size=PHONE, javascript=False)
    window.log_in(owner)

    page = window.open_page("/admin/")
    assert page.locator("figure.chart svg").count() == 5
    assert page.locator("[data-live-pause]").is_hidden()
    page.locator("#global-search").fill("INV-000077")
    page.locator(".global-search button").click()
    page.get_by_role("link", name="INV-000077").click()

    assert "/admin/commerce/invoice/" in page.url


def test_a_lesser_role_sees_its_own_part_only(visitor, machine):
    user = User.objects.create_user("seller", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Sales"))
    window = visitor()
    window.log_in(user)

    page = window.open_page("/admin/")
    shown = page.get_by_role("navigation", name="Menu").inner_text()
    assert "Invoices" in shown
    assert "Dead letters" not in shown
    assert page.locator("#sync-health").count() == 0
    assert page.locator("#business .tile").count() == 3
    window.screenshot("overview-sales")
    window.open_page("/admin/zoho_sync/dashboard/", status=403)
