"""How much an organisation may ask for, and how much it asked (api.md §2).

Zoho refuses the 101st request within any sixty seconds, the one after the day's last, and the one too
many at the same time. A limit of 0 is not enforced; what happens is counted in any case.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import Any

from zoho_sandbox.faults import BLOCKED, CONCURRENT, Reply, says

DAILY = "The API call for this organization has exceeded the maximum call rate limit of {}."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is enforced. Minute and day can be shortened, so that tests see their end."""

    per_minute: int = 0
    minute_seconds: float = 60.0
    per_day: int = 0
    day_seconds: float = 86_400.0
    at_once: int = 0


class Gate:
    """Lets API requests in or refuses them. The minute is a sliding window; refused requests do not count in it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._day_ends = self._first = self._last = 0.0
        self._today = self._inside = self._most_at_once = self._most_per_minute = 0
        self._statuses: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()

    def set(self, limits: Limits) -> None:
        """Enforce other limits; minute and day begin anew."""
        with self._lock:
            self.limits = limits
            self._recent.clear()
            self._today, self._day_ends = 0, time.monotonic() + limits.day_seconds

    def enter(self) -> Reply | None:
        """None lets the request in (then `leave` when it is answered), a reply refuses it."""
        with self._lock:
            now, limits = time.monotonic(), self.limits
            self._turn_the_page(now)
            if limits.at_once and self._inside >= limits.at_once:
                return says(429, 1070, CONCURRENT)
            if limits.per_day and self._today >= limits.per_day:
                return replace(says(429, 45, DAILY.format(limits.per_day)), headers=self._headers(now))
            if limits.per_minute and len(self._recent) >= limits.per_minute:
                return says(429, 44, BLOCKED)
            self._recent.append(now)
            self._today += 1
            self._inside += 1
            self._most_at_once = max(self._most_at_once, self._inside)
            self._most_per_minute = max(self._most_per_minute, len(self._recent))
            self._first = self._first or now
            self._last = now
            return None

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1

    def headers(self) -> tuple[tuple[str, str], ...]:
        """What Books tells about the day with every answer; nothing where no day's limit is enforced."""
        with self._lock:
            return self._headers(time.monotonic()) if self.limits.per_day else ()

    def count(self, status: int, code: int | None) -> None:
        """Note an answer: its HTTP status, and the `code` of an error body."""
        with self._lock:
            self._statuses[str(status)] += 1
            if code:
                self._codes[str(code)] += 1

    def reset(self) -> None:
        """Count from zero; what was used of minute and day stays used."""
        with self._lock:
            self._statuses.clear()
            self._codes.clear()
            self._most_at_once, self._most_per_minute = self._inside, 0
            self._first = self._last = 0.0

    def stats(self) -> dict[str, Any]:
        """Answers of the API by status and error code, the busiest moment, minute and the time it all took (seconds).

        `limited` counts answers of 429; `admitted` all others.
        """
        with self._lock:
            total, limited = sum(self._statuses.values()), self._statuses["429"]
            return {
                "total": total,
                "admitted": total - limited,
                "limited": limited,
                "statuses": {status: count for status, count in sorted(self._statuses.items()) if count},
                "codes": dict(sorted(self._codes.items())),
                "at_once": self._inside,
                "most_at_once": self._most_at_once,
                "most_per_minute": self._most_per_minute,
                "seconds": round(self._last - self._first, 3),
                "today": self._today,
            }

    def _turn_the_page(self, now: float) -> None:
        while self._recent and now - self._recent[0] >= self.limits.minute_seconds:
            self._recent.popleft()
        if now >= self._day_ends:
            self._today, self._day_ends = 0, now + self.limits.day_seconds

    def _headers(self, now: float) -> tuple[tuple[str, str], ...]:
        return (
            ("X-Rate-Limit-Limit", str(self.limits.per_day)),
            ("X-Rate-Limit-Remaining", str(max(self.limits.per_day - self._today, 0))),
            ("X-Rate-Limit-Reset", str(max(math.ceil(self._day_ends - now), 0))),
        )
