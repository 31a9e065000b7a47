"""What became of the records of one step, kept apart from the run until the step is done.

A step that breaks off is done again when the run is resumed; its records must not count twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from zoho_sync.apply import Outcome, Result
from zoho_sync.models import SyncRun

COUNTED = {
    Outcome.CREATED: "created",
    Outcome.UPDATED: "updated",
    Outcome.UNCHANGED: "unchanged",
    Outcome.STALE: "stale",
}
MOST_ERRORS = 50  # are kept with the run; the rest are dead letters and jobs all the same


@dataclass
class Tally:
    counts: Counter[str] = field(default_factory=Counter)
    errors: dict[str, str] = field(default_factory=dict)

    def fail(self, zoho_id: str, error: object) -> None:
        """Count a record as failed, once."""
        if zoho_id not in self.errors:
            self.counts["failed"] += 1
        self.errors.setdefault(zoho_id, str(error))

    def take(self, result: Result, *, unchanged: str = "unchanged") -> None:
        """Count what became of a record; `unchanged` is the word for one that was left as it is."""
        if name := COUNTED.get(result.outcome):
            self.counts[unchanged if name == "unchanged" else name] += 1
            if result.failed:
                self.fail(result.zoho_id, result.error)
        else:
            self.fail(result.zoho_id, f"waits for {' '.join(result.parent)}" if result.parent else result.error)

    def settle(self, run: SyncRun) -> None:
        """Add it to the run, which is not stored by that."""
        for name, count in self.counts.items():
            setattr(run, name, getattr(run, name) + count)
        kept = list(run.checkpoint.get("errors", ()))
        more = [{"zoho_id": zoho_id, "error": error} for zoho_id, error in self.errors.items()]
        if more:
            run.checkpoint = {**run.checkpoint, "errors": [*kept, *more][:MOST_ERRORS]}
            first = more[0]
            run.error = run.error or (f"{first['zoho_id']}: {first['error']}" if first["zoho_id"] else first["error"])
