"""The physical limit of a load: the same rows copied into temporary tables and merged from there, nothing computed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.db import connection, models, transaction

from benchmarks.inbox import empty_tables, rest

# A table and the columns by which its rows are told apart; none where rows are only added.
Table = tuple[type[models.Model], Sequence[str]]
CHUNK = 2_000


def merge_seconds(tables: Sequence[Table]) -> float:
    """Empty the database and merge the rows that these tables hold now into it, in one transaction."""
    with ExitStack() as stack:
        fill = {model: stack.enter_context(_kept(model)) for model, _ in tables}
        empty_tables()
        rest()
        started = time.monotonic()
        with transaction.atomic(), connection.cursor() as cursor:
            for model, key in tables:
                _merge(cursor, model, key, fill)
        return time.monotonic() - started


def _merge(cursor: Any, model: type[models.Model], key: Sequence[str], fill: Mapping[Any, Callable[..., None]]) -> None:
    table = _quoted(model._meta.db_table)
    names = [column.column for column in model._meta.concrete_fields]
    # Names come from the models.
    cursor.execute(f"CREATE TEMPORARY TABLE incoming AS SELECT * FROM {table} WHERE false")
    fill[model](cursor)
    others = ", ".join(f"{_quoted(name)} = EXCLUDED.{_quoted(name)}" for name in names if name not in (*key, "id"))
    conflicts = f"ON CONFLICT ({', '.join(map(_quoted, key))}) DO UPDATE SET {others}" if key else ""
    columns = ", ".join(map(_quoted, names))
    cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming WHERE true {conflicts}")
    cursor.execute("DROP TABLE incoming")


@contextmanager
def _kept(model: type[models.Model]) -> Iterator[Callable[[Any], None]]:
    """The table's rows outside of the database, and how they get into the temporary table."""
    table = _quoted(model._meta.db_table)
    columns = ", ".join(_quoted(column.column) for column in model._meta.concrete_fields)
    if connection.vendor == "postgresql":
        with tempfile.TemporaryFile() as file:
            with connection.cursor() as cursor:
                cursor.copy_expert(f"COPY (SELECT {columns} FROM {table}) TO STDOUT", file)

            def copy(cursor: Any) -> None:
                file.seek(0)
                cursor.copy_expert(f"COPY incoming ({columns}) FROM STDIN", file, size=1 << 20)

            yield copy
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table}")
        rows = cursor.fetchall()

    def insert(cursor: Any) -> None:
        places = ", ".join(["%s"] * len(model._meta.concrete_fields))
        for start in range(0, len(rows), CHUNK):
            cursor.executemany(
                f"INSERT INTO incoming ({columns}) VALUES ({places})",
                rows[start : start + CHUNK],
            )

    yield insert


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
