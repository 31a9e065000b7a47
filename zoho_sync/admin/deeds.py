"""What staff may do to the rows of a list, as data: each page has a table of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.operations import Operation, ReasonForm
from zoho_sync import refetch

Text = str | Promise
RUN_SYNC, MANAGE_QUEUE = "zoho_sync.run_sync", "zoho_sync.manage_queue"
NO_CLIENT = _("No Zoho client is configured, so no record can be fetched.")
NO_CLIENT_FOR_RUNS = _("No Zoho client is configured, so no run can be resumed.")


@dataclass(frozen=True)
class Doer:
    """Who does it, and how they are told what came in between."""

    user: User
    warn: Callable[[str], None]


@dataclass(frozen=True)
class Watched:
    """Of the first rows of a bulk action: how many have failed again, and how many have come through."""

    failed: int
    good: int


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One entry of a page's table.

    `right` is the permission, with its app. `act(rows, answer, doer)` does it to locked rows that meet `can`, and
    says to how many. `done` takes %(count)d. `answer` is the reason, or what `form` asks for. `refuse(rows)` says why
    it cannot be done at all now, "" when it can. `is_clearing`: for all rows of a list a word must be typed.
    `watch(keys, since)` looks at what became of the first rows; without it nothing is watched. `in_background` says
    that many rows may become a bulk action.
    """

    name: str
    label: Text
    right: str
    question: Text
    effect: Text
    done: Any
    can: Q
    act: Callable[[Any, Any, Doer], int]
    needs_reason: bool = False
    form: type[forms.Form] | None = None
    refuse: Callable[[QuerySet[Any]], Text] = lambda rows: ""
    is_clearing: bool = False
    watch: Callable[[Sequence[int], datetime], Watched] | None = None
    in_background: bool = False

    @property
    def codename(self) -> str:
        return self.right.partition(".")[2]

    def operation(self, doer: Doer, *, across: bool) -> Operation:
        return Operation(
            name=self.name,
            question=self.question,
            effect=self.effect,
            done=self.done,
            can=self.can,
            act=lambda rows, answer: self.act(rows, answer, doer),
            needs_reason=self.needs_reason,
            form=TypedReasonForm if self.is_clearing and across else self.form,
        )

    @property
    def asking(self) -> type[forms.Form] | None:
        """The form of a bulk action."""
        return TypedReasonForm if self.is_clearing else self.form or (ReasonForm if self.needs_reason else None)


class TypedReasonForm(ReasonForm):
    """For what is done to everything: nobody types a word by mistake."""

    WORD = _("everything")
    typed = forms.CharField(label=_("To confirm, type the word “everything”"), max_length=40)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip().casefold()
        if typed not in ("everything", str(self.WORD).casefold()):
            raise forms.ValidationError(_("This is not the word."))
        return typed


def needs_zoho(rows: QuerySet[Any]) -> Text:
    """The `refuse` of what fetches records."""
    return "" if refetch.is_configured() else NO_CLIENT


def may_run(request: HttpRequest) -> bool:
    return request.user.has_perm(RUN_SYNC)


def find_deed(page: object, name: str) -> Deed | None:
    return next((deed for deed in getattr(page, "deeds", ()) if deed.name == name), None)
