"""The domain events of rows that were saved or retired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Model

from tsh_erp.common.upsert import M, Upserted
from tsh_erp.events.publish import DomainEvent, publish


def saved_events(
    subject: str, upserted: Upserted[M], also: Mapping[str, Iterable[str]] | None = None
) -> list[DomainEvent]:
    """`catalog.<subject>.created` and `.updated` (with the names of the changed columns) for an upsert.

    `also` names further parts that changed, by Zoho id, such as the lines of a stored row.
    """
    fields = {zoho_id: set(names) for zoho_id, names in upserted.changed.items()}
    for zoho_id, names in (also or {}).items():
        fields.setdefault(zoho_id, set()).update(names)
    events = [_event(subject, "created", upserted.rows[zoho_id].pk, zoho_id) for zoho_id in sorted(upserted.created)]
    events += [
        _event(subject, "updated", upserted.rows[zoho_id].pk, zoho_id, fields=sorted(names))
        for zoho_id, names in sorted(fields.items())
        if zoho_id not in upserted.created
    ]
    return events


def publish_retired(subject: str, rows: Mapping[str, int], *, at: datetime) -> None:
    """`catalog.<subject>.retired` for rows given as Zoho id and primary key."""
    publish([_event(subject, "retired", pk, zoho_id) for zoho_id, pk in sorted(rows.items())], at=at)


def updated_event(subject: str, row: Model, fields: Iterable[str]) -> DomainEvent:
    """`catalog.<subject>.updated` for one row that a person edited."""
    return _event(subject, "updated", row.pk, getattr(row, "zoho_id", None), fields=sorted(fields))


def _event(subject: str, what: str, pk: int, zoho_id: str | None, **data: object) -> DomainEvent:
    return DomainEvent(f"catalog.{subject}.{what}", f"catalog.{subject}:{pk}", {"zoho_id": zoho_id, **data})
