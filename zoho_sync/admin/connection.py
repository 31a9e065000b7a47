from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, moment, plain, shown_json
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import alerts
from zoho_sync.admin.record_pages import time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.client.limits import release
from zoho_sync.client.token import forget_refusals
from zoho_sync.client.usage import Usage, read_usage
from zoho_sync.models import ZohoConnection


@admin.register(ZohoConnection)
class ZohoConnectionAdmin(ReadOnlyAdmin):
    """The login, and how much of Zoho's limits is used. The tokens are neither shown nor loaded."""

    list_display = (
        "organization_name",
        "organization_id",
        "region",
        "token_ends",
        "refreshed",
        "shown_breaker",
        "shown_error",
    )
    heavy = ("refresh_token", "access_token")
    actions = ("release", "forget_refusal")
    fieldsets = (
        (None, {"fields": ("organization_name", "organization_id", "region", "shown_scopes")}),
        (_("Login"), {"fields": ("token_ends", "refreshed", "shown_forbidden", "shown_error")}),
        (_("Limits"), {"fields": ("used_today", "by_priority", "told_by_zoho", "shown_slots", "shown_block")}),
        (_("Breaker"), {"fields": ("shown_breaker", ("breaker_began", "breaker_tries"), "breaker_reason")}),
        (_("Record"), {"fields": (("made", "updated"),)}),
    )
    readonly_fields = (
        "shown_scopes",
        "token_ends",
        "refreshed",
        "shown_forbidden",
        "shown_error",
        "used_today",
        "by_priority",
        "told_by_zoho",
        "shown_slots",
        "shown_block",
        "shown_breaker",
        "breaker_began",
        "breaker_tries",
        "made",
        "updated",
    )

    token_ends = time_column("access_token_expires_at", _("access token ends at"))
    refreshed = time_column("refreshed_at", _("refreshed at"))
    breaker_began = time_column("breaker_since", _("breaker in this state since"))
    breaker_tries = time_column("breaker_until", _("next try at"))
    made = time_column("created_at", _("created at"))
    updated = time_column("updated_at", _("updated at"))

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.manage_queue")

    @admin.action(description=_("Reset the breaker and what Zoho said of limits"), permissions=["manage"])
    def release(self, request: HttpRequest, queryset: QuerySet[ZohoConnection]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="release",
                question=_("Reset the breaker and what Zoho said of limits?"),
                effect=_("Zoho is called again at once. If it still fails or refuses, everything waits as before."),
                done=ngettext_lazy("%(count)d connection was reset.", "%(count)d connections were reset.", "count"),
                can=Q(),
                act=lambda rows, reason: _told(release(rows, at=timezone.now())),
            ),
        )

    @admin.action(description=_("Let a refused login be tried again"), permissions=["manage"])
    def forget_refusal(self, request: HttpRequest, queryset: QuerySet[ZohoConnection]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="forget_refusal",
                question=_("Let a refused login be tried again?"),
                effect=_("The same credentials are sent to Zoho once more. Nothing is asked of you if they work now."),
                done=ngettext_lazy(
                    "%(count)d login will be tried again.", "%(count)d logins will be tried again.", "count"
                ),
                can=~Q(refused_credentials="") | Q(denied_until__isnull=False) | ~Q(forbidden={}),
                act=lambda rows, reason: _told(forget_refusals(rows)),
            ),
        )

    @admin.display(description=_("last error"))
    def shown_error(self, row: ZohoConnection) -> str:
        return plain(row.last_error) or NOTHING

    @admin.display(description=_("scopes"))
    def shown_scopes(self, row: ZohoConnection) -> SafeString | str:
        return shown_json(row.scopes or None)

    @admin.display(description=_("addresses without a right"))
    def shown_forbidden(self, row: ZohoConnection) -> str:
        return plain(", ".join(sorted(row.forbidden))) or NOTHING

    @admin.display(description=_("API calls today"))
    def used_today(self, row: ZohoConnection) -> str:
        usage = _usage(row)
        return _now("%(used)d of %(limit)d") % {"used": usage.used, "limit": usage.limit}

    @admin.display(description=_("by what they were made for"))
    def by_priority(self, row: ZohoConnection) -> SafeString:
        told = _now("%(label)s: %(calls)d (failed %(failed)d, limited %(limited)d, held back %(refused)d; to %(to)d)")
        return format_html_join(
            SafeString("<br>"),
            "{}",
            (
                [
                    told
                    % {
                        "label": one.priority.label,
                        "calls": one.calls,
                        "failed": one.failed,
                        "limited": one.limited,
                        "refused": one.refused,
                        "to": one.stops_at,
                    }
                ]
                for one in _usage(row).by_priority
            ),
        )

    @admin.display(description=_("calls left, says Zoho"))
    def told_by_zoho(self, row: ZohoConnection) -> SafeString | str:
        usage = _usage(row)
        if usage.zoho_limit is None or usage.zoho_remaining is None:
            return NOTHING
        left = _now("%(left)d of %(limit)d until") % {"left": max(usage.zoho_remaining, 0), "limit": usage.zoho_limit}
        return format_html("{} {}", left, moment(usage.zoho_resets_at))

    @admin.display(description=_("calls under way"))
    def shown_slots(self, row: ZohoConnection) -> str:
        usage = _usage(row)
        return _now("%(used)d of %(limit)d") % {"used": usage.slots_used, "limit": usage.slots}

    @admin.display(description=_("blocked until"))
    def shown_block(self, row: ZohoConnection) -> SafeString | str:
        usage = _usage(row)
        if usage.blocked_until is None:
            return NOTHING
        return format_html("{} · {}", moment(usage.blocked_until), plain(usage.blocked_reason))

    @admin.display(description=_("breaker"), ordering="breaker_state")
    def shown_breaker(self, row: ZohoConnection) -> SafeString:
        return state_badge(row.breaker_state, row.get_breaker_state_display())


def _usage(row: ZohoConnection) -> Usage:
    """Read once for all fields of a page."""
    usage: Usage | None = row.__dict__.get("_usage")
    if usage is None:
        usage = row.__dict__["_usage"] = read_usage(row, at=timezone.now())
    return usage


def _told(count: int) -> int:
    """What was wrong and is not any more needs no alert."""
    alerts.watch_connection(at=timezone.now())
    return count
