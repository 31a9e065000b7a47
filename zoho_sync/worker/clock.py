"""A worker's time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

DRAIN_SECONDS = 60


@dataclass
class Clock:
    """The time of one drain, which tests drive. `left` says whether it may take more work or ask Zoho once more."""

    now: Callable[[], datetime] = timezone.now
    sleep: Callable[[float], None] = time.sleep
    seconds: float = DRAIN_SECONDS
    started: float = field(default_factory=time.monotonic)

    def left(self) -> bool:
        return time.monotonic() - self.started < self.seconds
