"""The few statements that the ORM cannot say in one query, for PostgreSQL and SQLite alike."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)

# Columns whose values the database drivers take as Python has them; psycopg2 takes more than SQLite.
PLAIN = (models.CharField, models.TextField, models.BooleanField, models.ForeignKey, models.IntegerField)
PLAIN_FOR_POSTGRES = (models.DecimalField, models.DateTimeField, models.UUIDField)
MOST_PARAMETERS = 30_000  # SQLite takes 32,766


def update_from_values(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    key: str = "id",
    only_upwards: bool = False,
) -> int:
    """UPDATE many rows to different values, thousands in one statement; how many were found.

    Each of `rows` is (key value, value of the first field, …), with values as Python has them. With
    `only_upwards` a row stays as it is unless the first field's new value is the greater one.
    """
    columns: list[Any] = [model._meta.get_field(name) for name in (key, *fields)]
    names = [connection.ops.quote_name(column.column) for column in columns]
    table = connection.ops.quote_name(model._meta.db_table)
    assignments = ", ".join(f"{name} = v.column{position}" for position, name in enumerate(names[1:], start=2))
    condition = f" AND {table}.{names[1]} < v.column2" if only_upwards else ""
    # PostgreSQL takes the types from the first row; SQLite's columns convert by themselves.
    plain = ", ".join(["%s"] * len(columns))
    typed = ", ".join(f"CAST(%s AS {_type(column)})" for column in columns)
    first = typed if connection.vendor == "postgresql" else plain
    size, found = MOST_PARAMETERS // len(columns), 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            chunk = rows[start : start + size]
            values = ", ".join([f"({first})", *[f"({plain})"] * (len(chunk) - 1)])
            cursor.execute(
                # Names come from the model, values are parameters.
                f"UPDATE {table} SET {assignments} FROM (VALUES {values}) AS v "  # noqa: S608
                f"WHERE {table}.{names[0]} = v.column1{condition}",
                [
                    column.get_db_prep_save(value, connection)
                    for row in chunk
                    for column, value in zip(columns, row, strict=True)
                ],
            )
            found += int(cursor.rowcount)
    return found


def insert_rows(model: type[M], rows: Sequence[M]) -> None:
    """INSERT many unsaved instances; they get their primary keys. `bulk_create` with less work in Python."""
    _insert(model, rows)


def insert_or_update(model: type[M], rows: Sequence[M], *, fields: Sequence[str], key: Sequence[str]) -> None:
    """INSERT many unsaved instances, updating `fields` where `key` was taken meanwhile; they get their primary keys.

    What `bulk_create(update_conflicts=True)` does, with less work in Python for wide tables.
    """
    unique = ", ".join(_column_name(model, name) for name in key)
    updates = (_column_name(model, name) for name in fields)
    assignments = ", ".join(f"{name} = EXCLUDED.{name}" for name in updates)
    _insert(model, rows, f"ON CONFLICT ({unique}) DO UPDATE SET {assignments}")


def _insert(model: type[M], rows: Sequence[M], conflicts: str = "") -> None:
    """Values that the database driver takes as they are skip the ORM's preparation."""
    into, prepare = _columns(model)
    primary = _column_name(model, "pk")
    line = f"({', '.join(['%s'] * len(prepare))})"
    size = MOST_PARAMETERS // len(prepare)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            chunk = rows[start : start + size]
            cursor.execute(
                # Names come from the model, values are parameters.
                f"INSERT INTO {into} VALUES {', '.join([line] * len(chunk))} "  # noqa: S608
                f"{conflicts} RETURNING {primary}",
                [value(row) for row in chunk for value in prepare],
            )
            for row, (key,) in zip(chunk, cursor.fetchall(), strict=True):
                row.pk, row._state.adding, row._state.db = key, False, connection.alias


def tables_with(
    tables: Sequence[type[models.Model]], *, empty: str, column: str, values: Sequence[str]
) -> list[type[models.Model]]:
    """The models whose table has a row with `empty` NULL and one of `values` in `column`. One statement for all."""
    if not values:
        return []
    looks = " UNION ALL ".join(
        # Names come from the models, values are parameters.
        f"SELECT {position} WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(model._meta.db_table)} "  # noqa: S608
        f"WHERE {_column_name(model, empty)} IS NULL "
        f"AND {_column_name(model, column)} IN (SELECT value FROM wanted))"
        for position, model in enumerate(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH wanted(value) AS (VALUES {', '.join(['(%s)'] * len(values))}) {looks}", [*values])
        return [tables[position] for (position,) in cursor.fetchall()]


@cache
def _columns(model: type[models.Model]) -> tuple[str, tuple[Callable[[models.Model], Any], ...]]:
    """The table with its columns without the primary key, and how each value is made ready for the driver."""
    columns: list[Any] = [column for column in model._meta.concrete_fields if not column.primary_key]
    names = ", ".join(connection.ops.quote_name(column.column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    return f"{table} ({names})", tuple(_preparation(column) for column in columns)


@cache
def _column_name(model: type[models.Model], name: str) -> str:
    column: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return connection.ops.quote_name(str(column.column))


def _preparation(column: Any) -> Callable[[models.Model], Any]:
    """How a column's value is taken from an instance and made ready for the driver."""
    plain = (*PLAIN, *PLAIN_FOR_POSTGRES) if connection.vendor == "postgresql" else PLAIN
    if not isinstance(column, plain):
        return lambda row: column.get_db_prep_save(column.pre_save(row, add=True), connection)
    if getattr(column, "auto_now", False) or getattr(column, "auto_now_add", False):
        return lambda row: column.pre_save(row, add=True)
    return attrgetter(column.attname)


@cache
def _type(column: Any) -> str:
    return str(column.rel_db_type(connection) if column.is_relation else column.cast_db_type(connection))


def lock_name(*parts: str) -> int:
    """A number for a PostgreSQL advisory lock that stands for `parts`; equal parts, equal number."""
    text = "\x00".join(parts).encode()
    return (zlib.crc32(text) << 32 | zlib.crc32(text[::-1])) - (1 << 63)
