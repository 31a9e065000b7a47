"""Pages that ask before one row is changed: what will happen, a reason, and the button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.people import person


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=capfirst(_("reason")), max_length=255, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )


def ask(
    page: admin.ModelAdmin[Any], request: HttpRequest, row: Model, template: str, context: Mapping[str, Any]
) -> HttpResponse:
    """A page about one row, beneath its own; `context` has its `title`."""
    shown = {**page.admin_site.each_context(request), "opts": page.opts, "row": row, "media": page.media, **context}
    return TemplateResponse(request, template, shown)


def note_change(request: HttpRequest, row: Model, message: str) -> None:
    """A line in the row's history."""
    LogEntry.objects.log_actions(person(request).pk, [row], CHANGE, change_message=message)
