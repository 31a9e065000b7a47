"""What a pass of healing found and did, for people and programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Mended:
    """What was put right, and what somebody else, or the next pass, will."""

    done: int = 0
    later: int = 0


@dataclass(frozen=True)
class Ailment:
    """One thing that may be wrong: `find` counts it and changes nothing, `mend` puts right what it can.

    A pass mends a bounded number of each; `is_retry` where that means to try a dead letter again.
    """

    name: str
    find: Callable[[datetime], int]
    mend: Callable[[datetime], Mended]
    is_retry: bool = False


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One ailment: how often it was found, put right, and handed on. `error` says why it could not be looked after."""

    name: str
    found: int = 0
    done: int = 0
    later: int = 0
    error: str = ""
    is_retry: bool = False

    @property
    def left(self) -> int:
        """What only a person can put right."""
        return max(self.found - self.done - self.later, 0)


@dataclass(frozen=True, kw_only=True)
class Report:
    """One pass over all ailments; of a dry run only `found` is told."""

    at: datetime
    is_dry: bool
    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """Whether nothing is left to a person and everything could be looked after."""
        return not any(one.error or (one.left and not self.is_dry) for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        """What the endpoint answers: how much was recovered, retried, raised as alerts and left, and each finding."""
        return {
            "at": self.at.isoformat(),
            "dry_run": self.is_dry,
            "recovered": sum(one.done for one in self.findings if not one.is_retry),
            "retried": sum(one.done for one in self.findings if one.is_retry),
            "raised": sum(bool(one.error) for one in self.findings),
            "left": 0 if self.is_dry else sum(one.left for one in self.findings),
            "findings": [
                {
                    "name": one.name,
                    "found": one.found,
                    "done": one.done,
                    "later": one.later,
                    "left": 0 if self.is_dry else one.left,
                    "error": one.error,
                }
                for one in self.findings
            ],
        }
