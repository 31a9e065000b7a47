"""The tables between tests: emptied under running processes, and searched for what must not be in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.apps import apps
from django.db import OperationalError, connection, transaction

APPS = (
    *("catalog", "commerce", "zoho_sync", "events", "jobs", "auditing", "django_q", "sessions", "admin"),
    *("axes", "otp_totp", "otp_static"),
)
TRIES = 5
USERS = {"auth_user", "auth_user_groups", "auth_user_user_permissions"}


def empty_tables() -> None:
    """Remove every row that a test may have made, users too; what migrations put there stays."""
    name = Path(str(connection.settings_dict["NAME"])).name
    if not name.startswith("test"):
        raise RuntimeError(f"{name} is no test database")
    tables = {model._meta.db_table for label in APPS for model in apps.get_app_config(label).get_models(True)} | USERS
    for attempt in range(1, TRIES + 1):
        try:
            _delete(sorted(tables))
            return
        except OperationalError:  # a deadlock: processes of another test are still at work on what it left
            if attempt == TRIES:
                raise


def _delete(tables: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Foreign keys are looked at when the transaction ends, so the order does not matter.
        rows = " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM {one})" for one in tables)
        cursor.execute(rows)
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")


def find_in_tables(needles: Iterable[str]) -> Iterator[str]:
    """Every table and column in which one of these texts is stored, in any row."""
    wanted = list(needles)
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.values():
            for column, value in row.items():
                shown = bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview | bytes) else str(value)
                if any(needle in shown for needle in wanted):
                    yield f"{model._meta.label}.{column}: {shown[:200]}"
