from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tsh_erp.admin_site.display import NOTHING, link, moment, shown_json
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from tsh_erp.events.models import StoredEvent


class DispatchedFilter(admin.SimpleListFilter):
    title = _("dispatched")
    parameter_name = "dispatched"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("not yet")), ("yes", _("dispatched"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("no", "yes"):
            return queryset.filter(dispatched_at__isnull=self.value() == "no")
        return queryset


@admin.register(StoredEvent)
class StoredEventAdmin(GrowingTableAdmin):
    list_display = ("occurred", "type", "aggregate", "leads_to", "correlation_id", "dispatched")
    list_filter = (DispatchedFilter,)
    search_fields = ("=type", "=aggregate", "=uuid")
    search_help_text = _("An exact type, an exact aggregate (catalog.product:12) or an event id")
    sortable_by = ()
    heavy = ("data",)
    fieldsets = (
        (None, {"fields": ("uuid", "type", "aggregate", "leads_to", "occurred", "dispatched")}),
        (_("Data"), {"fields": ("shown_data",)}),
        (_("Cause"), {"fields": ("correlation_id", "causation_id")}),
    )
    readonly_fields = ("uuid", "leads_to", "occurred", "dispatched", "shown_data")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exact, so that the indexes serve it."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(uuid=uuid.UUID(term)), False
        except ValueError:
            return queryset.filter(Q(type=term) | Q(aggregate=term)), False

    @admin.display(description=_("occurred at"))
    def occurred(self, event: StoredEvent) -> SafeString | str:
        return moment(event.occurred_at)

    @admin.display(description=_("dispatched at"))
    def dispatched(self, event: StoredEvent) -> SafeString | str:
        return moment(event.dispatched_at)

    @admin.display(description=_("leads to"))
    def leads_to(self, event: StoredEvent) -> SafeString | str:
        """The page of the row it happened to; an aggregate is a model's label and a primary key."""
        label, _colon, key = event.aggregate.rpartition(":")
        try:
            address = f"admin:{label.replace('.', '_')}_change"
            return link(pgettext_lazy("link", "open"), address, key) if key else NOTHING
        except NoReverseMatch:
            return NOTHING

    @admin.display(description=_("data"))
    def shown_data(self, event: StoredEvent) -> SafeString | str:
        return shown_json(event.data)
