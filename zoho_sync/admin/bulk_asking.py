"""Asking for a bulk action: how many rows, some of them, what becomes of them; and its beginning when confirmed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import transaction
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from tsh_erp.admin_site.operations import MOST, SAMPLE, count_rows
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import bulk_actions
from zoho_sync.admin.deeds import Deed

MOST_AT_ONCE = 500  # are done in the request


def is_too_much(able: QuerySet[Any]) -> bool:
    """Whether there are more rows than a request should do."""
    return able.order_by("pk")[MOST_AT_ONCE : MOST_AT_ONCE + 1].exists()


def ask_for_bulk_action(
    page: ReadOnlyAdmin, request: HttpRequest, selected: QuerySet[Any], deed: Deed
) -> HttpResponse | None:
    """The page that asks; or the beginning of what was confirmed, and the way to where it is watched."""
    able = selected.filter(deed.can)
    asked = "confirmed" in request.POST
    form = deed.asking(request.POST if asked else None) if deed.asking else None
    count = count_rows(able)
    if asked and (form is None or form.is_valid()):
        return _start(page, request, able, deed, str(next(iter(form.cleaned_data.values()))) if form else "", count)
    context = {
        **page.admin_site.each_context(request),
        "title": deed.question,
        "opts": page.opts,
        "media": page.media,
        "operation": deed,
        "form": form,
        "count": min(count, MOST),
        "is_estimate": count > MOST,
        "is_watched": deed.watch is not None,
        "sample": able[:SAMPLE],
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": "1",
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/zoho_sync/bulkaction/confirm.html", context)


def _start(
    page: ReadOnlyAdmin, request: HttpRequest, able: QuerySet[Any], deed: Deed, answer: str, count: int
) -> HttpResponse:
    user = person(request)
    with transaction.atomic():
        begun = bulk_actions.start(
            table=page.opts.label_lower,
            action=deed.name,
            query=request.META.get("QUERY_STRING", ""),
            answer=answer,
            upto=able.order_by().aggregate(last=Max("pk"))["last"] or 0,
            expected=min(count, MOST),
            is_estimate=count > MOST,
            user=user,
        )
        LogEntry.objects.log_actions(
            user.pk, [begun], ADDITION, change_message=f"{deed.name}: {answer}" if answer else deed.name
        )
    text = _("It is being done in the background. This page shows how far it has come.")
    page.message_user(request, text, messages.SUCCESS)
    return redirect("admin:zoho_sync_bulkaction_change", begun.pk)
