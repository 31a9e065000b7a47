"""Admin pages of tables that a machine writes: shown, never edited by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tsh_erp.admin_site.display import NOTHING
from tsh_erp.admin_site.panels import PanelsAdmin


class ReadOnlyAdmin(PanelsAdmin):
    """Nobody adds, changes or deletes here, superusers included.

    `heavy` are the columns that a list does not load.
    """

    empty_value_display = NOTHING
    heavy: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and (match.url_name or "").endswith("_changelist")
        return rows.defer(*self.heavy) if is_list else rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class GrowingTableAdmin(ReadOnlyAdmin):
    """A table that grows for ever: nothing on its list reads all of it."""

    show_facets = admin.ShowFacets.NEVER  # each would count the whole table
    list_per_page = 50
