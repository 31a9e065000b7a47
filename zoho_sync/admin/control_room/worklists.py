"""What needs a person: errors by cause, alerts, failed runs, jobs that stand still, schedules that do not run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tsh_erp.admin_site.charts import bars
from tsh_erp.admin_site.display import link, row_link, shorten
from tsh_erp.admin_site.display import moment as shown_moment
from zoho_sync.admin.control_room.health import list_address
from zoho_sync.admin.control_room.reading import Numbers
from zoho_sync.admin.record_pages import module_label
from zoho_sync.admin.states import state_badge
from zoho_sync.wording import shown_title


@dataclass(frozen=True, kw_only=True)
class WorkList:
    """A title that leads to the whole list, and its first lines or what is `drawn`; `none` is said without any."""

    key: str
    title: str
    address: str
    none: str
    lines: Sequence[Sequence[object]] = ()
    drawn: SafeString | str = ""


def worklists(numbers: Numbers) -> list[WorkList]:
    return [_errors(numbers), _alerts(numbers), _runs(numbers), _stuck(numbers), _schedules(numbers)]


def _errors(numbers: Numbers) -> WorkList:
    rows = [
        (
            link(
                f"{module_label(one.group.module)}: {shorten(one.group.sample, 70)}",
                "admin:zoho_sync_errorgroup_change",
                one.group.pk,
            ),
            one.letters,
            "bad",
        )
        for one in numbers.errors
    ]
    return WorkList(
        key="errors",
        title=_("Open dead letters by cause"),
        address=list_address("zoho_sync_errorgroup", state__exact="open"),
        none=_("No record waits for a person."),
        drawn=bars(rows) if rows else "",
    )


def _alerts(numbers: Numbers) -> WorkList:
    return WorkList(
        key="alerts",
        title=_("Unresolved alerts"),
        address=list_address("zoho_sync_alert", state__in="open,acknowledged"),
        none=_("No alert is open."),
        lines=[
            (
                state_badge(alert.severity, alert.get_severity_display()),
                row_link(alert, shown_title(alert)),
                shown_moment(alert.last_seen_at),
            )
            for alert in numbers.alerts
        ],
    )


def _runs(numbers: Numbers) -> WorkList:
    return WorkList(
        key="runs",
        title=_("Runs that failed in the last week"),
        address=list_address("zoho_sync_syncrun", status__exact="failed"),
        none=_("No run has failed."),
        lines=[
            (
                row_link(run, f"{run.get_kind_display()}: {module_label(run.module)}"),
                shorten(run.error, 80),
                shown_moment(run.started_at),
            )
            for run in numbers.failed_runs
        ],
    )


def _stuck(numbers: Numbers) -> WorkList:
    address = list_address("zoho_sync_syncqueueitem", status__exact="processing")
    told = ngettext("%(count)d job is held too long.", "%(count)d jobs are held too long.", numbers.stuck)
    return WorkList(
        key="stuck",
        title=_("Jobs that stand still"),
        address=address,
        none=_("Every job moves on."),
        lines=[(told % {"count": numbers.stuck},)] if numbers.stuck else (),
    )


def _schedules(numbers: Numbers) -> WorkList:
    """Late, silent and failed ones; each leads to its runs."""
    lines = []
    for job in numbers.overview.jobs:
        problems = [(job.is_late, _("late")), (job.is_silent, _("silent")), (job.has_failed, _("failed"))]
        told = [text for is_so, text in problems if is_so]
        if told:
            runs = format_html('<a href="{}">{}</a>', list_address("jobs_jobrun", name__exact=job.name), job.name)
            lines.append((runs, ", ".join(told), shown_moment(job.next_run)))
    return WorkList(
        key="schedules",
        title=_("Schedules in trouble"),
        address=list_address("django_q_schedule"),
        none=_("Every schedule runs on time."),
        lines=lines,
    )
