"""The numbers of a comparison: units counted, sums beside each other, and the weighted match. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

# How much each subject counts in the match percentage; what is not named counts nothing.
WEIGHTS: Mapping[str, Decimal] = {
    "product": Decimal("0.30"),
    "customer": Decimal("0.20"),
    "vendor": Decimal("0.10"),
    "price-list": Decimal("0.15"),
    "stock": Decimal("0.15"),
    "image": Decimal("0.10"),
}
HUNDRED = Decimal(100)
MOST_TOTALS = 400


@dataclass
class Tally:
    """How many units of one subject there are on either side, and what became of them."""

    theirs: int = 0
    ours: int = 0
    compared: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    unreadable: int = 0
    duplicates: int = 0
    settled: int = 0

    def as_json(self) -> dict[str, int]:
        return dict(vars(self))


@dataclass
class Totals:
    """Sums on both sides by name and key: stock of a warehouse, money of a currency and month. Unknown counts as 0."""

    sums: dict[tuple[str, str], list[Decimal]] = field(default_factory=dict)

    def add(self, name: str, key: str, *, theirs: Decimal | None = None, ours: Decimal | None = None) -> None:
        held = self.sums.setdefault((name, key), [Decimal(0), Decimal(0)])
        held[0] += theirs or 0
        held[1] += ours or 0

    def merge(self, other: Totals) -> None:
        for (name, key), (theirs, ours) in other.sums.items():
            self.add(name, key, theirs=theirs, ours=ours)

    @property
    def differing(self) -> int:
        return sum(theirs != ours for theirs, ours in self.sums.values())

    def as_json(self, *, at_most: int | None = None) -> list[dict[str, str]]:
        """Amounts as text; those that differ first."""
        order = sorted(self.sums, key=lambda key: (self.sums[key][0] == self.sums[key][1], key))
        return [
            {"name": name, "key": key, "theirs": plain(self.sums[name, key][0]), "ours": plain(self.sums[name, key][1])}
            for name, key in order[:at_most]
        ]

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> Totals:
        return cls({(row["name"], row["key"]): [Decimal(row["theirs"]), Decimal(row["ours"])] for row in rows})


def plain(number: Decimal) -> str:
    """5.000000 is 5, and 5E+1 is 50."""
    return f"{number.normalize():f}" if number else "0"


def match_percent(drifts: Mapping[str, float]) -> Decimal | None:
    """100 where nothing of the weighted subjects differs; `drifts` are shares of 0 to 1 by subject.

    The weights of what was not compared go to the rest. None when nothing weighted was compared. Rounded
    down, so that 100 means equal.
    """
    weights = {subject: weight for subject, weight in WEIGHTS.items() if subject in drifts}
    if not weights:
        return None
    kept = sum((weight * (1 - Decimal(repr(drifts[subject]))) for subject, weight in weights.items()), Decimal(0))
    return (kept / sum(weights.values()) * HUNDRED).quantize(Decimal("0.001"), rounding=ROUND_DOWN)
