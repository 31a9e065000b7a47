"""A database of the benchmarks' own, beside the one that DATABASE_URL names and never that one itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg2
from psycopg2 import sql

from benchmarks.report import BenchmarkFailed

SUFFIX = "_bench"
# How a database says that it is ours to drop; a leftover of a killed run says so, too.
MARK = "made by python -m benchmarks; may be dropped"
SQLITE_MARK = 0x42454E43


@contextmanager
def own_database(url: str, root: Path) -> Iterator[str]:
    """The address of an empty database that is dropped in the end; `url` is only asked to make it.

    On PostgreSQL `<name>_bench` on the same server, on SQLite a file `<name>_bench` in the same folder (relative
    ones under `root`). BenchmarkFailed when something of that name exists that no benchmark made, or is in use.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        file = root / unquote(parts.path.removeprefix("/") or "var/memory.sqlite3").replace(":memory:", "memory")
        own = file.with_name(f"{file.stem}{SUFFIX}{file.suffix}")
        _create_file(own)
        try:
            yield f"sqlite:///{own}"
        finally:
            _delete_file(own)
        return
    name = unquote(parts.path.strip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise BenchmarkFailed("DATABASE_URL must name a database: sqlite:///file or postgresql://…/name")
    own_name = name[: 63 - len(SUFFIX)] + SUFFIX
    _create_database(url, own_name)
    query = f"?{parts.query}" if parts.query else ""
    try:
        yield f"{parts.scheme}://{parts.netloc}/{quote(own_name)}{query}"
    finally:
        _drop_database(url, own_name)


def _create_database(url: str, name: str) -> None:
    with _connect(url) as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
        if found := cursor.fetchone():
            if found[0] != MARK:
                raise BenchmarkFailed(f"the database {name} exists and no benchmark made it: it is left alone")
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name])
            if (in_use := cursor.fetchone()) and in_use[0]:
                raise BenchmarkFailed(f"the database {name} is in use: is another benchmark running?")
            cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(MARK)))


def _drop_database(url: str, name: str) -> None:
    with _connect(url) as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _connect(url: str) -> Iterator[psycopg2.extensions.cursor]:
    try:
        connection = psycopg2.connect(url, connect_timeout=5)
    except psycopg2.Error as error:
        raise BenchmarkFailed(f"the database server cannot be asked: {error}") from error
    try:
        connection.autocommit = True  # databases are not made in transactions
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _create_file(path: Path) -> None:
    if path.exists():
        connection = sqlite3.connect(path)
        try:
            mark = connection.execute("PRAGMA application_id").fetchone()[0]
        except sqlite3.DatabaseError:
            mark = None
        finally:
            connection.close()
        if mark != SQLITE_MARK:
            raise BenchmarkFailed(f"{path} exists and no benchmark made it: it is left alone")
        _delete_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {SQLITE_MARK}")
    connection.commit()
    connection.close()


def _delete_file(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
