from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from tsh_erp.admin_site.display import NOTHING, link, moment, plain, row_link, shown_json
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from tsh_erp.events import delivering
from tsh_erp.events.models import FailedDelivery, StoredEvent


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


class GivenUpFilter(admin.SimpleListFilter):
    title = _("next attempt")
    parameter_name = "next"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("planned", _("planned")), ("none", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("planned", "none"):
            return queryset.filter(next_attempt_at__isnull=self.value() == "none")
        return queryset


@admin.register(FailedDelivery)
class FailedDeliveryAdmin(GrowingTableAdmin):
    list_display = ("failed", "subscriber", "type", "attempts", "next_attempt", "shown_error")
    list_filter = (GivenUpFilter, "subscriber")
    list_select_related = ("event",)
    sortable_by = ()
    heavy = ("traceback",)
    actions = ("retry",)
    fieldsets = (
        (None, {"fields": ("subscriber", "event_page", ("attempts", "next_attempt"), "failed")}),
        (_("Error"), {"fields": ("shown_error", "shown_traceback")}),
    )
    readonly_fields = ("event_page", "next_attempt", "failed", "shown_error", "shown_traceback")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.retry_delivery")

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[FailedDelivery]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="retry",
                question=_("Deliver these events again?"),
                effect=_("They are delivered within a minute, with all their attempts before them."),
                done=ngettext_lazy(
                    "%(count)d delivery is tried again.", "%(count)d deliveries are tried again.", "count"
                ),
                can=Q(),
                act=lambda rows, reason: delivering.retry_now(rows, at=timezone.now()),
            ),
        )

    @admin.display(description=_("type"))
    def type(self, failed: FailedDelivery) -> str:
        return failed.event.type

    @admin.display(description=_("failed at"))
    def failed(self, failed: FailedDelivery) -> SafeString | str:
        return moment(failed.failed_at)

    @admin.display(description=_("next attempt at"))
    def next_attempt(self, failed: FailedDelivery) -> SafeString | str:
        return moment(failed.next_attempt_at)

    @admin.display(description=_("domain event"))
    def event_page(self, failed: FailedDelivery) -> SafeString | str:
        return row_link(failed.event)

    @admin.display(description=_("error"))
    def shown_error(self, failed: FailedDelivery) -> str:
        return plain(failed.error)

    @admin.display(description=_("traceback"))
    def shown_traceback(self, failed: FailedDelivery) -> str:
        return plain(failed.traceback) or NOTHING
