from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from zoho_sync.models import Alert
from zoho_sync.wording import Unit

Limit = float | Callable[[], float] | None

COOLDOWN_MINUTES = 60
RULE_BROKEN, CHANNEL_FAILED = "rule_broken", "channel_failed"


class Comparison(StrEnum):
    AT_LEAST = "at_least"
    BELOW = "below"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """The alerts of one code, as delivered. The texts are message ids.

    `title` and `detail` take %(subject)s, %(value)s, %(limit)s and %(window)s. Without `unit` the code
    is raised where its cause shows; with one but without `threshold` its measure says 1 for yes.
    Limits are numbers, or functions where a setting has the say; `window` and `cooldown` are minutes.
    `because_of` are codes whose open alert explains this one, which is then neither opened nor resolved.
    """

    code: str
    name: str
    title: str = ""
    detail: str = ""
    unit: Unit = ""
    comparison: Comparison = Comparison.AT_LEAST
    threshold: Limit = None
    critical: Limit = None
    window: int | None = None
    severity: Alert.Severity = Alert.Severity.WARNING
    cooldown: int = COOLDOWN_MINUTES
    active_from: time | None = None
    active_until: time | None = None
    active_days: tuple[int, ...] = ()
    because_of: tuple[str, ...] = ()
    runbook: str = ""

    @property
    def is_measured(self) -> bool:
        return bool(self.unit)
