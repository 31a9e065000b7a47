from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, list_link, plain, shown_json
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync import bulk, monitoring, refetch, runs, tasks
from zoho_sync.admin.deeds import NO_CLIENT_FOR_RUNS, RUN_SYNC, Deed, Doer, Text, may_run
from zoho_sync.admin.doing import DeedsAdmin
from zoho_sync.admin.record_pages import ModuleFilter, module_label, time_column
from zoho_sync.admin.run_display import show_bar, show_errors, show_pace, show_sign_of_life
from zoho_sync.admin.run_start import start_page
from zoho_sync.admin.states import state_badge
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import OPEN
from zoho_sync.runs import RESUMABLE, AlreadyRunning, NotResumable

WAITS_FOR_A_WORD = Q(status__in=RESUMABLE, checkpoint__has_key="sweep")


def _cancel(rows: Iterable[SyncRun], answer: Any, doer: Doer) -> int:
    return sum(runs.request_cancel(run.pk) for run in rows)


def _resume(rows: Iterable[SyncRun], answer: Any, doer: Doer) -> int:
    return _each(rows, doer, tasks.resume)


def _confirm_sweep(rows: Iterable[SyncRun], answer: Any, doer: Doer) -> int:
    def confirm(run_id: int) -> object:
        bulk.confirm_sweep(run_id, by=doer.user.get_username())
        return tasks.resume(run_id)

    return _each(rows, doer, confirm)


def _each(rows: Iterable[SyncRun], doer: Doer, do: Callable[[int], object]) -> int:
    """Do it to each run; one that another run is in the way of is told, and left as it is."""
    done = 0
    for run in rows:
        try:
            do(run.pk)
        except AlreadyRunning as error:
            text = translate("%(run)s waits for %(other)s, which is under way.")
            doer.warn(text % {"run": run, "other": error.run})
        except NotResumable:
            continue
        else:
            done += 1
    return done


def _why_not(rows: QuerySet[Any]) -> Text:
    if refetch.is_configured() or not rows.exclude(kind__in=tasks.WITHOUT_ZOHO).exists():
        return ""
    return NO_CLIENT_FOR_RUNS


DEEDS = (
    Deed(
        name="cancel",
        label=_("Cancel"),
        right=RUN_SYNC,
        question=_("Cancel these runs?"),
        effect=_("Each stops after its present step. What it brought in stays, and it can be resumed."),
        done=ngettext_lazy("%(count)d run was asked to stop.", "%(count)d runs were asked to stop.", "count"),
        can=Q(status__in=OPEN),
        act=_cancel,
    ),
    Deed(
        name="resume",
        label=_("Resume"),
        right=RUN_SYNC,
        question=_("Resume these runs?"),
        effect=_("Each goes on where it stopped, as soon as a worker for long jobs is free."),
        done=ngettext_lazy("%(count)d run goes on.", "%(count)d runs go on.", "count"),
        can=Q(status__in=RESUMABLE),
        act=_resume,
        refuse=_why_not,
    ),
    Deed(
        name="confirm_sweep",
        label=_("Confirm the sweep"),
        right=RUN_SYNC,
        question=_("Confirm the sweep of these runs?"),
        effect=_(
            "More records were missing from Zoho's list than is believed without a person's word. With it, "
            "each is asked for once more, and what Zoho has no more is retired here."
        ),
        done=ngettext_lazy("%(count)d sweep goes on.", "%(count)d sweeps go on.", "count"),
        can=WAITS_FOR_A_WORD,
        act=_confirm_sweep,
    ),
)


@admin.register(SyncRun)
class SyncRunAdmin(DeedsAdmin, GrowingTableAdmin):
    change_list_template = "admin/zoho_sync/syncrun/change_list.html"
    list_display = (
        "started",
        "shown_module",
        "shown_status",
        "bar",
        "kind",
        "mode",
        "seen",
        "created",
        "updated",
        "unchanged",
        "failed",
        "calls",
        "trigger",
        "finished",
    )
    list_filter = ("status", "kind", "mode", "trigger", ModuleFilter, "started_at")
    search_fields = ("error",)
    search_help_text = _("Words of the error")
    sortable_by = ()
    heavy = ("checkpoint", "error", "options")
    deeds = DEEDS
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "shown_status",
                    ("shown_module", "kind"),
                    "bar",
                    "pace",
                    ("mode", "since_time"),
                    ("trigger", "user"),
                    "together",
                    "shown_error",
                )
            },
        ),
        (
            _("Counts"),
            {
                "fields": (
                    ("pages", "calls", "expected"),
                    ("seen", "created", "updated"),
                    ("unchanged", "stale", "skipped"),
                    ("retired", "failed"),
                )
            },
        ),
        (_("Records that failed"), {"fields": ("errors",)}),
        (
            _("Record"),
            {"fields": (("started", "finished"), "sign_of_life", "asked_to_stop", "shown_options", "shown_checkpoint")},
        ),
    )
    readonly_fields = (
        "shown_status",
        "shown_module",
        "bar",
        "pace",
        "since_time",
        "together",
        "shown_error",
        "errors",
        "started",
        "finished",
        "sign_of_life",
        "asked_to_stop",
        "shown_options",
        "shown_checkpoint",
    )

    started = time_column("started_at", _("started at"))
    finished = time_column("finished_at", _("finished at"))
    since_time = time_column("since", _("changed since"))
    asked_to_stop = time_column("cancel_requested_at", _("asked to stop at"))

    class Media:
        css = {"all": ["admin_site/runs.css"]}
        js = ["admin_site/live.js"]

    def get_urls(self) -> list[URLPattern]:
        start = self.admin_site.admin_view(lambda request: start_page(self, request))
        return [path("start/", start, name="zoho_sync_syncrun_start"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        runs.give_up_dead(SyncRun.objects.all())
        live = {"is_live": SyncRun.objects.open().exists(), "may_run": may_run(request)}
        return super().changelist_view(request, {**(extra_context or {}), **live})

    def is_live(self, row: SyncRun) -> bool:
        return row.is_open

    def fits(self, deed: Deed, row: SyncRun) -> bool:
        """A sweep that waits for a word is not resumed without it."""
        return super().fits(deed, row) and not (deed.name == "resume" and "sweep" in row.checkpoint)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        run = super().get_object(request, object_id, from_field)
        if run is not None and runs.give_up_dead(SyncRun.objects.filter(pk=run.pk)):
            run.refresh_from_db()
        return run

    @admin.display(description=_("module"))
    def shown_module(self, run: SyncRun) -> str:
        return module_label(run.module)

    @admin.display(description=_("status"))
    def shown_status(self, run: SyncRun) -> SafeString:
        return state_badge(run.status, run.get_status_display())

    @admin.display(description=_("progress"))
    def bar(self, run: SyncRun) -> SafeString | str:
        return show_bar(run)

    @admin.display(description=_("pace"))
    def pace(self, run: SyncRun) -> SafeString | str:
        return show_pace(run)

    @admin.display(description=_("started together"))
    def together(self, run: SyncRun) -> SafeString | str:
        return list_link(SyncRun, _("the runs of this batch"), batch=run.batch) if run.batch else NOTHING

    @admin.display(description=_("error"))
    def shown_error(self, run: SyncRun) -> str:
        return plain(monitoring.error_of(run)) or NOTHING

    @admin.display(description=_("errors"))
    def errors(self, run: SyncRun) -> SafeString | str:
        return show_errors(run)

    @admin.display(description=_("last sign of life"))
    def sign_of_life(self, run: SyncRun) -> SafeString | str:
        return show_sign_of_life(run)

    @admin.display(description=_("options"))
    def shown_options(self, run: SyncRun) -> SafeString | str:
        return shown_json(run.options or None)

    @admin.display(description=_("checkpoint"))
    def shown_checkpoint(self, run: SyncRun) -> SafeString | str:
        return shown_json(run.checkpoint or None)
