from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING, key_link, list_link, plain, shorten
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import InboxEvent, SyncLog, SyncQueueItem


@admin.register(SyncLog)
class SyncLogAdmin(RecordAdmin):
    list_display = (
        "started",
        "kind",
        "record",
        "shown_outcome",
        "attempt",
        "event_count",
        "duration_ms",
        "shown_job",
        "short_message",
        "business_row",
    )
    list_filter = ("outcome", ModuleFilter, "started_at")
    sortable_by = ("started",)
    fieldsets = (
        (None, {"fields": ("shown_outcome", "kind", "record", "attempt", "error_class", "shown_message")}),
        (_("Where it leads"), {"fields": ("shown_job", "events", "business_row", "same_record")}),
        (_("Run"), {"fields": ("started", "duration_ms", "event_count", "worker", "batch")}),
    )
    readonly_fields = (
        "shown_outcome",
        "kind",
        "record",
        "shown_message",
        "shown_job",
        "events",
        "business_row",
        "same_record",
        "started",
    )

    started = time_column("started_at", _("started at"), sorts=True)

    @admin.display(description=_("outcome"))
    def shown_outcome(self, entry: SyncLog) -> SafeString:
        return state_badge(entry.outcome, entry.get_outcome_display())

    @admin.display(description=_("job"))
    def shown_job(self, entry: SyncLog) -> SafeString | str:
        return key_link(SyncQueueItem, entry.job_id)

    @admin.display(description=_("message"))
    def short_message(self, entry: SyncLog) -> str:
        return shorten(entry.message) or NOTHING

    @admin.display(description=_("message"))
    def shown_message(self, entry: SyncLog) -> str:
        return plain(entry.message) or NOTHING

    @admin.display(description=_("events"))
    def events(self, entry: SyncLog) -> SafeString:
        return list_link(InboxEvent, _("events it settled"), log__id__exact=entry.pk)
