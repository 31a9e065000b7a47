"""Remember when the catalogue last learned something new, and count it: the versions that phones ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import connection

from catalog.choices import Subject
from catalog.models import Freshness

_noted: ContextVar[dict[Subject, datetime] | None] = ContextVar("noted", default=None)

_TOUCH = """
INSERT INTO {table} (subject, version, updated_at) VALUES {rows}
ON CONFLICT (subject) DO UPDATE SET version = {table}.version + 1, updated_at = excluded.updated_at
"""


def versions() -> dict[Subject, int]:
    """How often each subject has changed; 0 where nothing was ever heard of it. One query.

    The number is raised in the transaction that changes something, and only when something changed:
    what was read before a version was, is at least as new as that version says.
    """
    stored = dict(Freshness.objects.order_by().values_list("subject", "version"))
    return {subject: stored.get(subject.value, 0) for subject in Subject}


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
    """Note news about `subjects`: their versions rise. At most one query."""
    news = dict.fromkeys(subjects, at)
    noted = _noted.get()
    if noted is None:
        _write(news)
    else:
        noted.update(news)


def confirm(*, at: datetime) -> None:
    """Zoho was asked for everything that sells, and the answer is here: stock and prices are not older than `at`.

    No version rises: nothing need have changed. Two queries at most.
    """
    Freshness.objects.get_or_create(subject=Subject.MIRROR, defaults={"updated_at": at})
    Freshness.objects.filter(subject=Subject.MIRROR, updated_at__lt=at).update(updated_at=at)


def _write(news: dict[Subject, datetime]) -> None:
    """One statement, its rows in the order of their subjects, so that two writers never wait crosswise."""
    if not news:
        return
    table = connection.ops.quote_name(Freshness._meta.db_table)
    values = [
        value
        for subject in sorted(news)
        for value in (subject.value, connection.ops.adapt_datetimefield_value(news[subject]))
    ]
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH.format(table=table, rows=", ".join(["(%s, 1, %s)"] * len(news))), values)
