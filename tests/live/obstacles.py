"""Obstacles in the database's own hands: a row that it refuses, or one that it takes for ever to write.

They stand in for a full disk, a bug or a slow machine, without a single line of the product being replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model

LOCK = 4711


@contextmanager
def refused_row(model: type[Model], zoho_id: str, *, message: str) -> Iterator[None]:
    """The database refuses to insert this record's row, saying `message`."""
    postgres = connection.vendor == "postgresql"
    act = f"RAISE EXCEPTION '{message}'" if postgres else f"SELECT RAISE(ABORT, '{message}')"
    with _trigger(model, zoho_id, act):
        yield


@contextmanager
def stalled_row(model: type[Model], zoho_id: str) -> Iterator[None]:
    """Whoever inserts this row stands still: on PostgreSQL until the end of the block, on SQLite for ever."""
    if connection.vendor != "postgresql":
        count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n LIMIT 1"
        with _trigger(model, zoho_id, f"SELECT ({count})"):
            yield
        return
    with _trigger(model, zoho_id, f"PERFORM pg_advisory_xact_lock({LOCK})"):
        _execute(f"SELECT pg_advisory_lock({LOCK})")
        try:
            yield
        finally:
            _execute(f"SELECT pg_advisory_unlock({LOCK})")


@contextmanager
def _trigger(model: type[Model], zoho_id: str, act: str) -> Iterator[None]:
    postgres, table = connection.vendor == "postgresql", model._meta.db_table
    call = f"BEGIN {act}; END"
    if postgres:
        _execute(
            f"CREATE FUNCTION test_obstacle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {act}; RETURN NEW; END $$"
        )
        call = "EXECUTE FUNCTION test_obstacle()"
    _execute(
        f"CREATE TRIGGER test_obstacle BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.zoho_id = '{zoho_id}') {call}"
    )
    try:
        yield
    finally:
        _execute(f"DROP TRIGGER test_obstacle{f' ON {table}' if postgres else ''}")
        if postgres:
            _execute("DROP FUNCTION test_obstacle()")


def _execute(statement: str) -> None:
    # A cursor of its own each time: a sweep in between may have let go of an old connection.
    with connection.cursor() as cursor:
        cursor.execute(statement)
