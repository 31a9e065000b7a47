"""Things done to selected rows: a page that asks first, what it did in numbers, and a line in each row's history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from tsh_erp.auditing.recording import note

BATCH = 500
MOST = 10_000  # of one request; what is left can be selected again
SAMPLE = 10


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What can be done to the rows that meet `can`.

    `name` is the admin action's. `act(rows, reason)` does it to a QuerySet of at most `BATCH` rows, which are locked,
    and says how many it was done to. `done` takes %(count)d. `form` asks for one thing, which `act` gets in place of
    a reason. With `locks_itself` nothing is locked for `act`, which has an order of its own.
    """

    name: str
    question: str | Promise
    effect: str | Promise
    done: Any
    can: Q
    act: Callable[[Any, Any], int]
    needs_reason: bool = False
    form: type[forms.Form] | None = None
    locks_itself: bool = False


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}), required=True
    )


def operate(
    page: ReadOnlyAdmin, request: HttpRequest, selected: QuerySet[Any], operation: Operation
) -> HttpResponse | None:
    """Ask, or do what was asked for and confirmed; the body of an admin action."""
    able = selected.filter(operation.can)
    count = count_rows(able)
    if not count:
        page.message_user(request, _("None of the selected rows is in a state for this."), messages.WARNING)
        return None
    asked = "confirmed" in request.POST
    asking = operation.form or (ReasonForm if operation.needs_reason else None)
    form = asking(request.POST if asked else None) if asking else None
    if asked and (form is None or form.is_valid()):
        reason = next(iter(form.cleaned_data.values())) if form else ""
        done = _carry_out(page, request, able, operation, reason)
        note(request, operation.name, model=page.model, count=done, details=reason)
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
        "left": count_rows(selected) - count,
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
    """Batch by batch; how many rows it was done to."""
    keys = list(able.order_by("pk").values_list("pk", flat=True)[:MOST])
    return sum(
        do_batch(page, keys[start : start + BATCH], operation, reason, by=person(request))
        for start in range(0, len(keys), BATCH)
    )


def do_batch(page: ReadOnlyAdmin, keys: Sequence[Any], operation: Operation, reason: Any, *, by: User) -> int:
    """Do it to those of the rows with these keys that still allow it, with their history; how many. One transaction."""
    table = page.model._default_manager.all()
    history = f"{operation.name}: {reason}" if reason else operation.name
    with transaction.atomic():
        rows = table.filter(operation.can, pk__in=keys).defer(*page.heavy)
        locked = list(rows.select_for_update(of=("self",)).order_by("pk"))
        done = operation.act(table.filter(pk__in=[row.pk for row in locked]), reason)
        LogEntry.objects.log_actions(by.pk, locked, CHANGE, change_message=history)
    return done


def count_rows(rows: QuerySet[Any]) -> int:
    """How many there are; `MOST` + 1 where there are more, which are not counted."""
    return rows.order_by()[: MOST + 1].count()


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
