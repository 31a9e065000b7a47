"""Several small reads in one statement: a page of numbers costs one way to the database and back.

Each read is a queryset of the ORM's, with all that it knows of conditions and types; the database answers all of
them at once, each as a JSON array. For rows that are few: whoever reads thousands asks for them alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Count, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

T = TypeVar("T")
S = TypeVar("S")
M = TypeVar("M", bound=models.Model)
Row = tuple[Any, ...]

# What JSON has no type for: PostgreSQL is asked for its text. The first that fits counts.
FROM_TEXT: Sequence[tuple[type[models.Field[Any, Any]], Callable[[str], Any]]] = (
    (models.DateTimeField, datetime.fromisoformat),
    (models.DateField, date.fromisoformat),
    (models.DecimalField, Decimal),
    (models.UUIDField, UUID),
    (models.JSONField, str),
)


class Asked(Generic[T]):
    """Something that is asked of the database. `value` is there once its `questions` were asked."""

    @property
    def questions(self) -> Sequence[Question[Any]]:
        raise NotImplementedError

    @property
    def value(self) -> T:
        raise NotImplementedError

    def then(self, read: Callable[[T], S]) -> Asked[S]:
        """The same question, with its answer read further."""
        return Questions(self, read=lambda: read(self.value))


class Question(Asked[T]):
    """One read (a `values_list`), and what its rows say."""

    def __init__(self, rows: QuerySet[Any, Any], read: Callable[[list[Row]], T]) -> None:
        self.rows, self._read = rows, read
        self._value: list[T] = []

    @property
    def questions(self) -> Sequence[Question[Any]]:
        return (self,)

    @property
    def value(self) -> T:
        if not self._value:
            raise ValueError("this was not asked yet")
        return self._value[0]

    def answer(self, rows: list[Row]) -> None:
        self.settle(self._read(rows))

    def settle(self, value: T) -> None:
        self._value = [value]


class Questions(Asked[T]):
    """Several questions whose answers say one thing together: what `read` makes of them."""

    def __init__(self, *parts: Asked[Any], read: Callable[[], T]) -> None:
        self._parts, self._read = parts, read

    @property
    def questions(self) -> Sequence[Question[Any]]:
        return [question for part in self._parts for question in part.questions]

    @property
    def value(self) -> T:
        return self._read()


def ask(*asked: Asked[Any]) -> None:
    """Have all of them answered. One query, none for nothing."""
    questions = [question for one in asked for question in one.questions]
    for question, rows in zip(questions, read_together([one.rows for one in questions]), strict=True):
        question.answer(rows)


def count_of(rows: QuerySet[Any]) -> Question[int]:
    """How many rows there are."""
    counted = rows.order_by().values(part=Value(1)).annotate(rows=Count("pk")).values_list("rows")
    return Question(counted, lambda found: sum(count for (count,) in found))


def rows_of(rows: QuerySet[M]) -> Question[list[M]]:
    """Rows of a model without the columns that are deferred. Related rows are not read with them."""
    named, is_without = rows.query.deferred_loading  # the named columns are left out, or they alone are wanted
    concrete = rows.model._meta.concrete_fields
    names = [
        one.attname for one in concrete if one.primary_key or named.isdisjoint({one.name, one.attname}) == is_without
    ]

    def read(found: list[Row]) -> list[M]:
        return [rows.model.from_db(connection.alias, names, row) for row in found]

    return Question(rows.defer(None).values_list(*names), read)


def read_together(wanted: Sequence[QuerySet[Any, Any]]) -> list[list[Row]]:
    """The rows of each `values_list`, as it would give them one by one."""
    compilers = [_compile(rows) for rows in wanted]
    parts = [part for part in compilers if part is not None]
    if not parts:
        return [[] for _ in wanted]
    statement = ", ".join(sql for _, sql, _ in parts)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {statement}", [value for _, _, values in parts for value in values])
        answers = iter(cursor.fetchone() or ())
    return [_read(part[0], next(answers)) if part is not None else [] for part in compilers]


def _compile(rows: QuerySet[Any, Any]) -> tuple[SQLCompiler, str, Sequence[Any]] | None:
    """The read as a scalar subquery that gives a JSON array of arrays; None when it can find nothing."""
    compiler: SQLCompiler = rows.query.clone().get_compiler(connection=connection)
    try:
        statement, parameters = compiler.as_sql(with_col_aliases=True)
    except EmptyResultSet:
        return None
    quote = connection.ops.quote_name
    columns = [
        f"part.{quote(str(alias))}::text" if _from_text(expression) else f"part.{quote(str(alias))}"
        for expression, _, alias in compiler.select
    ]
    named = ", ".join(columns)
    gather = f"json_group_array(json_array({named}))"
    if connection.vendor == "postgresql":
        gather = f"json_agg(json_build_array({named}))::text"
    return compiler, f"(SELECT {gather} FROM ({statement}) part)", parameters  # noqa: S608 - made by the ORM


def _from_text(expression: Any) -> Callable[[str], Any] | None:
    """How the text that PostgreSQL gives becomes what its driver would have given; None where JSON has the type."""
    if connection.vendor != "postgresql":
        return None
    return next((parse for kind, parse in FROM_TEXT if isinstance(expression.output_field, kind)), None)


def _read(compiler: SQLCompiler, text: str | None) -> list[Row]:
    """Rows of Python's types, by the same converters that the ORM uses."""
    rows = json.loads(text) if text else []
    expressions = [expression for expression, _, _ in compiler.select]
    for place, expression in enumerate(expressions):
        if parse := _from_text(expression):
            for row in rows:
                row[place] = parse(row[place]) if row[place] is not None else None
    converters = compiler.get_converters(expressions)
    return [tuple(row) for row in (compiler.apply_converters(rows, converters) if converters else rows)]
