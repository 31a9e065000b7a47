"""What every connection to PostgreSQL is told once, when it is opened."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver


@receiver(connection_created)
def compile_nothing(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Our statements take milliseconds; PostgreSQL would spend a tenth of a second on compiling some of them.

    Said in a statement, not in the address of the server: a pooler in between may refuse options.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET jit = off")
