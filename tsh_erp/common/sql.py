"""The few statements that the ORM cannot say in one query, for PostgreSQL and SQLite alike."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def update_from_values(
    model: type[models.Model], fields: Sequence[str], rows: Sequence[Sequence[Any]], *, key: str = "id"
) -> int:
    """UPDATE many rows to different values in one statement; how many were found.

    Each of `rows` is (key value, value of the first field, …), with values as Python has them.
    """
    if not rows:
        return 0
    columns: list[Any] = [model._meta.get_field(name) for name in (key, *fields)]
    names = [connection.ops.quote_name(column.column) for column in columns]
    table = connection.ops.quote_name(model._meta.db_table)
    assignments = ", ".join(f"{name} = v.column{position}" for position, name in enumerate(names[1:], start=2))
    # PostgreSQL takes the types from the first row; SQLite's columns convert by themselves.
    plain = ", ".join(["%s"] * len(columns))
    first = ", ".join(f"CAST(%s AS {_type(column)})" for column in columns)
    values = ", ".join(
        [f"({first if connection.vendor == 'postgresql' else plain})", *[f"({plain})"] * (len(rows) - 1)]
    )
    parameters = [
        column.get_db_prep_save(value, connection) for row in rows for column, value in zip(columns, row, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            # Names come from the model, values are parameters.
            f"UPDATE {table} SET {assignments} FROM (VALUES {values}) AS v "  # noqa: S608
            f"WHERE {table}.{names[0]} = v.column1",
            parameters,
        )
        return int(cursor.rowcount)


def _type(column: Any) -> str:
    return str(column.rel_db_type(connection) if column.is_relation else column.cast_db_type(connection))


def lock_name(*parts: str) -> int:
    """A number for a PostgreSQL advisory lock that stands for `parts`; equal parts, equal number."""
    text = "\x00".join(parts).encode()
    return (zlib.crc32(text) << 32 | zlib.crc32(text[::-1])) - (1 << 63)
