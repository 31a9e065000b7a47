from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING, plain, row_link, shown_json
from tsh_erp.admin_site.read_only import GrowingTableAdmin, ReadOnlyAdmin
from zoho_sync.admin.record_pages import ModuleFilter, module_label, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import SyncCursor, SyncRun


@admin.register(SyncRun)
class SyncRunAdmin(GrowingTableAdmin):
    list_display = (
        "started",
        "kind",
        "mode",
        "trigger",
        "shown_status",
        "seen",
        "created",
        "updated",
        "unchanged",
        "stale",
        "failed",
        "calls",
        "finished",
    )
    list_filter = ("status", "mode", "trigger", ModuleFilter, "started_at")
    search_fields = ("error",)
    search_help_text = _("Words of the error")
    sortable_by = ()
    heavy = ("checkpoint", "error")
    fieldsets = (
        (None, {"fields": ("shown_status", "kind", ("mode", "since_time"), ("trigger", "user"), "shown_error")}),
        (
            _("Counts"),
            {"fields": (("pages", "calls"), ("seen", "created", "updated"), ("unchanged", "stale", "failed"))},
        ),
        (_("Record"), {"fields": (("started", "finished"), "shown_checkpoint")}),
    )
    readonly_fields = ("shown_status", "kind", "since_time", "shown_error", "started", "finished", "shown_checkpoint")

    started = time_column("started_at", _("started at"))
    finished = time_column("finished_at", _("finished at"))
    since_time = time_column("since", _("changed since"))

    @admin.display(description=_("module"))
    def kind(self, run: SyncRun) -> str:
        return module_label(run.module)

    @admin.display(description=_("status"))
    def shown_status(self, run: SyncRun) -> SafeString:
        return state_badge(run.status, run.get_status_display())

    @admin.display(description=_("error"))
    def shown_error(self, run: SyncRun) -> str:
        return plain(run.error) or NOTHING

    @admin.display(description=_("checkpoint"))
    def shown_checkpoint(self, run: SyncRun) -> SafeString | str:
        return shown_json(run.checkpoint or None)


@admin.register(SyncCursor)
class SyncCursorAdmin(ReadOnlyAdmin):
    list_display = ("kind", "until", "set_by", "updated")
    list_select_related = ("run",)
    fieldsets = ((None, {"fields": ("kind", "until", "set_by", "updated")}),)
    readonly_fields = ("kind", "until", "set_by", "updated")

    until = time_column("modified_until", _("everything up to"), sorts=True)
    updated = time_column("updated_at", _("updated at"), sorts=True)

    @admin.display(description=_("module"), ordering="module")
    def kind(self, cursor: SyncCursor) -> str:
        return module_label(cursor.module)

    @admin.display(description=_("set by run"))
    def set_by(self, cursor: SyncCursor) -> SafeString | str:
        return row_link(cursor.run)
