from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, Tone, badge, moment, plain, shown_json
from tsh_erp.admin_site.people import person
from zoho_sync import alerts, client, overview
from zoho_sync.admin.deeds import MANAGE_QUEUE, Deed
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.client.connecting import missing_scopes
from zoho_sync.client.limits import pause_calls, release, resume_calls
from zoho_sync.client.token import forget_refusals
from zoho_sync.client.usage import Usage, read_usage
from zoho_sync.errors import NotConfigured, SyncError
from zoho_sync.models import ZohoConnection


def _told(count: int) -> int:
    """What was wrong and is not any more needs no alert."""
    alerts.watch_connection(at=timezone.now())
    return count


DEEDS = (
    Deed(
        name="pause_calls",
        label=_("Pause all calls to Zoho"),
        right=MANAGE_QUEUE,
        question=_("Pause all calls to Zoho?"),
        effect=_(
            "Nothing is fetched, pulled or compared until the calls are resumed; runs and fetches wait. Webhooks are "
            "received and applied as far as that needs no call."
        ),
        done=ngettext_lazy("%(count)d connection was paused.", "%(count)d connections were paused.", "count"),
        can=Q(outbound_paused_at__isnull=True),
        act=lambda rows, answer, doer: pause_calls(rows, reason=answer, by=doer.user, at=timezone.now()),
        needs_reason=True,
    ),
    Deed(
        name="resume_calls",
        label=_("Resume calls to Zoho"),
        right=MANAGE_QUEUE,
        question=_("Resume calls to Zoho?"),
        effect=_("What waited for it goes on within a minute."),
        done=ngettext_lazy("%(count)d connection goes on.", "%(count)d connections go on.", "count"),
        can=Q(outbound_paused_at__isnull=False),
        act=lambda rows, answer, doer: resume_calls(rows),
    ),
    Deed(
        name="release",
        label=_("Reset the breaker and what Zoho said of limits"),
        right=MANAGE_QUEUE,
        question=_("Reset the breaker and what Zoho said of limits?"),
        effect=_("Zoho is called again at once. If it still fails or refuses, everything waits as before."),
        done=ngettext_lazy("%(count)d connection was reset.", "%(count)d connections were reset.", "count"),
        can=Q(),
        act=lambda rows, answer, doer: _told(release(rows, at=timezone.now())),
    ),
    Deed(
        name="forget_refusal",
        label=_("Let a refused login be tried again"),
        right=MANAGE_QUEUE,
        question=_("Let a refused login be tried again?"),
        effect=_("The same credentials are sent to Zoho once more. Nothing is asked of you if they work now."),
        done=ngettext_lazy("%(count)d login will be tried again.", "%(count)d logins will be tried again.", "count"),
        can=~Q(refused_credentials="") | Q(denied_until__isnull=False) | ~Q(forbidden={}),
        act=lambda rows, answer, doer: _told(forget_refusals(rows)),
    ),
)


@admin.register(ZohoConnection)
class ZohoConnectionAdmin(DeedsAdmin):
    """The login, and how much of Zoho's limits is used. The tokens are neither shown nor loaded."""

    list_display = (
        "organization_name",
        "organization_id",
        "region",
        "token_ends",
        "refreshed",
        "shown_breaker",
        "shown_pause",
        "shown_error",
    )
    heavy = ("refresh_token", "access_token")
    change_form_template = "admin/zoho_sync/zohoconnection/change_form.html"
    list_select_related = ("outbound_paused_by",)
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("organization_name", "organization_id", "region", "shown_client", "shown_pause")}),
        (
            _("Login"),
            {"fields": ("shown_scopes", "lacking_scopes", "token_ends", "refreshed", "shown_forbidden", "shown_error")},
        ),
        (
            _("Limits"),
            {"fields": ("used_today", "forecast", "by_priority", "told_by_zoho", "shown_slots", "shown_block")},
        ),
        (_("Breaker"), {"fields": ("shown_breaker", ("breaker_began", "breaker_tries"), "breaker_reason")}),
        (_("Record"), {"fields": (("made", "updated"),)}),
    )
    readonly_fields = (
        "shown_client",
        "shown_pause",
        "shown_scopes",
        "lacking_scopes",
        "forecast",
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/test/", view(self.test), name="zoho_sync_zohoconnection_test"),
            path("<int:pk>/refresh/", view(self.refresh), name="zoho_sync_zohoconnection_refresh"),
            *super().get_urls(),
        ]

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask Zoho who we are."""
        done = _now("Zoho answers, and knows us: %(name)s.")
        return self._try(request, pk, "test", lambda: done % {"name": client.test_connection()})

    def refresh(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new access token, now."""

        def refresh() -> str:
            client.refresh_token_now()
            return _now("There is a new access token.")

        return self._try(request, pk, "refresh", refresh)

    def _try(self, request: HttpRequest, pk: int, name: str, ask: Callable[[], str]) -> HttpResponse:
        """Do what calls Zoho, outside any transaction; what it said is told, and written into the history."""
        page = redirect("admin:zoho_sync_zohoconnection_change", pk)
        if not request.user.has_perm(MANAGE_QUEUE):
            raise PermissionDenied
        row = ZohoConnection.objects.filter(pk=pk).defer(*self.heavy).first()
        if row is None:
            raise Http404
        if request.method != "POST":
            return page
        try:
            text, level = ask(), messages.SUCCESS
        except NotConfigured as error:
            told = _now("No Zoho client is configured. Missing settings: %(names)s.")
            text, level = told % {"names": ", ".join(error.missing)}, messages.ERROR
        except SyncError as error:
            told = _now("Zoho said no, or nothing: %(error)s")
            text, level = told % {"error": plain(str(error))}, messages.ERROR
        _told(1)
        self.message_user(request, text, level)
        LogEntry.objects.log_actions(person(request).pk, [row], CHANGE, change_message=name, single_object=True)
        return page

    @admin.display(description=_("client id"))
    def shown_client(self, row: ZohoConnection) -> SafeString | str:
        """Enough of it to be told from another; the secret is shown nowhere."""
        known = settings.ZOHO_CLIENT_ID
        return format_html('<bdi dir="ltr">{}…{}</bdi>', known[:8], known[-4:]) if len(known) > 16 else NOTHING

    @admin.display(description=_("calls"))
    def shown_pause(self, row: ZohoConnection) -> SafeString | str:
        if row.outbound_paused_at is None:
            return badge(_now("allowed"), Tone.GOOD)
        by = row.outbound_paused_by.get_username() if row.outbound_paused_by else NOTHING
        return format_html(
            "{} {} · {} · {}",
            *(badge(_now("paused"), Tone.WARNING), moment(row.outbound_paused_at), by),
            plain(row.outbound_pause_reason),
        )

    @admin.display(description=_("scopes that are missing"))
    def lacking_scopes(self, row: ZohoConnection) -> SafeString | str:
        """Of those that we need; nothing can be said where Zoho never told which it gave."""
        missing = missing_scopes(row.scopes)
        return format_html('<bdi dir="ltr">{}</bdi>', ", ".join(missing)) if missing else NOTHING

    @admin.display(description=_("at this pace"))
    def forecast(self, row: ZohoConnection) -> SafeString | str:
        ends = overview.look_ahead(overview.look(at=timezone.now())).budget_ends
        if ends is None:
            return _now("Too little was measured to say.")
        if ends.at is None:
            return _now("The day's calls last.")
        return format_html(_now("The day's calls are used up at {time}."), time=moment(ends.at))

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
