"""Axes of charts: round steps from 0, and numbers short enough to stand beside them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = 4
_SIZES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Axis:
    """From 0 to `top`, with a line at each of `ticks`."""

    top: float
    ticks: Sequence[float]

    def share(self, value: float) -> float:
        """How high `value` stands, from 0 to 1."""
        return min(max(value / self.top, 0.0), 1.0)


def axis_to(highest: float) -> Axis:
    """An axis that `highest` just fits on, in steps of 1, 2, 2.5 or 5 times a power of ten; never finer than 1."""
    if not math.isfinite(highest) or highest <= 0:
        return Axis(1.0, (0.0, 1.0))
    rough = highest / STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough * (1 - 1e-9))
    step = max(step, 1.0) if highest >= 1 else step
    count = math.ceil(highest / step - 1e-9)
    return Axis(step * count, tuple(step * number for number in range(count + 1)))


def short_number(value: float) -> str:
    """Three digits and a letter: 950, 1.2k, 35k, 4.8M."""
    for size, letter in _SIZES:
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}" if abs(value) < 999.5 else "1k"
