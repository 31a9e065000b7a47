"""The page of bulk actions: how far each has come, what is left out, and how it is stopped or let go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, plain
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync import bulk_actions
from zoho_sync.admin.deeds import MANAGE_QUEUE, Deed, Doer, find_deed
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import BulkAction
from zoho_sync.models.bulk_actions import OPEN


def _cancel(rows: Iterable[BulkAction], answer: Any, doer: Doer) -> int:
    return sum(bulk_actions.request_cancel(one.pk, at=timezone.now()) for one in rows)


def _go_on(rows: Iterable[BulkAction], answer: Any, doer: Doer) -> int:
    return sum(bulk_actions.resume(one.pk, at=timezone.now()) for one in rows)


DEEDS = (
    Deed(
        name="cancel",
        label=_("Cancel"),
        right=MANAGE_QUEUE,
        question=_("Cancel these bulk actions?"),
        effect=_("Each stops after its present batch. What is done stays done; the rest is left as it is."),
        done=ngettext_lazy(
            "%(count)d bulk action was asked to stop.", "%(count)d bulk actions were asked to stop.", "count"
        ),
        can=Q(state__in=OPEN, cancel_requested_at__isnull=True),
        act=_cancel,
    ),
    Deed(
        name="go_on",
        label=_("Go on with the rest"),
        right=MANAGE_QUEUE,
        question=_("Go on with the rest of these bulk actions?"),
        effect=_("Each goes on with the rows that it has not reached, whether or not the first ones failed again."),
        done=ngettext_lazy("%(count)d bulk action goes on.", "%(count)d bulk actions go on.", "count"),
        can=Q(state__in=bulk_actions.ENDED_EARLY),
        act=_go_on,
    ),
)


@admin.register(BulkAction)
class BulkActionAdmin(DeedsAdmin, GrowingTableAdmin):
    change_list_template = "admin/zoho_sync/syncrun/change_list.html"
    list_display = ("made", "what", "shown_state", "bar", "expected", "done", "left_out", "user", "finished")
    list_filter = ("state", "created_at")
    list_display_links = ("made", "what")
    list_select_related = ("user",)
    sortable_by = ()
    heavy = ("watched", "query")
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("what", "rows", "answer", "shown_state", "bar", "shown_error")}),
        (_("Counts"), {"fields": (("expected", "is_estimate"), ("done", "left_out"), ("first_rows", "failed_again"))}),
        (_("Record"), {"fields": ("user", ("made", "finished"), ("worker", "sign_of_life", "asked_to_stop"))}),
    )
    readonly_fields = (
        *("what", "rows", "shown_state", "bar", "shown_error", "first_rows"),
        *("made", "finished", "sign_of_life", "asked_to_stop"),
    )

    made = time_column("created_at", _("started at"))
    finished = time_column("finished_at", _("finished at"))
    sign_of_life = time_column("beat_at", _("last sign of life"))
    asked_to_stop = time_column("cancel_requested_at", _("asked to stop at"))

    class Media:
        css = {"all": ["admin_site/runs.css"]}

    def is_live(self, row: BulkAction) -> bool:
        return row.is_open

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        live = {"is_live": BulkAction.objects.open().exists()}
        return super().changelist_view(request, {**(extra_context or {}), **live})

    @admin.display(description=_("action"))
    def what(self, row: BulkAction) -> str:
        """Its words, and the table; the bare names where the code knows them no more."""
        try:
            model = apps.get_model(row.table)
        except (LookupError, ValueError):
            return f"{row.action} · {row.table}"
        deed = find_deed(self.admin_site._registry.get(model), row.action)
        return f"{deed.label if deed else row.action} · {model._meta.verbose_name_plural}"

    @admin.display(description=_("rows"))
    def rows(self, row: BulkAction) -> SafeString | str:
        try:
            address = reverse(f"admin:{row.table.replace('.', '_')}_changelist")
        except NoReverseMatch:
            return plain(row.query) or NOTHING
        return format_html('<a href="{}?{}">{}</a>', address, row.query, translate("the list with its filter"))

    @admin.display(description=_("state"))
    def shown_state(self, row: BulkAction) -> SafeString:
        return state_badge(row.state, row.get_state_display())

    @admin.display(description=_("progress"))
    def bar(self, row: BulkAction) -> SafeString | str:
        """Of how many; without an end where they were too many to be counted."""
        if not row.is_open and row.state == BulkAction.State.COMPLETED:
            return NOTHING
        past = row.done + row.left_out
        if row.is_estimate and past >= row.expected:
            return format_html('<progress class="run-bar" aria-label="{}"></progress>', translate("progress"))
        percent = min(100 * past // max(row.expected, 1), 100)
        return format_html(
            '<span class="run-progress"><progress class="run-bar" max="100" value="{}" aria-label="{}"></progress>'
            ' <bdi dir="ltr">{}%</bdi></span>',
            *(percent, translate("progress"), percent),
        )

    @admin.display(description=_("rows tried first"))
    def first_rows(self, row: BulkAction) -> str:
        return str(len(row.watched)) if row.watched else NOTHING

    @admin.display(description=_("error"))
    def shown_error(self, row: BulkAction) -> str:
        return plain(row.error) or NOTHING
