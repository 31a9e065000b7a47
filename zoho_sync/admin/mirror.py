from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import list_link, row_link, shown_json, together
from tsh_erp.events.models import StoredEvent
from zoho_sync import queue
from zoho_sync.admin.business_rows import find_rows
from zoho_sync.admin.deeds import MANAGE_QUEUE, Deed, needs_zoho
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.queue import ring_after_commit
from zoho_sync.admin.record_pages import ModuleFilter, RecordAdmin, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.entities import BY_MODULE
from zoho_sync.models import ZohoRecord
from zoho_sync.queue import Work

BY_HAND = 2  # the priority of what a person waits for


def fetch_again(records: list[tuple[str, str]]) -> int:
    """Queue a fetch of these records (module, Zoho id), ahead of the webhooks; how many. Rings after the commit."""
    works = [Work(module=module, zoho_id=zoho_id, priority=BY_HAND, needs_fetch=True) for module, zoho_id in records]
    queue.enqueue(works, at=timezone.now())
    ring_after_commit()
    return len(works)


DEEDS = (
    Deed(
        name="sync_again",
        label=_("Sync again"),
        right=MANAGE_QUEUE,
        question=_("Fetch these records from Zoho again?"),
        effect=_("One API call each."),
        done=ngettext_lazy("%(count)d record will be fetched.", "%(count)d records will be fetched.", "count"),
        can=Q(module__in=list(BY_MODULE)),
        act=lambda rows, answer, doer: fetch_again(list(rows.values_list("module", "zoho_id"))),
        refuse=needs_zoho,
        in_background=True,
    ),
)


@admin.register(ZohoRecord)
class ZohoRecordAdmin(DeedsAdmin, RecordAdmin):
    list_display = (
        "zoho_id",
        "kind",
        "shown_state",
        "modified",
        "observed",
        "detail",
        "detail_stale",
        "business_row",
    )
    list_filter = ("state", ModuleFilter, "detail_stale")
    ordering = ("-id",)
    list_select_related = ("sighting",)
    sortable_by = ()
    heavy = ("payload",)
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("kind", "zoho_id", "shown_state", "modified", "gone")}),
        (_("Where it leads"), {"fields": ("business_rows", "domain_events", "same_record")}),
        (_("What Zoho last told"), {"fields": ("shown_payload",)}),
        (
            _("Record"),
            {
                "fields": (
                    ("observed", "detail", "detail_stale"),
                    ("made", "updated"),
                    ("hash", "list_hash"),
                )
            },
        ),
    )
    readonly_fields = (
        "kind",
        "shown_state",
        "modified",
        "gone",
        "business_rows",
        "domain_events",
        "same_record",
        "shown_payload",
        "observed",
        "detail",
        "made",
        "updated",
    )

    modified = time_column("modified_at", _("modified in Zoho at"))
    observed = time_column("last_observed_at", _("observed at"))
    detail = time_column("detail_at", _("detail observed at"))
    gone = time_column("gone_at", _("gone since"))
    made = time_column("created_at", _("created at"))
    updated = time_column("updated_at", _("updated at"))

    @admin.display(description=_("state"))
    def shown_state(self, record: ZohoRecord) -> SafeString:
        return state_badge(record.state, record.get_state_display())

    @admin.display(description=_("business row"))
    def business_rows(self, record: ZohoRecord) -> SafeString | str:
        return together(row_link(row) for row in find_rows(record.module, record.zoho_id))

    @admin.display(description=_("domain events"))
    def domain_events(self, record: ZohoRecord) -> SafeString | str:
        rows = find_rows(record.module, record.zoho_id)
        return together(
            list_link(StoredEvent, _("what happened to it here"), aggregate=f"{row._meta.label_lower}:{row.pk}")
            for row in rows
        )

    @admin.display(description=_("payload"))
    def shown_payload(self, record: ZohoRecord) -> SafeString | str:
        return shown_json(record.payload)
