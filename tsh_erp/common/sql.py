"""The few statements that the ORM cannot say in one query, for PostgreSQL and SQLite alike."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from io import StringIO
from operator import attrgetter
from typing import Any, TypeVar

from django.db import IntegrityError, connection, models, transaction

M = TypeVar("M", bound=models.Model)

# Columns whose values the database drivers take as Python has them; psycopg2 takes more than SQLite.
PLAIN = (models.CharField, models.TextField, models.BooleanField, models.ForeignKey, models.IntegerField)
PLAIN_FOR_POSTGRES = (models.DecimalField, models.DateTimeField, models.UUIDField)
# What COPY can be given as text.
COPIED = (*PLAIN, *PLAIN_FOR_POSTGRES, models.JSONField)
WORTH_COPYING = 64  # rows; for fewer the statements around a COPY cost more than it saves
NOTHING = r"\N"  # NULL in COPY's text format
MOST_PARAMETERS = 30_000  # SQLite takes 32,766


class _AnyOf(models.Lookup):
    """`column = ANY(array)`."""

    prepare_rhs = False  # the values are as the driver takes them

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", [*parameters, self.rhs]


def among(column: str, values: Sequence[Any]) -> Any:
    """A condition: the column holds one of `values`, which the driver takes as they are.

    What `column__in` says; but PostgreSQL is given one parameter, and Django has nothing to prepare for each value.
    """
    if connection.vendor != "postgresql":
        return models.Q(**{f"{column}__in": values})
    return _AnyOf(models.F(column), [*values])


def without_waiting() -> None:
    """Have the commit of this transaction not wait for the disk: for notes between the steps of long work.

    A crash of the database may undo it, but never without all that was committed after it. PostgreSQL only.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")


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


def is_worth_copying(model: type[models.Model], rows: Sequence[models.Model]) -> bool:
    """Whether `insert_rows` and `insert_new` COPY so many rows: a few statements instead of one, on PostgreSQL only."""
    return (
        connection.vendor == "postgresql"
        and len(rows) >= WORTH_COPYING
        and all(isinstance(column, COPIED) for column in model._meta.concrete_fields)
    )


def insert_rows(model: type[M], rows: Sequence[M]) -> None:
    """INSERT many unsaved instances; they get their primary keys. `bulk_create` with less work for everybody."""
    if is_worth_copying(model, rows):
        _copy(model, rows)
    else:
        _insert(model, rows)


def insert_new(model: type[M], rows: Sequence[M], *, fields: Sequence[str], key: Sequence[str]) -> None:
    """`insert_or_update` for rows whose `key` nobody had when the caller looked: quicker, as long as that holds.

    Call it in a transaction.
    """
    if is_worth_copying(model, rows):
        try:
            with transaction.atomic():
                _copy(model, rows)
                return
        except IntegrityError:
            pass  # a key was taken meanwhile; whatever else it is, the other statement says so again
    insert_or_update(model, rows, fields=fields, key=key)


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
            _note_keys(chunk, cursor.fetchall())


def _copy(model: type[M], rows: Sequence[M]) -> None:
    """COPY, for which PostgreSQL and its driver need a third of what an INSERT of as many rows costs them."""
    names, prepare = _copied_columns(model)
    table, primary = connection.ops.quote_name(model._meta.db_table), str(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s))::regclass) FROM generate_series(1, %s)",
            [table, primary, len(rows)],
        )
        keys = cursor.fetchall()
        lines = [
            "\t".join([str(key), *[NOTHING if value is None else _cell(value) for value in prepare(row)]])
            for row, (key,) in zip(rows, keys, strict=True)
        ]
        with connection.wrap_database_errors:
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", StringIO("\n".join(lines)))
    _note_keys(rows, keys)


def _cell(value: Any) -> str:
    """A value in COPY's text format; None is `NOTHING` there."""
    text = value if isinstance(value, str) else str(value)
    return text.replace("\\", r"\\").replace("\n", r"\n").replace("\r", r"\r").replace("\t", r"\t")


def _note_keys(rows: Sequence[models.Model], keys: Sequence[tuple[Any]]) -> None:
    database = connection.alias
    for row, (key,) in zip(rows, keys, strict=True):
        state, row.pk = row._state, key
        state.adding, state.db = False, database


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
def _copied_columns(model: type[models.Model]) -> tuple[str, Callable[[models.Model], Sequence[Any]]]:
    """The names of the columns beginning with the primary key, and what gives the values of all others."""
    columns: list[Any] = [column for column in model._meta.concrete_fields if not column.primary_key]
    names = [_column_name(model, "pk"), *(connection.ops.quote_name(column.column) for column in columns)]
    stamped = [column for column in columns if _is_stamped(column)]
    encoders = [
        (place, (column.encoder or json.JSONEncoder)().encode)
        for place, column in enumerate(columns)
        if isinstance(column, models.JSONField)
    ]
    read = attrgetter(*(column.attname for column in columns))

    def prepare(row: models.Model) -> Sequence[Any]:
        for column in stamped:
            column.pre_save(row, add=True)
        values = [*read(row)]
        for place, encode in encoders:
            if values[place] is not None:
                values[place] = encode(values[place])
        return values

    return ", ".join(names), prepare


def _is_stamped(column: Any) -> bool:
    return bool(getattr(column, "auto_now", False) or getattr(column, "auto_now_add", False))


@cache
def _column_name(model: type[models.Model], name: str) -> str:
    column: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return connection.ops.quote_name(str(column.column))


def _preparation(column: Any) -> Callable[[models.Model], Any]:
    """How a column's value is taken from an instance and made ready for the driver."""
    plain = (*PLAIN, *PLAIN_FOR_POSTGRES) if connection.vendor == "postgresql" else PLAIN
    if not isinstance(column, plain):
        return lambda row: column.get_db_prep_save(column.pre_save(row, add=True), connection)
    if _is_stamped(column):
        return lambda row: column.pre_save(row, add=True)
    return attrgetter(column.attname)


@cache
def _type(column: Any) -> str:
    return str(column.rel_db_type(connection) if column.is_relation else column.cast_db_type(connection))


def lock_name(*parts: str) -> int:
    """A number for a PostgreSQL advisory lock that stands for `parts`; equal parts, equal number."""
    text = "\x00".join(parts).encode()
    return (zlib.crc32(text) << 32 | zlib.crc32(text[::-1])) - (1 << 63)
