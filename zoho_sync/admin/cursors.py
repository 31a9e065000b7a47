from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import row_link
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.read_only import ReadOnlyAdmin
from zoho_sync import bulk
from zoho_sync.admin.record_pages import module_label, time_column
from zoho_sync.models import SyncCursor
from zoho_sync.runs import AlreadyRunning


class RewindForm(forms.Form):
    to = forms.SplitDateTimeField(
        label=_("back to"),
        widget=forms.SplitDateTimeWidget(date_attrs={"type": "date"}, time_attrs={"type": "time"}),
    )

    def clean_to(self) -> datetime:
        to: datetime = self.cleaned_data["to"]
        if to > timezone.now():
            raise forms.ValidationError(_("This time lies in the future."))
        return to


@admin.register(SyncCursor)
class SyncCursorAdmin(ReadOnlyAdmin):
    list_display = ("kind", "until", "set_by", "updated")
    list_select_related = ("run",)
    actions = ("rewind",)
    fieldsets = ((None, {"fields": ("kind", "until", "set_by", "updated")}),)
    readonly_fields = ("kind", "until", "set_by", "updated")

    until = time_column("modified_until", _("everything up to"), sorts=True)
    updated = time_column("updated_at", _("updated at"), sorts=True)

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.run_sync")

    @admin.action(description=_("Rewind to a time"), permissions=["run"])
    def rewind(self, request: HttpRequest, queryset: QuerySet[SyncCursor]) -> HttpResponse | None:
        def rewind(rows: QuerySet[SyncCursor], to: datetime) -> int:
            try:
                return len(bulk.rewind([cursor.module for cursor in rows], to=to))
            except AlreadyRunning as error:
                text = _("%(run)s is under way and would set its cursor again.") % {"run": error.run}
                self.message_user(request, text, messages.WARNING)
                return 0

        return operate(
            self,
            request,
            queryset,
            Operation(
                name="rewind",
                question=_("Rewind these cursors?"),
                effect=_(
                    "The next incremental pull reads again all that changed in Zoho since this time. What we know "
                    "already is passed over."
                ),
                done=ngettext_lazy("%(count)d cursor was rewound.", "%(count)d cursors were rewound.", "count"),
                can=Q(modified_until__isnull=False),
                act=rewind,
                form=RewindForm,
            ),
        )

    @admin.display(description=_("module"), ordering="module")
    def kind(self, cursor: SyncCursor) -> str:
        return module_label(cursor.module)

    @admin.display(description=_("set by run"))
    def set_by(self, cursor: SyncCursor) -> SafeString | str:
        return row_link(cursor.run)
