from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from django.db import connection
from django.test.utils import CaptureQueriesContext


def steps(work: Callable[[], object]) -> list[str]:
    """The statements that `work` runs, by their beginning.

    SQLite takes a limited number of parameters, so that Django splits a long INSERT there: the parts
    of one INSERT count once.
    """
    with CaptureQueriesContext(connection) as captured:
        work()
    beginnings = [" ".join(query["sql"].split()[:3]) for query in captured.captured_queries]
    return [text for text, parts in groupby(beginnings) for _ in (parts if not text.startswith("INSERT") else [0])]
