from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone

from zoho_sync.models import Alert, AlertDelivery, AlertRule
from zoho_sync.rulebook.kinds import CHANNEL_FAILED, Comparison, Definition

Channels = tuple[AlertDelivery.Channel, ...]
EMAIL, WEBHOOK = AlertDelivery.Channel.EMAIL, AlertDelivery.Channel.WEBHOOK
BY_SEVERITY: Mapping[str, Channels] = {
    Alert.Severity.CRITICAL: (EMAIL, WEBHOOK),
    Alert.Severity.WARNING: (WEBHOOK,),
    Alert.Severity.INFO: (),
}
ROUTES: Mapping[str, Channels] = {
    AlertRule.Routing.EMAIL: (EMAIL,),
    AlertRule.Routing.WEBHOOK: (WEBHOOK,),
    AlertRule.Routing.BOTH: (EMAIL, WEBHOOK),
    AlertRule.Routing.NONE: (),
}
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


class BrokenRule(ValueError):
    """What was entered for a rule makes no sense; the text says what."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A definition with what staff have changed: what holds now. `severity` is "" where whoever raises says it."""

    definition: Definition
    is_enabled: bool
    threshold: float | None
    critical: float | None
    window: timedelta
    severity: str
    cooldown: timedelta
    routing: str
    quiet_from: time | None
    quiet_until: time | None
    active_from: time | None
    active_until: time | None
    active_days: tuple[int, ...]

    def channels(self, alert: Alert) -> Channels:
        """Who is told of an alert of this code. A channel is not told that it does not work; the other one is."""
        wanted = ROUTES[self.routing] if self.routing in ROUTES else BY_SEVERITY[alert.severity]
        if alert.code == CHANNEL_FAILED and wanted:
            return tuple(channel for channel in (EMAIL, WEBHOOK) if channel != alert.cause)
        return wanted

    def quiet_until_after(self, at: datetime) -> datetime:
        """When somebody may be told: at once, or when the quiet hours end that `at` lies in."""
        if self.quiet_from is None or self.quiet_until is None:
            return at
        local = timezone.localtime(at)
        if not _is_between(local.time(), self.quiet_from, self.quiet_until):
            return at
        end = _on_the_day(local, self.quiet_until)
        return end if end > local else end + timedelta(days=1)

    def active_since(self, at: datetime) -> datetime | None:
        """Since when the rule has been looked at without a pause, by its hours and days; None: not now."""
        local = timezone.localtime(at)
        begin = ALWAYS if not self.active_days else _on_the_day(local, time.min)
        if self.active_from is not None and self.active_until is not None and self.active_from != self.active_until:
            if not _is_between(local.time(), self.active_from, self.active_until):
                return None
            begin = _on_the_day(local, self.active_from)
            if begin > local:  # hours over midnight belong to the day on which they begin
                begin -= timedelta(days=1)
        return begin if not self.active_days or begin.weekday() in self.active_days else None

    def limit_met(self, value: float) -> float | None:
        """The limit that `value` meets, the critical one if both; None while all is well."""
        if self.threshold is None:
            return 1.0 if value >= 1 else None
        return next((limit for limit in (self.critical, self.threshold) if self._meets(value, limit)), None)

    def severity_of(self, value: float) -> Alert.Severity:
        is_critical = self.threshold is not None and self._meets(value, self.critical)
        return Alert.Severity.CRITICAL if is_critical else Alert.Severity(self.severity or self.definition.severity)

    def _meets(self, value: float, limit: float | None) -> bool:
        if limit is None:
            return False
        return value < limit if self.definition.comparison == Comparison.BELOW else value >= limit

    def check(self) -> None:
        """BrokenRule names what makes no sense."""
        for name, limit in (("threshold", self.threshold), ("critical from", self.critical)):
            if limit is None:
                continue
            if not math.isfinite(limit) or limit <= 0:
                raise BrokenRule(f"{name} {limit:g}: not a positive number")
            if self.definition.unit == "share" and limit > 1:
                raise BrokenRule(f"{name} {limit:g}: a share is at most 1")
        if self.threshold is not None and self.critical is not None:
            is_below = self.definition.comparison == Comparison.BELOW
            first, last = (self.critical, self.threshold) if is_below else (self.threshold, self.critical)
            if first > last:
                raise BrokenRule(f"critical from {self.critical:g}: would be met before {self.threshold:g}")
        if not set(self.active_days) <= set(range(7)):
            raise BrokenRule("looked at on: days of the week are numbers from 0 (Monday) to 6")
        if self.severity and self.severity not in Alert.Severity.values:
            raise BrokenRule(f"severity {self.severity}: unknown")


def _is_between(moment: time, start: time, end: time) -> bool:
    """Whether a time of day lies from `start` to `end`, which may be on the next day."""
    return start <= moment < end if start <= end else moment >= start or moment < end


def _on_the_day(local: datetime, moment: time) -> datetime:
    return local.replace(hour=moment.hour, minute=moment.minute, second=moment.second, microsecond=0)
