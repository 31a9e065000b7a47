"""The trigram indexes behind product search: on PostgreSQL, where their extension can be had."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

log = structlog.get_logger(__name__)

TABLE, INDEX = "catalog_product", "product_search"
WORDS, WORD_INDEX = "catalog_searchword", "search_word_pieces"

_ON_PRODUCTS = (
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TABLE} USING gin (search_text gin_trgm_ops)",
    # Room for the next version of a row beside it: prices and stock then change without touching any index.
    f"ALTER TABLE {TABLE} SET (fillfactor = 80)",
)
_ON_WORDS = (f"CREATE INDEX IF NOT EXISTS {WORD_INDEX} ON {WORDS} USING gin (word gin_trgm_ops)",)


def make_search_index(connection: BaseDatabaseWrapper) -> bool:
    """Make what is missing of the extension pg_trgm and the index of products; whether it is there. Safe to repeat.

    Without the extension everything works, only that a search reads the whole table. Says how to get
    it. Other databases than PostgreSQL have nothing of the kind.
    """
    return _make(connection, _ON_PRODUCTS)


def make_word_index(connection: BaseDatabaseWrapper) -> bool:
    """The same for the words that misspelt ones are compared with."""
    return _make(connection, _ON_WORDS)


def drop_search_index(connection: BaseDatabaseWrapper) -> None:
    """Take the index of products away; the extension stays, since others may use it."""
    _run(connection, [f"DROP INDEX IF EXISTS {INDEX}", f"ALTER TABLE {TABLE} RESET (fillfactor)"])


def drop_word_index(connection: BaseDatabaseWrapper) -> None:
    """Take the index of words away."""
    _run(connection, [f"DROP INDEX IF EXISTS {WORD_INDEX}"])


def _make(connection: BaseDatabaseWrapper, statements: Sequence[str]) -> bool:
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(using=connection.alias):
            _run(connection, ["CREATE EXTENSION IF NOT EXISTS pg_trgm", *statements])
    except DatabaseError as error:
        log.warning(
            "no_search_index",
            error=str(error).strip(),
            do="have a superuser run CREATE EXTENSION pg_trgm in this database, then: manage.py refresh_catalogue",
        )
        return False
    return True


def _run(connection: BaseDatabaseWrapper, statements: Sequence[str]) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
