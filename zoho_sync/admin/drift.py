from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, Tone, badge, list_link
from zoho_sync import drift
from zoho_sync.admin.deeds import Deed
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import ModuleFilter, module_label, time_column
from zoho_sync.models import Alert, ZohoField

TONES = {
    ZohoField.Change.NEW: Tone.BUSY,
    ZohoField.Change.MISSING: Tone.WARNING,
    ZohoField.Change.TYPE: Tone.BAD,
}


DEEDS = (
    Deed(
        name="accept",
        label=_("Accept the change"),
        right="zoho_sync.accept_zohofield",
        question=_("Accept these changes of Zoho's fields?"),
        effect=_("They count as known from now on, and their alerts are over."),
        done=ngettext_lazy("%(count)d change was accepted.", "%(count)d changes were accepted.", "count"),
        can=~Q(change=""),
        act=lambda rows, answer, doer: drift.accept(rows, at=timezone.now()),
    ),
)


@admin.register(ZohoField)
class ZohoFieldAdmin(DeedsAdmin):
    """Which fields Zoho sends, and what has changed about them."""

    list_display = ("shown_path", "kind", "source", "types", "shown_share", "shown_change", "changed", "last_seen")
    list_filter = ("change", "source", ModuleFilter)
    search_fields = ("name", "parent")
    list_per_page = 200
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("shown_path", "kind", "source", "types", "shown_share")}),
        (_("Change"), {"fields": ("shown_change", "changed", "alerts")}),
        (_("Record"), {"fields": ("seen", ("first_seen", "last_seen"))}),
    )
    readonly_fields = (
        "shown_path",
        "kind",
        "shown_share",
        "shown_change",
        "changed",
        "alerts",
        "first_seen",
        "last_seen",
    )

    changed = time_column("changed_at", _("changed at"), sorts=True)
    first_seen = time_column("first_seen_at", _("first seen at"))
    last_seen = time_column("last_seen_at", _("last seen at"), sorts=True)

    @admin.display(description=_("field"), ordering="name")
    def shown_path(self, row: ZohoField) -> str:
        """The row of the whole counts how many were looked at."""
        return row.path if row.name else f"{row.parent} *".strip()

    @admin.display(description=_("module"), ordering="module")
    def kind(self, row: ZohoField) -> str:
        return module_label(row.module)

    @admin.display(description=_("in records"))
    def shown_share(self, row: ZohoField) -> str:
        return NOTHING if row.share is None else f"{min(row.share, 1):.0%}"

    @admin.display(description=_("change"), ordering="change")
    def shown_change(self, row: ZohoField) -> SafeString | str:
        return badge(row.get_change_display(), TONES[ZohoField.Change(row.change)]) if row.change else NOTHING

    @admin.display(description=_("alerts"))
    def alerts(self, row: ZohoField) -> SafeString:
        return list_link(Alert, _("alerts about this field"), fingerprint__endswith=f":{row}")
