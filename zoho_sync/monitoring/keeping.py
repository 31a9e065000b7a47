"""Numbers that rest on many rows are counted now and then, not at every look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")

# What rests on so few rows is counted each time, in a few milliseconds, and is exact at once.
MANY = 10_000
_anew: ContextVar[bool] = ContextVar("counted anew", default=False)


def kept(name: str, count: Callable[[], T], *, rows: Callable[[T], int], seconds: float) -> T:
    """What `count` finds; when that rests on more than `MANY` rows it is kept, for `seconds`, for all who ask.

    The sampler counts anew each minute, so that pages find what was kept and nobody waits for it.
    """
    key = f"zoho_sync:monitoring:{name}"
    found: T | None = None if _anew.get() else cache.get(key)
    if found is None:
        found = count()
        if rows(found) > MANY:
            cache.set(key, found, seconds)
    return found


@contextmanager
def counting_anew() -> Iterator[None]:
    """Within the block nothing is taken from what was kept, and what is counted is kept for others."""
    token = _anew.set(True)
    try:
        yield
    finally:
        _anew.reset(token)
