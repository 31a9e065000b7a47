"""The trigram index behind product search: on PostgreSQL, where its extension can be had."""

from __future__ import annotations

import structlog
from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

log = structlog.get_logger(__name__)

TABLE, INDEX = "catalog_product", "product_search"


def make_search_index(connection: BaseDatabaseWrapper) -> bool:
    """Make what is missing of the extension pg_trgm and the index; whether the index is there. Safe to repeat.

    Without the extension everything works, only that a search reads the whole table. Says how to get
    it. Other databases than PostgreSQL have nothing of the kind.
    """
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TABLE} USING gin (search_text gin_trgm_ops)")
            # Room for the next version of a row beside it: prices and stock then change without touching any index.
            cursor.execute(f"ALTER TABLE {TABLE} SET (fillfactor = 80)")
    except DatabaseError as error:
        log.warning(
            "no_search_index",
            error=str(error).strip(),
            do="have a superuser run CREATE EXTENSION pg_trgm in this database, then: manage.py refresh_catalogue",
        )
        return False
    return True


def drop_search_index(connection: BaseDatabaseWrapper) -> None:
    """Take the index away; the extension stays, since others may use it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")
            cursor.execute(f"ALTER TABLE {TABLE} RESET (fillfactor)")
