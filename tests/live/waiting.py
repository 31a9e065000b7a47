"""Wait for something that another process will bring about: look often, give up at a deadline, say what was missing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.02


class Late(AssertionError):
    """What was waited for did not come in time."""


def wait_for(
    look: Callable[[], T], *, seconds: float, what: str, otherwise: Callable[[], str] = str, every: float = LOOK_SECONDS
) -> T:
    """The first true answer of `look`. Late after `seconds`, naming `what` and adding the text of `otherwise`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise Late(f"not within {seconds:g} s: {what}\n{otherwise()}")
        time.sleep(every)
