"""Periodic jobs, signs of life and django-q2's own tables, to look at: schedules come from the code.

The queue of rings is left out; it is empty a moment after it was filled, and what it carries is signed.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from tsh_erp.admin_site.display import NOTHING, Tone, badge, link, moment, plain, preformatted, shorten
from tsh_erp.admin_site.read_only import GrowingTableAdmin, ReadOnlyAdmin
from tsh_erp.jobs.models import Heartbeat, JobRun

for _model in (Failure, OrmQ, Schedule, Success):
    admin.site.unregister(_model)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "shown_args", "schedule_type", "minutes", "cluster", "next_time", "last_time")
    list_filter = ("schedule_type", "cluster")
    search_fields = ("name", "func")
    ordering = ("next_run",)
    fields = (
        "name",
        ("func", "shown_args"),
        ("schedule_type", "minutes"),
        "repeats",
        "cluster",
        "next_time",
        "last_time",
    )
    readonly_fields = ("shown_args", "next_time", "last_time")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        last = Task.objects.filter(id=OuterRef("task"))
        with_last: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(last_stopped=Subquery(last.values("stopped")), last_success=Subquery(last.values("success")))
        )
        return with_last

    @admin.display(description=_("arguments"))
    def shown_args(self, schedule: Schedule) -> str:
        return schedule.args or NOTHING

    @admin.display(description=_("next run"), ordering="next_run")
    def next_time(self, schedule: Schedule) -> SafeString | str:
        return moment(schedule.next_run)

    @admin.display(description=_("last run"))
    def last_time(self, schedule: Any) -> SafeString | str:
        if schedule.last_stopped is None:
            return NOTHING
        page = "admin:django_q_success_change" if schedule.last_success else "admin:django_q_failure_change"
        return link(moment(schedule.last_stopped), page, schedule.task)


@admin.register(JobRun)
class JobRunAdmin(GrowingTableAdmin):
    list_display = ("started", "name", "shown_state", "seconds", "due", "worker", "short_result")
    list_filter = ("state", "name")
    list_display_links = ("started", "name")
    sortable_by = ()
    heavy = ("error",)
    fieldsets = (
        (None, {"fields": ("name", "shown_state", ("started", "finished", "seconds"), "due", "worker")}),
        (_("Outcome"), {"fields": ("result", "shown_error")}),
    )
    readonly_fields = ("shown_state", "started", "finished", "seconds", "due", "shown_error")

    TONES = {
        JobRun.State.RUNNING: Tone.BUSY,
        JobRun.State.SUCCEEDED: Tone.GOOD,
        JobRun.State.FAILED: Tone.BAD,
        JobRun.State.ABANDONED: Tone.BAD,
    }

    @admin.display(description=_("state"))
    def shown_state(self, run: JobRun) -> SafeString:
        return badge(run.get_state_display(), self.TONES[JobRun.State(run.state)])

    @admin.display(description=_("started at"))
    def started(self, run: JobRun) -> SafeString | str:
        return moment(run.started_at)

    @admin.display(description=_("finished at"))
    def finished(self, run: JobRun) -> SafeString | str:
        return moment(run.finished_at)

    @admin.display(description=_("due at"))
    def due(self, run: JobRun) -> SafeString | str:
        return moment(run.due_at)

    @admin.display(description=_("seconds"))
    def seconds(self, run: JobRun) -> str:
        return f"{(run.finished_at - run.started_at).total_seconds():.1f}" if run.finished_at else NOTHING

    @admin.display(description=_("result"))
    def short_result(self, run: JobRun) -> str:
        return shorten(run.result) if run.result else NOTHING

    @admin.display(description=_("error"))
    def shown_error(self, run: JobRun) -> SafeString | str:
        return preformatted(run.error) if run.error else NOTHING


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("cluster", "host", "pid", "beat")
    fields = ("cluster", "host", "pid", "beat")
    readonly_fields = ("beat",)

    @admin.display(description=_("last sign of life"), ordering="beat_at")
    def beat(self, heartbeat: Heartbeat) -> SafeString | str:
        return moment(heartbeat.beat_at)


class TaskAdmin(GrowingTableAdmin):
    """A task that has run."""

    list_display = ("stopped_time", "name", "func", "result_badge", "seconds", "cluster", "short_result")
    list_filter = ("cluster", "stopped")
    search_fields = ("name", "func")
    ordering = ("-stopped",)
    list_display_links = ("stopped_time", "name")
    fields = (
        "name",
        "func",
        "arguments",
        "result_badge",
        "cluster",
        ("started_time", "stopped_time", "seconds"),
        "full",
    )
    readonly_fields = ("arguments", "result_badge", "started_time", "stopped_time", "seconds", "full")

    @admin.display(description=_("started at"))
    def started_time(self, task: Task) -> SafeString | str:
        return moment(task.started)

    @admin.display(description=_("stopped at"), ordering="stopped")
    def stopped_time(self, task: Task) -> SafeString | str:
        return moment(task.stopped)

    @admin.display(description=_("success"))
    def result_badge(self, task: Task) -> SafeString:
        return badge(_("done"), Tone.GOOD) if task.success else badge(_("failed"), Tone.BAD)

    @admin.display(description=_("seconds"))
    def seconds(self, task: Task) -> str:
        return f"{(task.stopped - task.started).total_seconds():.1f}"

    @admin.display(description=_("arguments"))
    def arguments(self, task: Task) -> str:
        return plain(repr(task.args)) if task.args else NOTHING

    @admin.display(description=_("result"))
    def short_result(self, task: Task) -> str:
        return shorten(str(task.result)) if task.result is not None else NOTHING

    @admin.display(description=_("result"))
    def full(self, task: Task) -> SafeString | str:
        return preformatted(str(task.result)) if task.result is not None else NOTHING


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    """Tasks that have worked."""


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    """Tasks that have failed."""
