"""Periodic jobs with their switches, signs of life and django-q2's own tables. Schedules come from the code.

The queue of rings is left out; it is empty a moment after it was filled, and what it carries is signed.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language_bidi, ngettext_lazy
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from tsh_erp.admin_site.charts import sparkline
from tsh_erp.admin_site.display import NOTHING, Tone, badge, link, moment, plain, preformatted, shorten
from tsh_erp.admin_site.operations import Operation, operate
from tsh_erp.admin_site.read_only import GrowingTableAdmin, ReadOnlyAdmin
from tsh_erp.jobs import schedules
from tsh_erp.jobs.models import Heartbeat, JobRun
from tsh_erp.jobs.reading import Job, read_jobs

for _model in (Failure, OrmQ, Schedule, Success):
    admin.site.unregister(_model)


# Whoever may start a sync may start what starts it by itself.
RUN = "zoho_sync.run_sync"
STATE_TONES = {
    JobRun.State.RUNNING: Tone.BUSY,
    JobRun.State.SUCCEEDED: Tone.GOOD,
    JobRun.State.FAILED: Tone.BAD,
    JobRun.State.ABANDONED: Tone.BAD,
}


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """What is done by itself, when, and how it went. Schedules come from the code; a person may pause them."""

    list_display = ("name", "cadence", "standing", "next_time", "last_time", "result", "took", "trend", "cluster")
    list_filter = ("cluster",)
    search_fields = ("name", "func")
    ordering = ("next_run",)
    actions = ("run_now", "pause", "resume")
    fieldsets = (
        (None, {"fields": ("name", "cadence", "standing", "next_time", "last_time", "result", "took", "trend")}),
        (_("Record"), {"fields": (("func", "shown_args"), "cluster")}),
    )
    readonly_fields = (*("cadence", "standing", "shown_args", "next_time", "last_time", "result", "took", "trend"),)

    class Media:
        css = {"all": ["admin_site/overview.css"]}

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RUN)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        shown = super().get_changelist_instance(request)
        _read_together(list(shown.result_list))
        return shown

    @admin.action(description=_("Run now"), permissions=["run"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="run_now",
                question=_("Run these jobs now?"),
                effect=_("Each is done as soon as a worker is free. One that is under way is not begun twice."),
                done=ngettext_lazy("%(count)d job was called for.", "%(count)d jobs were called for.", "count"),
                can=Q(),
                act=lambda rows, answer: schedules.run_now(rows),
            ),
        )

    @admin.action(description=_("Pause"), permissions=["run"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="pause",
                question=_("Pause these schedules?"),
                effect=_("They are not started by themselves any more, also after a deploy, until they are resumed."),
                done=ngettext_lazy("%(count)d schedule was paused.", "%(count)d schedules were paused.", "count"),
                can=~Q(repeats=0),
                act=lambda rows, answer: schedules.pause(rows),
            ),
        )

    @admin.action(description=_("Resume"), permissions=["run"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> HttpResponse | None:
        return operate(
            self,
            request,
            queryset,
            Operation(
                name="resume",
                question=_("Resume these schedules?"),
                effect=_("They are started again at their times; what was missed meanwhile is not made good."),
                done=ngettext_lazy("%(count)d schedule goes on.", "%(count)d schedules go on.", "count"),
                can=Q(repeats=0),
                act=lambda rows, answer: schedules.resume(rows, at=timezone.now()),
            ),
        )

    @admin.display(description=_("how often"))
    def cadence(self, schedule: Schedule) -> str:
        """In words; daily ones with their local time."""
        job = _job(schedule)
        if schedule.schedule_type == Schedule.DAILY and job.next_run:
            return f"{job.trigger}, {timezone.localtime(job.next_run):%H:%M}"
        return job.trigger

    @admin.display(description=_("state"))
    def standing(self, schedule: Schedule) -> SafeString:
        job = _job(schedule)
        if job.is_paused:
            return badge(_("paused"), Tone.WARNING)
        if job.is_late:
            return badge(_("late"), Tone.BAD)
        return badge(_("silent"), Tone.BAD) if job.is_silent else badge(_("on time"), Tone.GOOD)

    @admin.display(description=_("arguments"))
    def shown_args(self, schedule: Schedule) -> str:
        return schedule.args or NOTHING

    @admin.display(description=_("next run"), ordering="next_run")
    def next_time(self, schedule: Schedule) -> SafeString | str:
        return NOTHING if schedule.repeats == 0 else moment(schedule.next_run)

    @admin.display(description=_("last run"))
    def last_time(self, schedule: Schedule) -> SafeString | str:
        last = _job(schedule).last_run
        return link(moment(last.started_at), "admin:jobs_jobrun_change", last.pk) if last else NOTHING

    @admin.display(description=_("result"))
    def result(self, schedule: Schedule) -> SafeString | str:
        last = _job(schedule).last_run
        return badge(last.get_state_display(), STATE_TONES[JobRun.State(last.state)]) if last else NOTHING

    @admin.display(description=_("seconds"))
    def took(self, schedule: Schedule) -> str:
        last = _job(schedule).last_run
        seconds = _seconds(last) if last else None
        return NOTHING if seconds is None else f"{seconds:.1f}"

    @admin.display(description=_("the last 20 runs"))
    def trend(self, schedule: Schedule) -> SafeString | str:
        """How long each took, the oldest first."""
        job = _job(schedule)
        if not job.recent:
            return NOTHING
        failed = sum(run.state in (JobRun.State.FAILED, JobRun.State.ABANDONED) for run in job.recent)
        label = translate("seconds of the last %(count)d runs; %(failed)d failed")
        return sparkline(
            [_seconds(run) for run in reversed(job.recent)],
            label=label % {"count": len(job.recent), "failed": failed},
            tone="bad" if failed else "good",
            from_right=get_language_bidi(),
        )


def _read_together(shown: Sequence[Schedule]) -> None:
    """What is known of all schedules of a list, read at once."""
    known = {job.id: job for job in read_jobs(at=timezone.now())} if shown else {}
    for one in shown:
        one.__dict__["job"] = known.get(one.pk)


def _job(schedule: Schedule) -> Job:
    if schedule.__dict__.get("job") is None:
        _read_together([schedule])
    job: Job = schedule.__dict__["job"]
    return job


def _seconds(run: JobRun) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


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

    @admin.display(description=_("state"))
    def shown_state(self, run: JobRun) -> SafeString:
        return badge(run.get_state_display(), STATE_TONES[JobRun.State(run.state)])

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
