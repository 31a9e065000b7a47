"""Numbers that rest on many rows are counted now and then, not at every look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import QuerySet

from tsh_erp.common import together
from tsh_erp.common.together import Asked, Question, Row

T = TypeVar("T")

# What rests on so few rows is counted each time, in a few milliseconds, and is exact at once.
MANY = 10_000
_anew: ContextVar[bool] = ContextVar("counted anew", default=False)


class Kept(Question[T]):
    """A question whose answer is kept, for `seconds` and for all who ask, when it rests on more than `MANY` rows.

    `counted` says on how many an answer rests. The sampler counts anew each minute, so that pages find
    what was kept and nobody waits for it.
    """

    def __init__(
        self,
        name: str,
        rows: QuerySet[Any, Any],
        read: Callable[[list[Row]], T],
        *,
        counted: Callable[[T], int],
        seconds: float,
    ) -> None:
        super().__init__(rows, read)
        self.key = f"zoho_sync:monitoring:{name}"
        self._counted, self._seconds = counted, seconds

    def keep(self) -> None:
        if self._counted(self.value) > MANY:
            cache.set(self.key, self.value, self._seconds)


def ask(*asked: Asked[Any]) -> None:
    """Have all of them answered, from what is kept or by the database. One query, and one look into the cache."""
    questions = [question for one in asked for question in one.questions]
    keys = [question.key for question in questions if isinstance(question, Kept)]
    found = cache.get_many(keys) if keys and not _anew.get() else {}
    missing = []
    for question in questions:
        if isinstance(question, Kept) and question.key in found:
            question.settle(found[question.key])
        else:
            missing.append(question)
    together.ask(*missing)
    for question in missing:
        if isinstance(question, Kept):
            question.keep()


def answer(asked: Asked[T]) -> T:
    """The answer to one question."""
    ask(asked)
    return asked.value


@contextmanager
def counting_anew() -> Iterator[None]:
    """Within the block nothing is taken from what was kept, and what is counted is kept for others."""
    token = _anew.set(True)
    try:
        yield
    finally:
        _anew.reset(token)
