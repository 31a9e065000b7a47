"""What all writers of what is ours have in common: which columns differ, and what is told about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from catalog.choices import Subject
from catalog.services.freshness import touch
from tsh_erp.events.publish import DomainEvent, publish


def changed_columns(row: Model) -> list[str]:
    """The columns in which the row differs from what is stored, all of them for a new row. One query."""
    columns = [column for column in row._meta.concrete_fields if column.editable and not column.primary_key]
    stored = type(row)._default_manager.filter(pk=row.pk).first() if row.pk is not None else None
    if stored is None:
        return [column.name for column in columns]
    return [column.name for column in columns if getattr(row, column.attname) != getattr(stored, column.attname)]


def tell(what: str, row: Model, *, at: datetime, **data: Any) -> None:
    """Raise `commerce.<model>.<what>` for a row."""
    label = row._meta.label_lower
    publish([DomainEvent(f"{label}.{what}", f"{label}:{row.pk}", data)], at=at)


def tell_all(label: str, what: str, keys: Iterable[int], *, at: datetime, **data: Any) -> None:
    """The same for several rows of one table, by primary key."""
    publish([DomainEvent(f"{label}.{what}", f"{label}:{pk}", data) for pk in keys], at=at)


def touch_last(*subjects: Subject, at: datetime) -> None:
    """`touch` at the end of a transaction that wrote rows with foreign keys.

    They are looked at now and not at the commit: whoever holds a version row waits for nobody.
    """
    if not subjects:
        return
    if connection.vendor == "postgresql":
        connection.check_constraints()
    touch(*subjects, at=at)
