"""Things done to selected rows: a page that asks first, what it did in numbers, and a line in each row's history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin

BATCH = 500
MOST = 10_000  # of one request; what is left can be selected again
SAMPLE = 10


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What can be done to the rows that meet `can`.

    `name` is the admin action's. `act(rows, reason)` does it to a QuerySet of at most `BATCH` rows, which are locked,
    and says how many it was done to. `done` takes %(count)d. `form` asks for one thing, which `act` gets in place of
    a reason.
    """

    name: str
    question: str | Promise
    effect: str | Promise
    done: Any
    can: Q
    act: Callable[[Any, Any], int]
    needs_reason: bool = False
    form: type[forms.Form] | None = None


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}), required=True
    )


def operate(
    page: ReadOnlyAdmin, request: HttpRequest, selected: QuerySet[Any], operation: Operation
) -> HttpResponse | None:
    """Ask, or do what was asked for and confirmed; the body of an admin action."""
    able = selected.filter(operation.can)
    count = able.count()
    if not count:
        page.message_user(request, _("None of the selected rows is in a state for this."), messages.WARNING)
        return None
    asked = "confirmed" in request.POST
    asking = operation.form or (ReasonForm if operation.needs_reason else None)
    form = asking(request.POST if asked else None) if asking else None
    if asked and (form is None or form.is_valid()):
        reason = next(iter(form.cleaned_data.values())) if form else ""
        done = _carry_out(page, request, able, operation, reason)
        _report(page, request, operation, done=done, able=count)
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": operation.question,
        "opts": page.opts,
        "media": page.media,
        "operation": operation,
        "form": form,
        "count": count,
        "left": selected.count() - count,
        "sample": able[:SAMPLE],
        "more": max(count - SAMPLE, 0),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/confirm_operation.html", context)


def _carry_out(
    page: ReadOnlyAdmin, request: HttpRequest, able: QuerySet[Any], operation: Operation, reason: Any
) -> int:
    """Batch by batch, each with its history in one transaction; how many rows it was done to."""
    table = able.model._default_manager.all()
    history = f"{operation.name}: {reason}" if reason else operation.name
    keys = list(able.order_by("pk").values_list("pk", flat=True)[:MOST])
    done = 0
    for start in range(0, len(keys), BATCH):
        with transaction.atomic():
            rows = table.filter(operation.can, pk__in=keys[start : start + BATCH]).defer(*page.heavy)
            locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
            done += operation.act(table.filter(pk__in=[row.pk for row in locked]), reason)
            LogEntry.objects.log_actions(person(request).pk, locked, CHANGE, change_message=history)
    return done


def _report(page: ReadOnlyAdmin, request: HttpRequest, operation: Operation, *, done: int, able: int) -> None:
    page.message_user(request, operation.done % {"count": done}, messages.SUCCESS if done else messages.WARNING)
    if able > MOST:
        text = _("There were more than can be done at once; select the rest again.")
        page.message_user(request, text, messages.WARNING)
    chosen = len(request.POST.getlist(ACTION_CHECKBOX_NAME))
    if request.POST.get("select_across") != "1" and chosen > done:
        left = ngettext(
            "%(count)d selected row was left as it is: its state does not allow it.",
            "%(count)d selected rows were left as they are: their state does not allow it.",
            chosen - done,
        )
        page.message_user(request, left % {"count": chosen - done}, messages.WARNING)
