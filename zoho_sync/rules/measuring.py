"""What a measure is, and the register of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import translation

from zoho_sync.rulebook import Rule
from zoho_sync.wording import translated


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One number that a rule looks at. Of several, `cause` (stable) and `subject` (shown) tell which one.

    `more` are further parameters of the alert's texts: JSON, `wording.figure`, `wording.translated`.
    """

    value: float
    cause: str = ""
    subject: Any = ""
    more: Mapping[str, Any] = field(default_factory=dict)


# None: nothing can be said now, so that alerts stay as they are.
Measure = Callable[[Rule, datetime], Iterable[Reading] | None]
_measures: dict[str, Measure] = {}


def measures(code: str) -> Callable[[Measure], Measure]:
    """Have the decorated function read the numbers for the rule `code`.

    It gets what holds for the rule and the time of looking. What it raises is reported as a broken rule.
    """

    def register(measure: Measure) -> Measure:
        _measures[code] = measure
        return measure

    return register


def find_measure(code: str) -> Measure | None:
    return _measures.get(code)


def named(label: object) -> dict[str, Any]:
    """A lazy text of ours as a parameter that is said in the reader's language."""
    with translation.override("en"):
        return translated(str(label))
