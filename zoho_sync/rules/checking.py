from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.utils.translation import gettext_noop

from zoho_sync import alerts
from zoho_sync.models import Alert, AlertRule
from zoho_sync.rulebook import BY_CODE, DEFINITIONS, RULE_BROKEN, Definition, Rule, rule_for, write_rules
from zoho_sync.rules.endings import resolve_what_is_over
from zoho_sync.rules.measuring import Reading, find_measure
from zoho_sync.wording import figure, translated

log = structlog.get_logger(__name__)

SWITCHED_OFF = gettext_noop("the rule was switched off")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What came of looking at one rule: how many causes it found. `error` when it could not be looked at."""

    code: str
    found: int = 0
    error: str = ""
    was_looked_at: bool = True


def check(*, at: datetime, codes: Collection[str] | None = None) -> list[Checked]:
    """Look at every rule, or at those of `codes`, and open, count and resolve their alerts.

    A rule that cannot be looked at raises an alert of its own and keeps no other from being looked at.
    """
    write_rules()
    rows = {row.code: row for row in AlertRule.objects.all()}
    if codes is None:
        alerts.watch_connection(at=at)
    told = [
        _look(one, rows.get(one.code), at=at)
        for one in DEFINITIONS
        if one.is_measured and (codes is None or one.code in codes)
    ]
    if codes is None:
        resolve_what_is_over({code: rule_for(code, row) for code, row in rows.items() if code in BY_CODE}, at=at)
        _resolve_disabled(rows.values(), at=at)
    return told


def measured_codes() -> list[str]:
    """The rules that `check` looks at."""
    return [one.code for one in DEFINITIONS if one.is_measured]


def _look(definition: Definition, row: AlertRule | None, *, at: datetime) -> Checked:
    code = definition.code
    try:
        rule = rule_for(code, row)
        rule.check()
        found = _judge(rule, at=at)
    except Exception as error:
        log.exception("alert_rule_broken", code=code)
        _tell_broken(definition, error, at=at)
        return Checked(code=code, error=f"{type(error).__name__}: {error}", was_looked_at=False)
    broken = Alert.objects.filter(fingerprint=f"{RULE_BROKEN}:{code}")
    alerts.resolve(broken, at=at, resolution=alerts.OVER)
    return Checked(code=code, found=found or 0, was_looked_at=found is not None)


def _judge(rule: Rule, *, at: datetime) -> int | None:
    """How many of the rule's readings meet a limit; None when nothing can be said now.

    Outside its hours a rule opens nothing and counts nothing; what is over is resolved at any time.
    """
    code = rule.definition.code
    measure = find_measure(code)
    if not rule.is_enabled or measure is None or _is_explained(rule):
        return None
    readings = measure(rule, at)
    if readings is None:
        return None
    wrong = [reading for reading in readings if rule.limit_met(reading.value) is not None]
    for reading in wrong if rule.active_since(at) else ():
        _raise(rule, reading, at=at)
    _resolve_others(code, wrong, at=at)
    return len(wrong)


def _is_explained(rule: Rule) -> bool:
    """Whether something else is wrong that this would only repeat."""
    reasons = rule.definition.because_of
    return bool(reasons) and Alert.objects.unresolved().filter(code__in=reasons).exists()


def _raise(rule: Rule, reading: Reading, *, at: datetime) -> None:
    one = rule.definition
    limit = rule.limit_met(reading.value)
    alerts.raise_alert(
        code=one.code,
        cause=reading.cause,
        title=one.title,
        detail=one.detail,
        severity=rule.severity_of(reading.value),
        parameters={
            "subject": reading.subject,
            "value": figure(reading.value, one.unit),
            "limit": figure(limit or 0, one.unit),
            "window": figure(rule.window.total_seconds(), "seconds"),
            **reading.more,
        },
        at=at,
    )


def _resolve_others(code: str, wrong: Iterable[Reading], *, at: datetime) -> None:
    """What this rule has opened and finds no more. What was seen later than now: the clock was put back, so wait."""
    lasting = {alerts.fingerprint_of(code, reading.cause) for reading in wrong}
    open_ones = Alert.objects.unresolved().filter(code=code, last_seen_at__lte=at).exclude(fingerprint__in=lasting)
    alerts.resolve(open_ones, at=at, resolution=alerts.OVER)


def _tell_broken(definition: Definition, error: Exception, *, at: datetime) -> None:
    alerts.raise_alert(
        code=RULE_BROKEN,
        cause=definition.code,
        title=gettext_noop("The alert rule “%(rule)s” cannot be looked at"),
        detail=gettext_noop("%(error)s. The other rules are looked at as ever."),
        parameters={"rule": translated(definition.name), "error": f"{type(error).__name__}: {error}"[:500]},
        at=at,
    )


def _resolve_disabled(rows: Iterable[AlertRule], *, at: datetime) -> None:
    codes = [row.code for row in rows if not row.is_enabled]
    fingerprints = [f"{RULE_BROKEN}:{code}" for code in codes]
    for open_ones in (
        Alert.objects.unresolved().filter(code__in=codes),
        Alert.objects.unresolved().filter(fingerprint__in=fingerprints),
    ):
        alerts.resolve(open_ones, at=at, resolution=SWITCHED_OFF)
