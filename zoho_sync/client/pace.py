"""How fast calls may follow each other. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Self

MINUTE_US, SECOND_US = 60_000_000, 1_000_000
# Of the calls allowed in a minute. What is left over covers the road: calls bunch up on their way to Zoho.
STEADY_PERCENT, BURST_PERCENT, MOST_BURST = 92, 4, 4


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One call every `interval_us`, and up to `burst` at once after a pause."""

    interval_us: int
    burst: int

    @classmethod
    def of(cls, per_minute: int) -> Self:
        """The pace that stays below `per_minute` in any sixty seconds. Pure.

        A window of T sees at most burst − 1 + ⌈T / interval⌉ calls: 95 of 100. The burst does not grow
        with the limit, so that the same holds for shorter windows.
        """
        burst = max(1, min(MOST_BURST, per_minute * BURST_PERCENT // 100))
        return cls(interval_us=ceil(MINUTE_US * 100 / (per_minute * STEADY_PERCENT)), burst=burst)

    @property
    def tolerance_us(self) -> int:
        return (self.burst - 1) * self.interval_us
