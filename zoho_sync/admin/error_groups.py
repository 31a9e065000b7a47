from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, ngettext_lazy
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.charts import sparkline
from tsh_erp.admin_site.display import list_link, plain, shorten, together
from zoho_sync import dead_letters
from zoho_sync.admin import dead_letters as letters
from zoho_sync.admin.deeds import Deed
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import ModuleFilter, module_label, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.models import Alert, DeadLetter, ErrorGroup

State = ErrorGroup.State


TREND_DAYS = 14
TRIAGE = "zoho_sync.triage_errorgroup"


class NoteForm(forms.Form):
    note = forms.CharField(label=_("note"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4, "cols": 60}))


class OwnerForm(forms.Form):
    owner = forms.ModelChoiceField(
        label=_("owner"), queryset=User.objects.filter(is_staff=True, is_active=True).order_by("username")
    )


DEEDS = (
    Deed(
        name="assign",
        label=_("Give to an owner"),
        right=TRIAGE,
        question=_("Who looks after these error groups?"),
        effect=_("Open groups count as acknowledged."),
        done=ngettext_lazy("%(count)d error group has an owner.", "%(count)d error groups have an owner.", "count"),
        can=~Q(state=State.RESOLVED),
        act=lambda rows, answer, doer: dead_letters.assign_groups(rows, to=answer, at=timezone.now()),
        form=OwnerForm,
    ),
    Deed(
        name="annotate",
        label=_("Write a note"),
        right=TRIAGE,
        question=_("What is known of the cause?"),
        effect=_("The note takes the place of the present one."),
        done=ngettext_lazy("%(count)d error group has the note.", "%(count)d error groups have the note.", "count"),
        can=Q(),
        act=lambda rows, answer, doer: dead_letters.annotate_groups(rows, note=answer, at=timezone.now()),
        form=NoteForm,
    ),
    Deed(
        name="acknowledge",
        label=_("Acknowledge"),
        right=TRIAGE,
        question=_("Acknowledge these error groups?"),
        effect=_("You become their owner."),
        done=ngettext_lazy(
            "%(count)d error group was acknowledged.", "%(count)d error groups were acknowledged.", "count"
        ),
        can=Q(state=State.OPEN),
        act=lambda rows, answer, doer: dead_letters.acknowledge_groups(rows, by=doer.user, at=timezone.now()),
    ),
    Deed(
        name="ignore",
        label=_("Ignore"),
        right=TRIAGE,
        question=_("Ignore these error groups?"),
        effect=_("New errors of these groups are counted and do not open them again."),
        done=ngettext_lazy("%(count)d error group is ignored.", "%(count)d error groups are ignored.", "count"),
        can=~Q(state=State.IGNORED),
        act=lambda rows, answer, doer: dead_letters.ignore_groups(rows, reason=answer, by=doer.user, at=timezone.now()),
        needs_reason=True,
    ),
    Deed(
        name="resolve",
        label=_("Resolve"),
        right=TRIAGE,
        question=_("Resolve these error groups?"),
        effect=_("A new error opens its group again."),
        done=ngettext_lazy("%(count)d error group was resolved.", "%(count)d error groups were resolved.", "count"),
        can=~Q(state=State.RESOLVED),
        act=lambda rows, answer, doer: dead_letters.resolve_groups(
            rows, reason=answer, by=doer.user, at=timezone.now()
        ),
        needs_reason=True,
    ),
)


@admin.register(ErrorGroup)
class ErrorGroupAdmin(DeedsAdmin):
    list_display = (
        "last_seen",
        "kind",
        "error_class",
        "short_sample",
        "shown_state",
        "count",
        "trend",
        "first_seen",
        "owner",
        "leads_to",
    )
    list_filter = ("state", ModuleFilter, "last_seen_at")
    list_select_related = ("owner",)
    search_fields = ("error_class", "sample", "note")
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("shown_state", "kind", "error_class", "shown_sample", "count", "trend", "leads_to")}),
        (_("What was done"), {"fields": ("owner", "note")}),
        (_("Record"), {"fields": (("first_seen", "last_seen"), "fingerprint")}),
    )
    readonly_fields = ("shown_state", "kind", "shown_sample", "trend", "leads_to", "first_seen", "last_seen")

    first_seen = time_column("first_seen_at", _("first seen at"), sorts=True)
    last_seen = time_column("last_seen_at", _("last seen at"), sorts=True)

    change_form_template = "admin/zoho_sync/errorgroup/change_form.html"

    class Media:
        css = {"all": ["admin_site/overview.css"]}

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown = super().get_changelist_instance(request)
        _read_trends(list(shown.result_list))
        return shown

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        context["letters_address"] = reverse(
            "admin:zoho_sync_deadletter_changelist",
            query={"group__id__exact": context["original"].pk, "state__exact": DeadLetter.State.OPEN},
        )
        context["retries"] = [
            (deed.name, deed.label)
            for deed in letters.DEEDS
            if deed.watch is not None and request.user.has_perm(deed.right)
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("new each day"))
    def trend(self, group: ErrorGroup) -> SafeString:
        """The last fortnight."""
        if "trend" not in group.__dict__:
            _read_trends([group])
        values = group.__dict__["trend"]
        label = translate("%(count)d new dead letters in %(days)d days") % {"count": sum(values), "days": TREND_DAYS}
        return sparkline(values, label=label, tone="bad", from_right=get_language_bidi())

    @admin.display(description=_("module"))
    def kind(self, group: ErrorGroup) -> str:
        return module_label(group.module)

    @admin.display(description=_("state"))
    def shown_state(self, group: ErrorGroup) -> SafeString:
        return state_badge(group.state, group.get_state_display())

    @admin.display(description=_("sample message"))
    def short_sample(self, group: ErrorGroup) -> str:
        return shorten(group.sample)

    @admin.display(description=_("sample message"))
    def shown_sample(self, group: ErrorGroup) -> str:
        return plain(group.sample)

    @admin.display(description=_("leads to"))
    def leads_to(self, group: ErrorGroup) -> SafeString | str:
        return together(
            [
                list_link(DeadLetter, _("dead letters"), group__id__exact=group.pk),
                list_link(Alert, _("alerts"), q=group.fingerprint),
            ]
        )


def _read_trends(groups: list[ErrorGroup]) -> None:
    """Give each group how many letters were opened on each of the last days. One query."""
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in range(TREND_DAYS - 1, -1, -1)]
    found = dead_letters.new_letters_by_day([one.pk for one in groups], since=timezone.now() - timedelta(TREND_DAYS))
    for one in groups:
        counts = found.get(one.pk, {})
        one.__dict__["trend"] = [counts.get(day, 0) for day in days]
