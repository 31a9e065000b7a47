"""The strip on top: whether all is well, why not, and the parts it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tsh_erp.admin_site.display import NOTHING, Tone
from zoho_sync.admin.control_room.reading import Numbers
from zoho_sync.models import ZohoConnection
from zoho_sync.monitoring import TokenState
from zoho_sync.overview import Standing
from zoho_sync.wording import shown_figure

TONES = {Standing.HEALTHY: Tone.GOOD, Standing.DEGRADED: Tone.WARNING, Standing.UNHEALTHY: Tone.BAD}
GIGABYTE = 1024**3

# Where a reason is looked into: the list and its filter.
CAUSES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "no_heartbeat": ("jobs_heartbeat", {}),
    "scheduler": ("jobs_jobrun", {}),
    "schedules": ("django_q_schedule", {}),
    "job_age": ("zoho_sync_syncqueueitem", {"status__exact": "pending"}),
    "success_rate": ("zoho_sync_synclog", {"outcome__in": "retry,dead"}),
    "api_budget": ("zoho_sync_apiusage", {}),
    "zoho_login": ("zoho_sync_zohoconnection", {}),
    "zoho_breaker": ("zoho_sync_zohoconnection", {}),
    "dead_letter": ("zoho_sync_deadletter", {"state__exact": "open"}),
    "alerts": ("zoho_sync_alert", {"state__exact": "open", "severity__exact": "critical"}),
}


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """One part, its state in a word or two, and where it is looked into ("" where there is no page)."""

    label: str
    text: object
    tone: Tone
    address: str = ""
    note: object = ""


@dataclass(frozen=True, kw_only=True)
class Health:
    """The whole: `summary` in words, its reasons with their pages, and the lamps."""

    tone: Tone
    summary: str
    reasons: list[tuple[str, str]]
    lamps: list[Lamp]


def health(numbers: Numbers) -> Health:
    verdict = numbers.verdict
    words = {
        Standing.HEALTHY: _("All is well"),
        Standing.DEGRADED: _("Something needs a look"),
        Standing.UNHEALTHY: _("Something is broken"),
    }
    return Health(
        tone=TONES[verdict.standing],
        summary=words[verdict.standing],
        reasons=[(str(one.text), _cause(one.code)) for one in verdict.reasons],
        lamps=[
            _workers(numbers),
            _scheduler(numbers),
            _login(numbers),
            _budget(numbers),
            _breaker(numbers),
            _disk(numbers),
            _version(numbers),
        ],
    )


def list_address(table: str, **query: str) -> str:
    """The list of a table ("zoho_sync_deadletter"), filtered."""
    return reverse(f"admin:{table}_changelist", query=query or None)


def ago(numbers: Numbers, when: datetime | None) -> str:
    """How long before the numbers were read; a dash for what never was."""
    if when is None:
        return NOTHING
    seconds = max((numbers.at - when).total_seconds(), 0)
    return _("%(time)s ago") % {"time": shown_figure(seconds, "seconds")}


def _cause(code: str) -> str:
    table, query = CAUSES.get(code, ("", {}))
    return list_address(table, **query) if table else ""


def _workers(numbers: Numbers) -> Lamp:
    seen = numbers.overview
    alive = seen.workers_alive
    newest = max((one.beat_at for one in seen.workers), default=None)
    return Lamp(
        label=_("Queue workers"),
        text=ngettext("%(count)d cluster alive", "%(count)d clusters alive", alive) % {"count": alive},
        tone=Tone.GOOD if alive else Tone.BAD,
        address=list_address("jobs_heartbeat"),
        note=ago(numbers, newest),
    )


def _scheduler(numbers: Numbers) -> Lamp:
    seen = numbers.overview
    begun = [job.last_run.started_at for job in seen.jobs if job.last_run]
    return Lamp(
        label=_("Scheduler"),
        text=_("running") if seen.is_scheduler_running else _("silent"),
        tone=Tone.GOOD if seen.is_scheduler_running else Tone.BAD,
        address=list_address("jobs_jobrun"),
        note=ago(numbers, max(begun, default=None)),
    )


def _login(numbers: Numbers) -> Lamp:
    token = numbers.overview.zoho.token
    words = {
        TokenState.NOT_CONFIGURED: (_("not configured"), Tone.WARNING),
        TokenState.MISSING: (_("not used yet"), Tone.QUIET),
        TokenState.VALID: (_("signed in"), Tone.GOOD),
        TokenState.EXPIRED: (_("renewed at the next call"), Tone.QUIET),
        TokenState.REFUSED: (_("refused"), Tone.BAD),
    }
    text, tone = words[token.state]
    left = (token.expires_at - numbers.at) if token.state == TokenState.VALID and token.expires_at else timedelta(0)
    note = _("for %(time)s") % {"time": shown_figure(left.total_seconds(), "seconds")} if left > timedelta(0) else ""
    return Lamp(
        label=_("Zoho login"), text=text, tone=tone, address=list_address("zoho_sync_zohoconnection"), note=note
    )


def _budget(numbers: Numbers) -> Lamp:
    zoho = numbers.overview.zoho
    used = zoho.budget_used
    return Lamp(
        label=_("API calls today"),
        text=NOTHING if used is None else shown_figure(used, "share"),
        tone=Tone.QUIET if used is None else Tone.WARNING if "api_budget" in numbers.beyond else Tone.GOOD,
        address=list_address("zoho_sync_apiusage"),
        note=_("%(used)s of %(limit)s")
        % {"used": shown_figure(zoho.usage.used, "count"), "limit": shown_figure(zoho.usage.limit, "count")}
        if zoho.usage
        else "",
    )


def _breaker(numbers: Numbers) -> Lamp:
    usage = numbers.overview.zoho.usage
    is_closed = usage is None or usage.breaker == ZohoConnection.Breaker.CLOSED
    return Lamp(
        label=_("Way to Zoho"),
        text=_("open") if is_closed else _("cut off: Zoho does not answer"),
        tone=Tone.QUIET if usage is None else Tone.GOOD if is_closed else Tone.WARNING,
        address=list_address("zoho_sync_zohoconnection"),
        note=usage.blocked_reason if usage else "",
    )


def _disk(numbers: Numbers) -> Lamp:
    disk = numbers.overview.disk
    return Lamp(
        label=_("Database"),
        text=shown_figure(disk.database_bytes / GIGABYTE, "gigabytes"),
        tone=Tone.WARNING if "disk" in numbers.beyond else Tone.GOOD,
        note=_("%(free)s free") % {"free": shown_figure(disk.free_bytes / GIGABYTE, "gigabytes")},
    )


def _version(numbers: Numbers) -> Lamp:
    last = numbers.deploys[-1] if numbers.deploys else None
    return Lamp(
        label=_("Version"),
        text=settings.APP_VERSION,
        tone=Tone.QUIET,
        note=timezone.localtime(last.at).strftime("%Y-%m-%d %H:%M") if last else "",
    )
