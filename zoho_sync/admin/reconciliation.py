from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import list_link, row_link
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync import reconcile, refetch, runs, tasks
from zoho_sync.admin.deeds import NO_CLIENT_FOR_RUNS, RUN_SYNC, Deed, Doer, may_run
from zoho_sync.admin.differences import SubjectFilter
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.reconciliation_display import show_percent, show_results, show_totals, show_trend
from zoho_sync.admin.record_pages import module_label, time_column
from zoho_sync.admin.states import state_badge
from zoho_sync.entities import BY_MODULE, ENTITIES
from zoho_sync.errors import NotConfigured
from zoho_sync.models import Difference, Reconciliation, ReconciliationResult, SyncRun
from zoho_sync.runs import AlreadyRunning, NotResumable

EVERYTHING = "everything"


class StartForm(forms.Form):
    what = forms.ChoiceField(label=_("What"), initial=EVERYTHING)
    repair = forms.BooleanField(
        label=_("repair what differs"),
        required=False,
        help_text=_("Pulls what is missing or different, and retires what Zoho says it does not have."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        calls = {entity.module: reconcile.estimate_calls(entity) for entity in ENTITIES}
        told = translate("%(name)s: about %(count)d API calls")
        everything = told % {"name": translate("everything"), "count": sum(calls.values())}
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (EVERYTHING, everything),
            *((entity.module, told % {"name": entity.label, "count": calls[entity.module]}) for entity in ENTITIES),
        ]

    def start(self, request: HttpRequest) -> Reconciliation | None:
        """The report that is being written; None, with the reason in the form, where there can be none."""
        what = self.cleaned_data["what"]
        entities = ENTITIES if what == EVERYTHING else (BY_MODULE[what],)
        try:
            report = tasks.start_reconciliation(
                entities,
                trigger=SyncRun.Trigger.ADMIN,
                repairs=self.cleaned_data["repair"],
                user=person(request),
            )
        except NotConfigured as error:
            text = translate("No Zoho client is configured. Missing settings: %(names)s.")
            self.add_error(None, text % {"names": ", ".join(error.missing)})
            return None
        except AlreadyRunning as error:
            self.add_error("what", str(error))
            return None
        if report:
            LogEntry.objects.log_actions(person(request).pk, [report], ADDITION, change_message="start")
        return report


def _resume(rows: Iterable[Reconciliation], answer: Any, doer: Doer) -> int:
    done = 0
    for report in rows:
        try:
            done += bool(tasks.resume_batch(report.batch))
        except (AlreadyRunning, NotResumable) as error:
            doer.warn(str(error))
    return done


DEEDS = (
    Deed(
        name="resume",
        label=_("Resume"),
        right=RUN_SYNC,
        question=_("Resume these reconciliations?"),
        effect=_("What was cut off goes on, as soon as a worker for long jobs is free."),
        done=ngettext_lazy("%(count)d reconciliation goes on.", "%(count)d reconciliations go on.", "count"),
        can=Q(finished_at__isnull=True),
        act=_resume,
        refuse=lambda rows: "" if refetch.is_configured() else NO_CLIENT_FOR_RUNS,
    ),
)


@admin.register(Reconciliation)
class ReconciliationAdmin(DeedsAdmin):
    change_list_template = "admin/zoho_sync/reconciliation/change_list.html"
    list_display = (
        "started",
        "shown_state",
        "shown_match",
        "compared",
        "differing",
        "leads_to",
        "repairs",
        "trigger",
        "calls_estimated",
        "calls",
        "finished",
    )
    list_filter = ("repairs", "trigger", "started_at")
    sortable_by = ()
    list_per_page = 30
    deeds = DEEDS
    fieldsets = (
        (None, {"fields": ("shown_state", "shown_match", ("compared", "differing"), "leads_to", "results")}),
        (_("Sums that differ"), {"fields": ("totals",)}),
        (_("Trend"), {"fields": ("trend",)}),
        (
            _("Record"),
            {
                "fields": (
                    ("started", "finished"),
                    ("trigger", "user", "repairs"),
                    ("calls_estimated", "calls"),
                    "together",
                )
            },
        ),
    )
    readonly_fields = (
        *("shown_state", "shown_match", "leads_to", "results", "totals", "trend", "started", "finished", "together"),
    )

    started = time_column("started_at", _("started at"))
    finished = time_column("finished_at", _("finished at"))

    class Media:
        css = {"all": ["admin_site/runs.css"]}

    def get_urls(self) -> list[URLPattern]:
        start = self.admin_site.admin_view(self.start_page)
        return [path("start/", start, name="zoho_sync_reconciliation_start"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reconciliation]:
        reports: Any = super().get_queryset(request)
        return reports.with_state()  # type: ignore[no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        runs.give_up_dead(SyncRun.objects.filter(kind=SyncRun.Kind.RECONCILE))
        shown = {"trend": show_trend(), "may_run": may_run(request)}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    def start_page(self, request: HttpRequest) -> HttpResponse:
        """Ask what to compare, with what it will cost; start it and lead to its report."""
        if not may_run(request):
            raise PermissionDenied
        form = StartForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and (report := form.start(request)):
            messages.success(request, translate("The reconciliation was started."))
            return redirect("admin:zoho_sync_reconciliation_change", report.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reconcile with Zoho"),
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
        }
        return TemplateResponse(request, "admin/zoho_sync/syncrun/start.html", context)

    def is_live(self, report: Reconciliation) -> bool:
        return report.state == Reconciliation.State.UNDER_WAY

    @admin.display(description=_("state"))
    def shown_state(self, report: Reconciliation) -> SafeString:
        return state_badge(report.state, report.state.label)

    @admin.display(description=_("match"))
    def shown_match(self, report: Reconciliation) -> SafeString | str:
        return show_percent(report.match)

    @admin.display(description=_("differences"))
    def leads_to(self, report: Reconciliation) -> SafeString | str:
        return list_link(Difference, _("differences"), report__id__exact=report.pk)

    @admin.display(description=_("results"))
    def results(self, report: Reconciliation) -> SafeString | str:
        return show_results(report)

    @admin.display(description=_("sums"))
    def totals(self, report: Reconciliation) -> SafeString | str:
        return show_totals(report)

    @admin.display(description=_("match"))
    def trend(self, report: Reconciliation) -> SafeString | str:
        return show_trend(report)

    @admin.display(description=_("sync runs"))
    def together(self, report: Reconciliation) -> SafeString | str:
        return list_link(SyncRun, _("the runs of this batch"), batch=report.batch)


@admin.register(ReconciliationResult)
class ReconciliationResultAdmin(GrowingTableAdmin):
    list_display = (
        *("report", "subject", "theirs", "ours", "missing", "extra", "different", "unreadable", "settled"),
        *("share", "totals_differing", "seconds", "is_complete"),
    )
    list_filter = (SubjectFilter, "is_complete")
    list_select_related = ("report",)
    sortable_by = ()
    heavy = ("totals", "note")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("of_report", "subject", "kind"),
                    ("theirs", "ours", "compared"),
                    ("missing", "extra", "different", "unreadable"),
                    ("settled", "share", "duplicates"),
                    ("totals_differing", "seconds", "is_complete"),
                    "note",
                )
            },
        ),
    )
    readonly_fields = ("of_report", "kind", "share")

    @admin.display(description=_("reconciliation"))
    def of_report(self, result: ReconciliationResult) -> SafeString | str:
        return row_link(result.report)

    @admin.display(description=_("module"))
    def kind(self, result: ReconciliationResult) -> str:
        return module_label(result.module)

    @admin.display(description=_("drift"))
    def share(self, result: ReconciliationResult) -> str:
        return f"{result.drift:.2%}"
