from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tsh_erp.admin_site.display import NOTHING, list_link, plain, shown_json
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.people import person
from tsh_erp.admin_site.read_only import GrowingTableAdmin
from zoho_sync import bulk, monitoring, refetch, runs, tasks
from zoho_sync.admin.record_pages import ModuleFilter, module_label, time_column
from zoho_sync.admin.run_display import show_bar, show_errors, show_pace, show_sign_of_life
from zoho_sync.admin.run_start import start_page
from zoho_sync.admin.states import state_badge
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import OPEN
from zoho_sync.runs import RESUMABLE, AlreadyRunning, NotResumable

WAITS_FOR_A_WORD = Q(status__in=RESUMABLE, checkpoint__has_key="sweep")


@admin.register(SyncRun)
class SyncRunAdmin(GrowingTableAdmin):
    change_list_template = "admin/zoho_sync/syncrun/change_list.html"
    change_form_template = "admin/zoho_sync/syncrun/change_form.html"
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
    actions = ("cancel", "resume", "confirm_sweep")
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
        live = {"is_live": SyncRun.objects.open().exists(), "may_run": self.has_run_permission(request)}
        return super().changelist_view(request, {**(extra_context or {}), **live})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        run: SyncRun = context["original"]
        tools = (
            [
                (name, label)
                for name, label, fits in (
                    ("cancel", _("Cancel"), run.is_open),
                    ("resume", _("Resume"), run.status in RESUMABLE and "sweep" not in run.checkpoint),
                    ("confirm_sweep", _("Confirm the sweep"), run.status in RESUMABLE and "sweep" in run.checkpoint),
                )
                if fits
            ]
            if self.has_run_permission(request)
            else []
        )
        return super().render_change_form(request, context | {"is_live": run.is_open, "tools": tools}, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        run = super().get_object(request, object_id, from_field)
        if run is not None and runs.give_up_dead(SyncRun.objects.filter(pk=run.pk)):
            run.refresh_from_db()
        return run

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("zoho_sync.run_sync")

    @admin.action(description=_("Cancel"), permissions=["run"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="cancel",
                question=_("Cancel these runs?"),
                effect=_("Each stops after its present step. What it brought in stays, and it can be resumed."),
                done=ngettext_lazy("%(count)d run was asked to stop.", "%(count)d runs were asked to stop.", "count"),
                can=Q(status__in=OPEN),
                act=lambda rows, reason: sum(runs.request_cancel(run.pk) for run in rows),
            ),
        )

    @admin.action(description=_("Resume"), permissions=["run"])
    def resume(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> HttpResponse | None:
        if not refetch.is_configured() and queryset.exclude(kind__in=tasks.WITHOUT_ZOHO).exists():
            self.message_user(request, _("No Zoho client is configured, so no run can be resumed."), messages.ERROR)
            return None
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="resume",
                question=_("Resume these runs?"),
                effect=_("Each goes on where it stopped, as soon as a worker for long jobs is free."),
                done=ngettext_lazy("%(count)d run goes on.", "%(count)d runs go on.", "count"),
                can=Q(status__in=RESUMABLE),
                act=lambda rows, reason: self._each(request, rows, tasks.resume),
            ),
        )

    @admin.action(description=_("Confirm the sweep"), permissions=["run"])
    def confirm_sweep(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> HttpResponse | None:
        def confirm(run_id: int) -> object:
            bulk.confirm_sweep(run_id, by=person(request).get_username())
            return tasks.resume(run_id)

        return operate(
            self,
            request,
            queryset,
            Operation(
                name="confirm_sweep",
                question=_("Confirm the sweep of these runs?"),
                effect=_(
                    "More records were missing from Zoho's list than is believed without a person's word. With it, "
                    "each is asked for once more, and what Zoho has no more is retired here."
                ),
                done=ngettext_lazy("%(count)d sweep goes on.", "%(count)d sweeps go on.", "count"),
                can=WAITS_FOR_A_WORD,
                act=lambda rows, reason: self._each(request, rows, confirm),
            ),
        )

    def _each(self, request: HttpRequest, rows: Any, do: Callable[[int], object]) -> int:
        """Do it to each run; one that another run is in the way of is told, and left as it is."""
        done = 0
        for run in rows:
            try:
                do(run.pk)
            except AlreadyRunning as error:
                text = _("%(run)s waits for %(other)s, which is under way.")
                self.message_user(request, text % {"run": run, "other": error.run}, messages.WARNING)
            except NotResumable:
                continue
            else:
                done += 1
        return done

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
