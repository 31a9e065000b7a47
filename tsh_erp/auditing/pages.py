"""What the admin's own pages do, noted for the audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest

from tsh_erp.auditing.recording import note

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class AuditedAdmin(ModelAdmin):
    """Says which row was added, changed or deleted, and when an action was asked for that the person does not have."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        note(request, "add", rows=[obj])
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        note(request, "change", rows=[obj], details=_fields(message))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        rows = list(queryset)  # Django gives a list where it is one row
        note(request, "delete", model=self.model, rows=rows)
        return super().log_deletions(request, queryset)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        allowed = super().get_actions(request)
        asked = request.POST.get("action")
        if request.method == "POST" and asked and asked not in allowed and asked in self._action_names():
            keys = request.POST.getlist("_selected_action")
            note(request, asked, model=self.model, count=len(keys), was_allowed=False)
        return allowed

    def _action_names(self) -> set[str]:
        every = self._get_base_actions()  # type: ignore[attr-defined]  # of Django, without a hint
        return {name for _function, name, _description in every}


def _fields(message: Any) -> str:
    """The names of what was changed, from what Django says of it; a text as it is."""
    if not isinstance(message, Sequence) or isinstance(message, str):
        return str(message)
    names = [name for part in message for name in part.get("changed", {}).get("fields", ())]
    return ", ".join(map(str, names))
