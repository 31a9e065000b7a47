"""How far the comparison of a module has come: what its run keeps when it is stopped between two pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoho_sync.reconcile.numbers import Tally, Totals
from zoho_sync.reconcile.tables import subjects_of


@dataclass
class Progress:
    """`seen` are the Zoho ids by the table they belong into, `listed` all of them, `skus` who has which SKU."""

    page: int = 0
    is_listed: bool = False
    is_whole: bool = True
    stored: int = 0
    seconds: float = 0.0
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    listed: set[str] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=dict)
    totals: dict[str, Totals] = field(default_factory=dict)
    skus: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, module: str) -> Progress:
        subjects = subjects_of(module)
        return cls(tallies={one: Tally() for one in subjects}, totals={one: Totals() for one in subjects})

    def as_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in ("page", "is_listed", "is_whole", "stored", "seconds", "skus")},
            "seen": {label: sorted(ids) for label, ids in self.seen.items()},
            "listed": sorted(self.listed),
            "tallies": {subject: tally.as_json() for subject, tally in self.tallies.items()},
            "totals": {subject: totals.as_json() for subject, totals in self.totals.items()},
            "notes": self.notes,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Progress:
        return cls(
            **{name: told[name] for name in ("page", "is_listed", "is_whole", "stored", "seconds", "skus", "notes")},
            seen=defaultdict(set, {label: set(ids) for label, ids in told["seen"].items()}),
            listed=set(told["listed"]),
            tallies={subject: Tally(**counts) for subject, counts in told["tallies"].items()},
            totals={subject: Totals.from_json(rows) for subject, rows in told["totals"].items()},
        )

    def note_skus(self, held: Iterable[tuple[str, str]]) -> None:
        """Who has which SKU: (SKU, Zoho id)."""
        for sku, zoho_id in held:
            self.skus.setdefault(sku, []).append(zoho_id)

    def shared_skus(self) -> dict[str, list[str]]:
        return {sku: sorted(ids) for sku, ids in sorted(self.skus.items()) if len(ids) > 1}
