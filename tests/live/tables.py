"""The tables between tests: emptied under running processes, and searched for what must not be in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection

APPS = ("catalog", "commerce", "zoho_sync", "events", "django_q", "sessions", "admin")


def empty_tables() -> None:
    """Remove every row that a test may have made, users too; what migrations put there stays."""
    name = Path(str(connection.settings_dict["NAME"])).name
    if not name.startswith("test"):
        raise RuntimeError(f"{name} is no test database")
    tables = sorted({model._meta.db_table for label in APPS for model in apps.get_app_config(label).get_models(True)})
    tables += ["auth_user", "auth_user_groups", "auth_user_user_permissions"]
    statements = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)


def find_in_tables(needles: Iterable[str]) -> Iterator[str]:
    """Every table and column in which one of these texts is stored, in any row."""
    wanted = list(needles)
    for model in apps.get_models(include_auto_created=True):
        for row in model._default_manager.values():
            for column, value in row.items():
                shown = bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview | bytes) else str(value)
                if any(needle in shown for needle in wanted):
                    yield f"{model._meta.label}.{column}: {shown[:200]}"
