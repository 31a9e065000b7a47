"""The audit, to look at: who did what, and who tried to."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING, Tone, badge, link, moment, plain
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from tsh_erp.auditing.models import AuditEntry
from tsh_erp.auditing.words import action_name, model_called


@admin.register(AuditEntry)
class AuditEntryAdmin(GrowingTableAdmin):
    list_display = ("moment", "who", "shown_action", "shown_row", "rows", "outcome", "shown_address", "door")
    list_filter = ("was_allowed", "door", "at")
    search_fields = ("=username", "=address", "=object_id", "=request_id")
    search_help_text = _("The whole of a user name, an address, a row's key or a request id.")
    list_display_links = ("moment", "shown_action")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("moment", "who", "shown_action", "shown_row", "rows", "outcome", "details")}),
        (_("Request"), {"fields": ("door", "shown_address", "method", "shown_path", "status", "shown_request_id")}),
    )
    readonly_fields = (
        "moment",
        "who",
        "shown_action",
        "shown_row",
        "outcome",
        "shown_address",
        "shown_path",
        "shown_request_id",
    )

    @admin.display(description=_("when"))
    def moment(self, entry: AuditEntry) -> SafeString | str:
        return moment(entry.at)

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> SafeString | str:
        return isolated(entry.username) if entry.username else NOTHING

    @admin.display(description=_("what"))
    def shown_action(self, entry: AuditEntry) -> str:
        return str(action_name(entry.action))

    @admin.display(description=_("on what"))
    def shown_row(self, entry: AuditEntry) -> SafeString | str:
        model = model_called(entry.table)
        if model is None:
            return entry.table or NOTHING
        kind = str(model._meta.verbose_name)
        if not entry.object_id:
            return kind
        text = format_html("{}: {}", kind, isolated(entry.row_name or entry.object_id))
        return _page_link(model, text, entry.object_id) if admin.site.is_registered(model) else text

    @admin.display(description=_("outcome"))
    def outcome(self, entry: AuditEntry) -> SafeString:
        return badge(_("allowed"), Tone.GOOD) if entry.was_allowed else badge(_("refused"), Tone.BAD)

    @admin.display(description=_("from"))
    def shown_address(self, entry: AuditEntry) -> SafeString | str:
        return isolated(entry.address) if entry.address else NOTHING

    @admin.display(description=_("address of the page"))
    def shown_path(self, entry: AuditEntry) -> SafeString | str:
        return isolated(entry.path) if entry.path else NOTHING

    @admin.display(description=_("request id"))
    def shown_request_id(self, entry: AuditEntry) -> SafeString | str:
        return isolated(entry.request_id) if entry.request_id else NOTHING


def isolated(text: str) -> SafeString:
    """A name or code that does not turn the line around it."""
    return format_html("<bdi>{}</bdi>", plain(text))


def _page_link(model: type[Model], text: object, key: str) -> SafeString:
    return link(text, f"admin:{model._meta.app_label}_{model._meta.model_name}_change", key)
