"""Who changed what in the columns that staff write. What Zoho writes has the inbox and the mirror as its history."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Field, Model
from simple_history.models import HistoricalRecords

Row = TypeVar("Row", bound=Model)

NOT_BY_PEOPLE = ("created_at", "updated_at")


class LocalHistory(HistoricalRecords):  # type: ignore[misc]  # untyped
    """Keeps the columns called `names`, or all but those in `besides`.

    With `by_service` saving a row writes no history: a service that knows that it was a person calls `record_edits`.
    So it is with mirrored tables, where nearly everything that is saved comes from Zoho.
    """

    def __init__(self, *names: str, besides: Sequence[str] = (), by_service: bool = False, **options: Any) -> None:
        self.names = frozenset(names)
        self.besides = frozenset((*besides, *NOT_BY_PEOPLE))
        self.by_service = by_service
        super().__init__(**options)

    def fields_included(self, model: type[Model]) -> list[Field[Any, Any]]:
        return [field for field in model._meta.fields if field.primary_key or self._is_kept(field.name)]

    def _is_kept(self, name: str) -> bool:
        return name in self.names if self.names else name not in self.besides

    def post_save(self, instance: Model, created: bool, using: str | None = None, **kwargs: Any) -> None:
        written = kwargs.get("update_fields")
        if self.by_service or (written is not None and not any(self._is_kept(name) for name in written)):
            return
        super().post_save(instance, created, using=using, **kwargs)

    def post_delete(self, instance: Model, using: str | None = None, **kwargs: Any) -> None:
        if not self.by_service:
            super().post_delete(instance, using=using, **kwargs)


def as_they_are(rows: Sequence[Row]) -> list[Row]:
    """Copies of rows before they are changed, for `record_edits`."""
    return [copy.copy(row) for row in rows]


def record_edits(before: Sequence[Model], after: Sequence[Model], *, at: datetime) -> None:
    """Write what rows of one table are after an edit, and what they were, for those without any history yet.

    Who did it is whoever the request belongs to. Three queries, whatever the number.
    """
    changed = {row.pk: row for row in after}
    if not changed:
        return
    model: Any = type(after[0])
    known = set(model.history.filter(id__in=changed).values_list("id", flat=True))
    first = [row for row in before if row.pk in changed and row.pk not in known]
    for row in first:
        row._history_user = None  # type: ignore[attr-defined]
    model.history.bulk_history_create(first, default_date=at)
    model.history.bulk_history_create(list(changed.values()), update=True, default_date=at)
