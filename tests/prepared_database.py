"""A migrated, empty database kept between test runs: migrating takes longer than most files of tests.

One copy for each state of the migrations and of what they import, named by its digest: a file in `var/` on SQLite,
a template database on PostgreSQL. Whatever goes wrong here only means that a run migrates as it would without.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import psycopg2
from django.db import DatabaseError, connection

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "var" / "test-databases"
PREFIX = "tsh_erp_migrated_"
KEPT = 3


def place_copy(target: Path) -> bool:
    """Put the kept file, if there is one, where SQLite's test database is to be; whether it is there."""
    kept = _file()
    if not kept.exists():
        return False
    shutil.copyfile(kept, target)
    return True


def template() -> str | None:
    """The name of the kept database that PostgreSQL is to copy; None when there is none."""
    with suppress(psycopg2.Error), closing(_maintenance()) as server, server.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_name()])
        return _name() if cursor.fetchone() else None
    return None


def keep() -> None:
    """Keep the test database as it is now: migrated, and nothing else."""
    if connection.vendor == "sqlite":
        with suppress(OSError, DatabaseError):
            _keep_file()
    else:
        with suppress(psycopg2.Error):
            _keep_template()


def _keep_file() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    unfinished = FOLDER / f"{os.getpid()}.unfinished"
    unfinished.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(unfinished)])
    unfinished.replace(_file())
    for old in sorted(FOLDER.glob("*.sqlite3"), key=lambda one: one.stat().st_mtime, reverse=True)[KEPT:]:
        old.unlink(missing_ok=True)


def _keep_template() -> None:
    """Two runs may do it at once: the second finds the name taken, and that is all it needs."""
    source = connection.settings_dict["NAME"]
    connection.close()  # a database that somebody is connected to cannot be copied
    with closing(_maintenance()) as server, server.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{_name()}" TEMPLATE "{source}"')
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC", [f"{PREFIX}%"])
        for (old,) in cursor.fetchall()[KEPT:]:
            with suppress(psycopg2.Error):  # another run is copying it
                cursor.execute(f'DROP DATABASE IF EXISTS "{old}"')


def _maintenance() -> psycopg2.extensions.connection:
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters.pop("cursor_factory", None)
    server = psycopg2.connect(**parameters)
    server.autocommit = True
    return server


def _file() -> Path:
    return FOLDER / f"{digest()}.sqlite3"


def _name() -> str:
    return f"{PREFIX}{digest()}"


@cache
def digest() -> str:
    """Of every migration of ours, of the modules of ours that they import, and of the packages installed."""
    files = sorted(set(_migrations()))
    imported = sorted({module for file in files for module in _imports(file)} - set(files))
    whole = hashlib.sha256()
    for file in [ROOT / "requirements.txt", *files, *imported]:
        whole.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return whole.hexdigest()[:16]


def _migrations() -> Iterator[Path]:
    for top in ROOT.iterdir():
        if top.is_dir() and (top / "__init__.py").exists():
            yield from top.rglob("migrations/*.py")


def _imports(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            path = ROOT / name.replace(".", "/")
            yield from (one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file())
