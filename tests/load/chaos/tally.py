"""What was done to the system: counted while it happens, printed at the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")

LOOK_SECONDS = 0.5
WITHOUT_DATABASE_SECONDS = 60.0


@dataclass
class Tally:
    """Counts by name, from several threads; `say` tells whoever watches how far it is."""

    counts: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, count: int = 1) -> None:
        with self._lock:
            self.counts[name] += count

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def say(self, text: str) -> None:
        print(f"{self.seconds:6.1f} s  {text}", flush=True)  # noqa: T201 - a program's own words


def ask(read: Callable[[], T]) -> T:
    """What the database says, also while it is being started again; OperationalError after a minute without it."""
    ends = time.monotonic() + WITHOUT_DATABASE_SECONDS
    while True:
        try:
            return read()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > ends:
                raise
            time.sleep(LOOK_SECONDS)
