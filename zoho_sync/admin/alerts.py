from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, link, list_link, plain, together
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync import alerts
from zoho_sync.admin.deeds import Deed, Doer, Text
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import Alert, AlertDelivery, AlertRule, ErrorGroup, InboxEvent
from zoho_sync.rulebook import BY_CODE
from zoho_sync.wording import shown_detail, shown_title

SNOOZED = ngettext_lazy("%(count)d alert was snoozed.", "%(count)d alerts were snoozed.", "count")
ACKNOWLEDGE = "zoho_sync.acknowledge_alert"
LOOK_AT_THESE = 20


def _snooze(name: str, label: Text, length: timedelta) -> Deed:
    def act(rows: Any, answer: Any, doer: Doer) -> int:
        now = timezone.now()
        return alerts.snooze(rows, until=now + length, at=now)

    return Deed(
        name=name,
        label=label,
        right=ACKNOWLEDGE,
        question=_("Snooze these alerts?"),
        effect=_("Nobody is told of them until then; whoever was told is told again if they still last."),
        done=SNOOZED,
        can=~Q(state=Alert.State.RESOLVED),
        act=act,
    )


DEEDS = (
    Deed(
        name="acknowledge",
        label=_("Acknowledge"),
        right=ACKNOWLEDGE,
        question=_("Acknowledge these alerts?"),
        effect=_("Everybody sees that you are looking at them; they stay until the cause is gone."),
        done=ngettext_lazy("%(count)d alert was acknowledged.", "%(count)d alerts were acknowledged.", "count"),
        can=Q(state=Alert.State.OPEN),
        act=lambda rows, answer, doer: alerts.acknowledge(rows, by=doer.user, at=timezone.now()),
    ),
    _snooze("snooze_hour", _("Snooze for an hour"), timedelta(hours=1)),
    _snooze("snooze_day", _("Snooze for a day"), timedelta(days=1)),
    _snooze("snooze_week", _("Snooze for a week"), timedelta(weeks=1)),
    Deed(
        name="resolve",
        label=_("Resolve"),
        right="zoho_sync.resolve_alert",
        question=_("Resolve these alerts?"),
        effect=_("If the cause comes back soon, they are opened again; later, new alerts are."),
        done=ngettext_lazy("%(count)d alert was resolved.", "%(count)d alerts were resolved.", "count"),
        can=~Q(state=Alert.State.RESOLVED),
        act=lambda rows, answer, doer: alerts.resolve(rows, by=doer.user, resolution=answer, at=timezone.now()),
        needs_reason=True,
    ),
)


@admin.register(Alert)
class AlertAdmin(DeedsAdmin, GrowingTableAdmin):
    list_display = (
        "last_seen",
        "shown_severity",
        "say_title",
        "shown_state",
        "count",
        "first_seen",
        "acknowledged_by",
        "cause",
    )
    list_filter = ("state", "severity", "code", "last_seen_at")
    list_display_links = ("last_seen", "say_title")
    list_select_related = ("acknowledged_by",)
    search_fields = ("title", "detail", "fingerprint")
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("shown_severity", "shown_state", "say_title", "say_detail", "count", "cause", "runbook")}),
        (
            _("What was done"),
            {
                "fields": (
                    ("acknowledged", "acknowledged_by"),
                    ("resolved", "resolved_by"),
                    "say_resolution",
                    "snoozed",
                    "messages",
                )
            },
        ),
        (_("Record"), {"fields": (("first_seen", "last_seen"), "code", "fingerprint")}),
    )
    readonly_fields = (
        "shown_severity",
        "shown_state",
        "say_title",
        "say_detail",
        "runbook",
        "say_resolution",
        "snoozed",
        "messages",
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
    snoozed = time_column("snoozed_until", _("snoozed until"))

    @admin.display(description=_("severity"), ordering="severity")
    def shown_severity(self, alert: Alert) -> SafeString:
        return state_badge(alert.severity, alert.get_severity_display())

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, alert: Alert) -> SafeString:
        return state_badge(alert.state, alert.get_state_display())

    @admin.display(description=_("title"), ordering="title")
    def say_title(self, alert: Alert) -> str:
        return plain(shown_title(alert))

    @admin.display(description=_("detail"))
    def say_detail(self, alert: Alert) -> str:
        return plain(shown_detail(alert)) or NOTHING

    @admin.display(description=_("resolution"))
    def say_resolution(self, alert: Alert) -> str:
        return plain(_now(alert.resolution)) if alert.resolution else NOTHING

    @admin.display(description=_("what to do"))
    def runbook(self, alert: Alert) -> SafeString | str:
        known = BY_CODE.get(alert.code)
        if known is None or not known.runbook:
            return NOTHING
        return together([_now(known.runbook), list_link(AlertRule, _("alert rule"), code=alert.code)])

    @admin.display(description=_("messages"))
    def messages(self, alert: Alert) -> SafeString | str:
        """Who was told what, the newest first."""
        return together(
            link(
                f"{one.get_channel_display()}: {one.get_kind_display()} ({one.get_state_display()})",
                "admin:zoho_sync_alertdelivery_change",
                one.pk,
            )
            for one in alert.deliveries.order_by("-id")[:LOOK_AT_THESE]
        )

    @admin.display(description=_("cause"))
    def cause(self, alert: Alert) -> SafeString | str:
        """Where the alert's code says to look."""
        of = alert.cause
        if alert.code == "dead_letter":
            return list_link(ErrorGroup, _("error group"), fingerprint=of)
        if alert.code == "invalid_payload":
            return list_link(InboxEvent, _("events that cannot be read"), path=of, state__exact="invalid")
        return plain(of) or NOTHING


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(GrowingTableAdmin):
    """Who was told what: the addresses that messages go to are secret and not here."""

    list_display = (
        "made",
        "channel",
        "kind",
        "shown_alert",
        "shown_state",
        "attempts",
        "next_attempt",
        "settled",
        "error",
    )
    list_filter = ("state", "channel", "kind")
    list_display_links = ("made",)
    list_select_related = ("alert",)
    sortable_by = ()
    fields = ("channel", "kind", "shown_alert", "shown_state", "attempts", "error", "made", "next_attempt", "settled")
    readonly_fields = ("made", "shown_alert", "shown_state", "next_attempt", "settled")

    made = time_column("created_at", _("created at"))
    next_attempt = time_column("next_attempt_at", _("next attempt at"))
    settled = time_column("settled_at", _("settled at"))

    @admin.display(description=_("alert"))
    def shown_alert(self, delivery: AlertDelivery) -> SafeString | str:
        if delivery.alert is None:
            return NOTHING
        return link(plain(shown_title(delivery.alert)), "admin:zoho_sync_alert_change", delivery.alert.pk)

    @admin.display(description=_("state"))
    def shown_state(self, delivery: AlertDelivery) -> SafeString:
        return state_badge(delivery.state, delivery.get_state_display())
