"""What an admin page offers, in the English words that staff read: for the table in docs/operations.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.db.models import Model

OURS = ("catalog.", "commerce.", "tsh_erp.", "zoho_sync.")


def ours() -> list[ModelAdmin[Any]]:
    """The admin pages that this project wrote."""
    pages = admin.site._registry.values()
    return sorted(
        (page for page in pages if type(page).__module__.startswith(OURS)),
        key=lambda page: (page.opts.app_label, str(page.opts.verbose_name_plural)),
    )


def label(page: ModelAdmin[Any], name: Any) -> str:
    asked = getattr(page.form, "declared_fields", {})  # what a form asks for besides the model's columns
    return str(asked[name].label if name in asked else label_for_field(name, page.model, page))


def columns(page: ModelAdmin[Any]) -> list[str]:
    return [label(page, name) for name in page.list_display]


def filters(page: ModelAdmin[Any]) -> list[str]:
    return [_filter_title(page, one) for one in page.list_filter]


def _filter_title(page: ModelAdmin[Any], one: Any) -> str:
    if isinstance(one, type):
        return str(one.title)
    return " ".join(_words(page.model, one if isinstance(one, str) else one[0]))


def searches(page: ModelAdmin[Any]) -> list[str]:
    return [" ".join(_words(page.model, name.lstrip("=^@"))) for name in page.search_fields]


def _words(model: type[Model], path: str) -> Iterator[str]:
    for name in path.split("__"):
        field = model._meta.get_field(name)
        yield str(getattr(field, "verbose_name", None) or field.related_model._meta.verbose_name)
        model = field.related_model or model


def actions(page: ModelAdmin[Any]) -> list[str]:
    return [str(getattr(getattr(page, name), "short_description", name)) for name in page.actions or ()]


def shown(page: ModelAdmin[Any]) -> set[str]:
    """The labels of everything on the page of one row and on the list."""
    fields = page.fieldsets or ((None, {"fields": page.fields or [field.name for field in page.opts.fields]}),)
    inlines = {str(inline.verbose_name_plural or inline.model._meta.verbose_name_plural) for inline in page.inlines}
    return {label(page, name) for name in (*flatten_fieldsets(fields), *page.list_display)} | inlines


def table() -> dict[str, list[list[str]]]:
    """The table of docs/operations.md: columns, filters, search, links and actions by the model's label."""
    text = (Path(settings.BASE_DIR) / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("\n## Admin pages\n")[2].partition("\n## ")[0]
    rows = {}
    for line in section.splitlines():
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and (name := re.search(r"`(\w+\.\w+)`", first)):
            rows[name[1]] = [[] if cell == "–" else cell.split(" · ") for cell in cells]
    return rows
