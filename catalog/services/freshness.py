"""Remember when the catalogue last learned something new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from catalog.choices import Subject
from catalog.models import Freshness

_noted: ContextVar[dict[Subject, datetime] | None] = ContextVar("noted", default=None)


@contextmanager
def touched_last() -> Iterator[None]:
    """Inside, `touch` only takes note; the rows are written once, at the end.

    Every writer shares these rows and holds them until its commit, so a batch writes them last.
    Nothing is written when the block fails.
    """
    noted: dict[Subject, datetime] = {}
    token = _noted.set(noted)
    try:
        yield
    finally:
        _noted.reset(token)
    _write(noted)


def touch(*subjects: Subject, at: datetime) -> None:
    """Note news about `subjects`. At most one query."""
    news = dict.fromkeys(subjects, at)
    noted = _noted.get()
    if noted is None:
        _write(news)
    else:
        noted.update(news)


def _write(news: dict[Subject, datetime]) -> None:
    if news:
        Freshness.objects.bulk_create(
            [Freshness(subject=subject, updated_at=news[subject]) for subject in sorted(news)],
            update_conflicts=True,
            unique_fields=["subject"],
            update_fields=["updated_at"],
        )
