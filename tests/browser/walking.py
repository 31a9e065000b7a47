"""Every page of the admin that can be opened, found by walking its addresses, and the words that stand in data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse

from tests.live.processes import ROOT

WORD = re.compile(r"[A-Za-z][a-z]{2,}")
CATALOGUE = ROOT / "locale" / "ar" / "LC_MESSAGES" / "django.mo"
# Not pages: they answer forms, scripts and lookups, or end the session.
NO_PAGES = {"logout", "jsi18n", "autocomplete", "view_on_site", "app_list", "login"}
ROW_NAMES = {"object_id", "pk", "id"}
BESIDES = ("/admin/two-factor/", "/admin/two-factor/enrol/", "/admin/search/?q=hdmi", "/admin/search/?q=qqqq")


def pages(user: User) -> list[str]:
    """Addresses of all pages that this person may open: lists, one row of each table, forms, boards."""
    client = Client()
    client.force_login(user)
    return [address for address in dict.fromkeys([*_addresses(user), *BESIDES]) if _is_page(client, address)]


def name_of(address: str) -> str:
    """What a picture of the page is called."""
    return re.sub(r"[^a-z0-9]+", "-", address.removeprefix("/admin/").lower()).strip("-") or "overview"


@cache
def words_of_translations() -> frozenset[str]:
    """Words in Latin letters that our Arabic texts have on purpose: names, codes, units."""
    with CATALOGUE.open("rb") as file:
        translations: dict[object, str] = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return frozenset(word for key, text in translations.items() if key for word in WORD.findall(_without_fields(text)))


def words_of_data() -> set[str]:
    """Words in Latin letters that are stored: names of goods and people, codes, errors. Our own states are none."""
    found: set[str] = set()
    for model in apps.get_models():
        columns = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField) and not field.choices
        ]
        for row in model._default_manager.values_list(*columns) if columns else ():
            for value in row:
                found.update(WORD.findall(str(value)))
    return found


def _without_fields(text: str) -> str:
    return re.sub(r"%\(\w+\)\w|\{\w*\}|<[^>]*>", " ", text)


def _addresses(user: User) -> Iterator[str]:
    request = RequestFactory().get("/")
    request.user = user
    for label in sorted({model._meta.app_label for model in admin.site._registry}):
        yield reverse("admin:app_list", args=[label])
    for pattern in admin.site.get_urls():
        if isinstance(pattern, URLPattern) and pattern.name and pattern.name not in NO_PAGES:
            yield reverse(f"admin:{pattern.name}")
    for page in admin.site._registry.values():
        row = page.get_queryset(request).order_by("pk").first()
        for pattern in page.get_urls():
            wanted = set(pattern.pattern.converters) if isinstance(pattern, URLPattern) and pattern.name else {""}
            if not wanted or (row is not None and len(wanted) == 1 and wanted <= ROW_NAMES):
                yield reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(wanted, row and row.pk))


def _is_page(client: Client, address: str) -> bool:
    """Whether it is a page of its own: not a file, not the answer to a form, not closed to everybody."""
    answer = client.get(address)
    is_closed = answer.status_code == 403 and address.endswith(("/add/", "/delete/"))
    assert answer.status_code in (200, 302, 405) or is_closed, f"{address}: {answer.status_code}"
    return (
        answer.status_code == 200
        and answer.headers["Content-Type"].startswith("text/html")
        and "Content-Disposition" not in answer.headers
    )
