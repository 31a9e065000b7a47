"""Count what happens within a while, for all processes together: in the cache, and never losing one.

Django's database cache reads a count and writes it back, so that two processes at once count one. There one
statement does both.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connections, router
from django.utils import timezone

FORGET_ONE_IN = 100  # new counts; the table's own culling looks only when something is set
_COUNT = """
INSERT INTO {table} (cache_key, value, expires) VALUES (%s, '1', %s)
ON CONFLICT (cache_key) DO UPDATE SET value = CAST(CAST({table}.value AS integer) + 1 AS text)
RETURNING CAST(value AS integer)
"""


def count(key: str, *, seconds: int) -> int:
    """One more of `key`; how many that makes since the first one. `key` must be another after so many seconds."""
    store = caches[DEFAULT_CACHE_ALIAS]
    if isinstance(store, BaseDatabaseCache):
        return _count_in_table(store, key, seconds)
    if store.add(key, 1, seconds):
        return 1
    try:
        return store.incr(key)
    except ValueError:  # it ended in between
        return 1


def _count_in_table(store: BaseDatabaseCache, key: str, seconds: int) -> int:
    """The table holds the number as it is: keys of counts are never read as cached values."""
    connection = connections[router.db_for_write(store.cache_model_class)]
    table = connection.ops.quote_name(store._table)  # type: ignore[attr-defined]
    now = timezone.now().replace(microsecond=0)
    expires = connection.ops.adapt_datetimefield_value(now + timedelta(seconds=seconds))
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(table=table), [store.make_and_validate_key(key), expires])
        counted = int(cursor.fetchone()[0])
        if counted == 1 and secrets.randbelow(FORGET_ONE_IN) == 0:
            cursor.execute(  # the name of the table comes from the settings
                f"DELETE FROM {table} WHERE expires < %s",  # noqa: S608
                [connection.ops.adapt_datetimefield_value(now)],
            )
    return counted
