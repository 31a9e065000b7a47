"""Whether all is well, by the same limits as the alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsh_erp.common.together import Asked, ask, rows_of
from zoho_sync.models import Alert, AlertRule, ZohoConnection
from zoho_sync.monitoring import TokenState
from zoho_sync.overview.looking import Overview
from zoho_sync.rulebook import BrokenRule, Rule, rule_for

# The limits that are shown beside the numbers.
SHOWN = ("job_age", "dead_letters", "success_rate", "webhook_silence", "no_heartbeat", "api_budget", "disk", "drift")


class Standing(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class Reason:
    """Something that is not as it should be; `standing` is how bad that is."""

    code: str
    standing: Standing
    text: str | Promise


@dataclass(frozen=True)
class Verdict:
    """The worst of the reasons; healthy without any."""

    reasons: tuple[Reason, ...]

    @property
    def standing(self) -> Standing:
        return max((one.standing for one in self.reasons), key=tuple(Standing).index, default=Standing.HEALTHY)


def thresholds() -> Mapping[str, Rule]:
    """The limits that hold now, by the code of their alert. One query."""
    asked = ask_thresholds()
    ask(asked)
    return asked.value


def ask_thresholds() -> Asked[Mapping[str, Rule]]:
    return rows_of(AlertRule.objects.filter(code__in=SHOWN)).then(_rules)


def _rules(rows: Sequence[AlertRule]) -> Mapping[str, Rule]:
    entered = {row.code: row for row in rows}
    return {code: _rule(code, entered.get(code)) for code in SHOWN}


def _rule(code: str, row: AlertRule | None) -> Rule:
    """What staff have entered; nonsense counts as not entered."""
    rule = rule_for(code, row)
    try:
        rule.check()
    except BrokenRule:
        return rule_for(code)
    return rule


def judge(overview: Overview, rules: Mapping[str, Rule]) -> Verdict:
    """What is wrong now, the worst first. No query."""
    reasons = sorted(_reasons(overview, rules), key=lambda one: -tuple(Standing).index(one.standing))
    return Verdict(tuple(reasons))


def _reasons(overview: Overview, rules: Mapping[str, Rule]) -> Iterator[Reason]:
    if not overview.workers_alive:
        yield Reason("no_heartbeat", Standing.UNHEALTHY, _("No queue worker shows a sign of life."))
    if not overview.is_scheduler_running:
        yield Reason("scheduler", Standing.UNHEALTHY, _("No periodic job was begun in the last minutes."))
    yield from _over(rules, "job_age", overview.queue.oldest_due_seconds(overview.at), _("Jobs wait for too long."))
    yield from _over(rules, "success_rate", overview.success_rate, _("Too many attempts fail."))
    yield from _over(rules, "api_budget", overview.zoho.budget_used, _("The API calls of the day are running out."))
    yield from _over(rules, "disk", overview.disk.used_share, _("The disk is nearly full."))
    if overview.zoho.token.state == TokenState.REFUSED:
        yield Reason("zoho_login", Standing.UNHEALTHY, _("Zoho refuses the login."))
    usage = overview.zoho.usage
    if usage and usage.breaker != ZohoConnection.Breaker.CLOSED:
        yield Reason("zoho_breaker", Standing.DEGRADED, _("Zoho does not answer."))
    if not (settings.WEBHOOK_API_KEYS or settings.ZOHO_WEBHOOK_SECRETS):
        yield Reason("webhooks_refused", Standing.UNHEALTHY, _("No secret is configured: every webhook is refused."))
    if any(job.is_late or job.is_silent or job.has_failed for job in overview.jobs):
        yield Reason("schedules", Standing.DEGRADED, _("Periodic jobs are late, silent or failed."))
    if overview.dead_letters_open:
        yield Reason("dead_letter", Standing.DEGRADED, _("Dead letters wait for a person."))
    if overview.alerts[Alert.Severity.CRITICAL]:
        yield Reason("alerts", Standing.DEGRADED, _("There are critical alerts."))


def _over(rules: Mapping[str, Rule], code: str, value: float | None, text: str | Promise) -> Iterator[Reason]:
    """A reason where the value meets the limit of its alert, a bad one where it meets the critical limit."""
    rule = rules[code]
    if value is None or not rule.is_enabled or rule.limit_met(value) is None:
        return
    is_critical = rule.severity_of(value) == Alert.Severity.CRITICAL
    yield Reason(code, Standing.UNHEALTHY if is_critical else Standing.DEGRADED, text)
