from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, plain, row_link, shorten
from zoho_sync import reconcile, tasks
from zoho_sync.admin.deeds import MANAGE_QUEUE, RUN_SYNC, Deed, Doer, needs_zoho
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import RecordAdmin, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.entities import ENTITIES
from zoho_sync.models import Difference
from zoho_sync.runs import AlreadyRunning


class SubjectFilter(admin.SimpleListFilter):
    """What is compared; asking the table which subjects it holds would read all of it."""

    title = _("subject")
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(subject, subject) for entity in ENTITIES for subject in reconcile.subjects_of(entity.module)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(subject=self.value()) if self.value() else queryset


def _pull(rows: QuerySet[Any], answer: Any, doer: Doer) -> int:
    chosen = list(rows)
    try:
        tasks.repair_differences(chosen, user=doer.user)
    except AlreadyRunning as error:
        doer.warn(str(error))
        return 0
    return len(chosen)


DEEDS = (
    Deed(
        name="pull",
        label=_("Pull these"),
        right=RUN_SYNC,
        question=_("Pull the records of these differences?"),
        effect=_(
            "Each record is fetched from Zoho and written here anew, as soon as a worker is free. "
            "What Zoho does not have is retired. What is equal afterwards is marked as repaired."
        ),
        done=ngettext_lazy(
            "%(count)d difference is being repaired.", "%(count)d differences are being repaired.", "count"
        ),
        can=Q(state=Difference.State.OPEN),
        act=_pull,
        refuse=needs_zoho,
    ),
    Deed(
        name="accept",
        label=_("Accept"),
        right=MANAGE_QUEUE,
        question=_("Accept these differences?"),
        effect=_("Later reconciliations take them for equal, until the value changes on either side."),
        done=ngettext_lazy("%(count)d difference was accepted.", "%(count)d differences were accepted.", "count"),
        can=Q(state=Difference.State.OPEN),
        act=lambda rows, answer, doer: reconcile.accept(rows, by=doer.user, reason=answer, at=timezone.now()),
        needs_reason=True,
        in_background=True,
    ),
)


@admin.register(Difference)
class DifferenceAdmin(DeedsAdmin, RecordAdmin):
    list_display = ("report", "subject", "record", "kind_of", "field", "in_zoho", "here", "shown_state", "business_row")
    list_filter = ("state", "kind", SubjectFilter)
    list_select_related = ("report",)
    sortable_by = ()
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("shown_state", ("subject", "record", "business_row"), ("kind_of", "field"))}),
        (None, {"fields": ("their_value", "our_value")}),
        (_("Record"), {"fields": ("of_report", ("settled", "settled_by"), "reason")}),
    )
    readonly_fields = (
        *("shown_state", "record", "business_row", "kind_of", "their_value", "our_value", "of_report", "settled"),
    )

    settled = time_column("settled_at", _("settled at"))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup in ("report__id__exact", "kind__exact") or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("kind"))
    def kind_of(self, row: Difference) -> str:
        return str(row.get_kind_display())

    @admin.display(description=_("in Zoho"))
    def in_zoho(self, row: Difference) -> str:
        return shorten(row.theirs, 60) or NOTHING

    @admin.display(description=_("here"))
    def here(self, row: Difference) -> str:
        return shorten(row.ours, 60) or NOTHING

    @admin.display(description=_("in Zoho"))
    def their_value(self, row: Difference) -> str:
        return plain(row.theirs) or NOTHING

    @admin.display(description=_("here"))
    def our_value(self, row: Difference) -> str:
        return plain(row.ours) or NOTHING

    @admin.display(description=_("reconciliation"))
    def of_report(self, row: Difference) -> SafeString | str:
        return row_link(row.report)

    @admin.display(description=_("state"))
    def shown_state(self, row: Difference) -> SafeString:
        return state_badge(row.state, row.get_state_display())
