from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from zoho_sync.models import AlertRule
from zoho_sync.rulebook.definitions import BY_CODE, DEFINITIONS
from zoho_sync.rulebook.holding import BrokenRule, Rule
from zoho_sync.rulebook.kinds import Comparison, Definition, Limit

T = TypeVar("T")


def rule_for(code: str, row: AlertRule | None = None) -> Rule:
    """What holds for the alerts of a code; one that is not in the book is treated like any other. No query."""
    known = BY_CODE.get(code) or Definition(code=code, name=code)
    row = row or AlertRule(code=code)
    threshold, critical = _first(row.threshold, _number(known.threshold)), _number(known.critical)
    if threshold is not None and critical is not None and _is_before(known, critical, threshold):
        critical = None  # it belongs to the threshold that staff have moved beyond it
    return Rule(
        definition=known,
        is_enabled=row.is_enabled,
        threshold=threshold,
        critical=_first(row.critical_threshold, critical),
        window=_minutes(_first(row.window_minutes, known.window)),
        severity=row.severity,
        cooldown=_minutes(_first(row.cooldown_minutes, known.cooldown)),
        routing=row.routing,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        active_from=_first(row.active_from, known.active_from),
        active_until=_first(row.active_until, known.active_until),
        active_days=known.active_days if row.active_days is None else tuple(row.active_days),
    )


def find_rule(code: str) -> Rule:
    """The same with what staff have entered. One query. Nonsense in the row counts as not entered."""
    try:
        rule = rule_for(code, AlertRule.objects.filter(code=code).first())
        rule.check()
    except (BrokenRule, TypeError, OverflowError):
        return rule_for(code)
    return rule


def write_rules() -> int:
    """Give every code its row, so that staff find it; how many were new. What they changed stays."""
    known = set(AlertRule.objects.values_list("code", flat=True))
    new = [AlertRule(code=one.code) for one in DEFINITIONS if one.code not in known]
    AlertRule.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _first(chosen: T | None, otherwise: T | None) -> T | None:
    return otherwise if chosen is None else chosen


def _is_before(definition: Definition, one: float, other: float) -> bool:
    """Whether a value on its way to what is wrong meets `one` before `other`."""
    return one > other if definition.comparison == Comparison.BELOW else one < other


def _number(limit: Limit) -> float | None:
    return limit() if callable(limit) else limit


def _minutes(number: int | None) -> timedelta:
    return timedelta(minutes=number or 0)
