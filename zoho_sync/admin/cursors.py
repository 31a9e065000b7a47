from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import row_link
from zoho_sync import bulk
from zoho_sync.admin.deeds import RUN_SYNC, Deed, Doer
from zoho_sync.admin.doing import DeedsAdmin
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


def _rewind(rows: QuerySet[Any], to: datetime, doer: Doer) -> int:
    try:
        return len(bulk.rewind([cursor.module for cursor in rows], to=to))
    except AlreadyRunning as error:
        doer.warn(translate("%(run)s is under way and would set its cursor again.") % {"run": error.run})
        return 0


DEEDS = (
    Deed(
        name="rewind",
        label=_("Rewind to a time"),
        right=RUN_SYNC,
        question=_("Rewind these cursors?"),
        effect=_(
            "The next incremental pull reads again all that changed in Zoho since this time. What we know "
            "already is passed over."
        ),
        done=ngettext_lazy("%(count)d cursor was rewound.", "%(count)d cursors were rewound.", "count"),
        can=Q(modified_until__isnull=False),
        act=_rewind,
        form=RewindForm,
    ),
)


@admin.register(SyncCursor)
class SyncCursorAdmin(DeedsAdmin):
    list_display = ("kind", "until", "set_by", "updated")
    list_select_related = ("run",)
    deeds = DEEDS
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
