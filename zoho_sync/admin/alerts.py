from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, list_link, plain
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import alerts
from zoho_sync.admin.record_pages import time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import Alert, ErrorGroup, InboxEvent


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = (
        "last_seen",
        "shown_severity",
        "title",
        "shown_state",
        "count",
        "first_seen",
        "acknowledged_by",
        "cause",
    )
    list_filter = ("state", "severity", "code", "last_seen_at")
    list_display_links = ("last_seen", "title")
    list_select_related = ("acknowledged_by",)
    search_fields = ("title", "detail", "fingerprint")
    actions = ("acknowledge", "resolve")
    fieldsets = (
        (None, {"fields": ("shown_severity", "shown_state", "title", "shown_detail", "count", "cause")}),
        (
            _("What was done"),
            {
                "fields": (
                    ("acknowledged", "acknowledged_by"),
                    ("resolved", "resolved_by"),
                    "resolution",
                    "snoozed_until",
                )
            },
        ),
        (_("Record"), {"fields": (("first_seen", "last_seen"), "code", "fingerprint")}),
    )
    readonly_fields = (
        "shown_severity",
        "shown_state",
        "shown_detail",
        "cause",
        "acknowledged",
        "resolved",
        "first_seen",
        "last_seen",
    )

    first_seen = time_column("first_seen_at", _("first seen at"), sorts=True)
    last_seen = time_column("last_seen_at", _("last seen at"), sorts=True)
    acknowledged = time_column("acknowledged_at", _("acknowledged at"))
    resolved = time_column("resolved_at", _("resolved at"))

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.acknowledge_alert")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.resolve_alert")

    @admin.action(description=_("Acknowledge"), permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="acknowledge",
                question=_("Acknowledge these alerts?"),
                effect=_("Everybody sees that you are looking at them; they stay until the cause is gone."),
                done=ngettext_lazy("%(count)d alert was acknowledged.", "%(count)d alerts were acknowledged.", "count"),
                can=Q(state=Alert.State.OPEN),
                act=lambda rows, reason: alerts.acknowledge(rows, by=person(request), at=timezone.now()),
            ),
        )

    @admin.action(description=_("Resolve"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="resolve",
                question=_("Resolve these alerts?"),
                effect=_("If the cause comes back, a new alert is opened."),
                done=ngettext_lazy("%(count)d alert was resolved.", "%(count)d alerts were resolved.", "count"),
                can=~Q(state=Alert.State.RESOLVED),
                act=lambda rows, reason: alerts.resolve(rows, by=person(request), resolution=reason, at=timezone.now()),
                needs_reason=True,
            ),
        )

    @admin.display(description=_("severity"), ordering="severity")
    def shown_severity(self, alert: Alert) -> SafeString:
        return state_badge(alert.severity, alert.get_severity_display())

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, alert: Alert) -> SafeString:
        return state_badge(alert.state, alert.get_state_display())

    @admin.display(description=_("detail"))
    def shown_detail(self, alert: Alert) -> str:
        return plain(alert.detail) or NOTHING

    @admin.display(description=_("cause"))
    def cause(self, alert: Alert) -> SafeString | str:
        """Where the alert's code says to look."""
        of = alert.fingerprint.removeprefix(f"{alert.code}:")
        if alert.code == "dead_letter":
            return list_link(ErrorGroup, _("error group"), fingerprint=of)
        if alert.code == "invalid_payload":
            return list_link(InboxEvent, _("events that cannot be read"), path=of, state__exact="invalid")
        return NOTHING
