"""What a benchmark found, as a table for people and as one line of JSON for machines."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


class BenchmarkFailed(Exception):
    """The measurement could not be made, or what was measured did not do its work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One number: `key` is its name in the JSON, `at_least` or `at_most` the target where there is one."""

    key: str
    label: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def is_met(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The figures of one benchmark: medians over `repeat` runs. `setting` says what was measured.

    `groups` are figures that the JSON holds together under one name.
    """

    name: str
    database: str
    repeat: int
    setting: str
    figures: Sequence[Figure]
    groups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_json(self) -> str:
        """One object on one line: every figure by its key, and under which circumstances it was measured."""
        found: dict[str, object] = {figure.key: round(figure.value, 4) for figure in self.figures}
        for name, group in self.groups.items():
            found[name] = {key: round(value, 4) for key, value in group.items()}
        circumstances = {"database": self.database, "repeat": self.repeat, "cpus": os.cpu_count()}
        return json.dumps({"benchmark": self.name, **found, **circumstances})

    def print_table(self) -> None:
        caption = f"{self.setting}\nmedian of {self.repeat} · {self.database} · {os.cpu_count()} CPUs"
        table = Table(title=f"Benchmark: {self.name}", caption=caption, caption_justify="left")
        table.add_column("measured")
        table.add_column("value", justify="right")
        table.add_column("target", justify="right")
        table.add_column("")
        for figure in self.figures:
            verdict = "" if not figure.target else "[green]met" if figure.is_met else "[red]missed"
            table.add_row(figure.label, f"{_readable(figure.value)} {figure.unit}".rstrip(), figure.target, verdict)
        Console().print(table)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of `values`; `share` between 0 and 1."""
    if not values:
        raise BenchmarkFailed("nothing was measured")
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def _readable(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
