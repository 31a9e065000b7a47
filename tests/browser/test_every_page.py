"""Every page of the admin in a real browser: nothing forbidden, foreign, too wide, unreadable or untranslated on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from catalog.models import Product
from commerce.models import Customer, Invoice
from tests.browser.visitor import DESK, PHONE, Visitor
from tests.browser.walking import name_of, pages, words_of_data, words_of_translations
from zoho_sync.models import Alert, DeadLetter, InboxEvent

pytestmark = pytest.mark.slow

LOOKS = [
    pytest.param(language, scheme, size, id=f"{language}-{scheme}-{name}")
    for language in ("ar", "en")
    for scheme in ("light", "dark")
    for size, name in ((DESK, "desk"), (PHONE, "phone"))
]


def key_pages() -> dict[str, str]:
    """The twelve pages that people live in."""
    rows = {"event": InboxEvent, "dead-letter": DeadLetter, "alert": Alert}
    rows |= {"product": Product, "customer": Customer, "invoice": Invoice}
    lists = {"inbox": "zoho_sync_inboxevent", "queue": "zoho_sync_syncqueueitem", "runs": "zoho_sync_syncrun"}
    lists |= {"dead-letters": "zoho_sync_deadletter", "products": "catalog_product"}
    shown = {"overview": "/admin/"} | {name: reverse(f"admin:{page}_changelist") for name, page in lists.items()}
    for name, model in rows.items():
        row = model._default_manager.order_by("pk")[0]
        shown[name] = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
    return shown


def each(window: Visitor, addresses: list[str], look: Callable[[str], None]) -> None:
    """Open every page and look at it; all that is wrong is told together at the end."""
    wrong = []
    for address in addresses:
        try:
            window.open_page(address)
            look(address)
        except AssertionError as error:
            wrong.append(f"{address}\n{error}")
    assert not wrong, f"{len(wrong)} of {len(addresses)} pages\n" + "\n\n".join(wrong)


@pytest.mark.parametrize(("language", "scheme", "size"), LOOKS)
def test_the_key_pages_look_right(visitor, owner: User, language, scheme, size) -> None:
    window = visitor(language=language, scheme=scheme, size=size)
    window.log_in(owner)
    shown = key_pages()
    assert len(shown) == 12
    names = {address: name for name, address in shown.items()}

    def look(address: str) -> None:
        window.screenshot(f"key-{names[address]}-{language}-{scheme}-{size[0]}")
        direction = window.page.evaluate("getComputedStyle(document.body).direction")
        assert direction == ("rtl" if language == "ar" else "ltr")
        window.assert_no_sideways_scroll()
        window.assert_no_axe_findings()

    each(window, [*names], look)
    window.assert_no_csp_or_foreign_requests()


@pytest.mark.parametrize(("language", "size"), [("ar", DESK), ("en", PHONE)], ids=["ar-desk", "en-phone"])
def test_every_page_is_in_order(visitor, owner: User, language, size) -> None:
    window = visitor(language=language, size=size)
    window.log_in(owner)

    def look(address: str) -> None:
        if language == "ar":
            window.screenshot(f"page-{name_of(address)}")
        window.assert_no_csp_or_foreign_requests()
        window.assert_no_sideways_scroll()
        window.assert_no_axe_findings()

    each(window, pages(owner), look)


def test_no_page_has_english_words_in_arabic(visitor, owner: User, site: str) -> None:
    """Until every text of a change is in the compiled catalogue, this tells which are not."""
    window = visitor(language="ar")
    window.log_in(owner)
    known = sorted(words_of_data() | words_of_translations())

    each(window, pages(owner), lambda address: window.assert_no_latin_words(known))


def test_every_page_works_without_javascript(visitor, owner: User, site: str) -> None:
    window = visitor(language="en", size=PHONE, javascript=False)
    window.log_in(owner)

    def look(address: str) -> None:
        content = window.page.locator("#content, main").first
        assert content.is_visible()
        assert content.inner_text().strip()
        assert window.page.get_by_role("heading", level=1).first.inner_text().strip()

    each(window, pages(owner), look)
    window.assert_no_csp_or_foreign_requests()
