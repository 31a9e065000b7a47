"""Write many rows by their key in a constant number of queries, and say which really changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Saved:
    """What a service did with the records it was given, by Zoho id."""

    created: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    unchanged: frozenset[str] = frozenset()

    def __or__(self, other: Saved) -> Saved:
        return Saved(self.created | other.created, self.changed | other.changed, self.unchanged | other.unchanged)


@dataclass(frozen=True)
class Upserted(Generic[M]):
    """The stored rows by key, which of them are new, and the columns that changed in the others."""

    rows: dict[str, M]
    created: frozenset[str]
    changed: dict[str, frozenset[str]] = field(default_factory=dict)
    before: dict[str, M] = field(default_factory=dict)

    @property
    def saved(self) -> Saved:
        touched = self.created | self.changed.keys()
        return Saved(self.created, frozenset(self.changed), frozenset(self.rows.keys() - touched))


def upsert(
    model: type[M], rows: Iterable[M], *, fields: Sequence[str], key: str = "zoho_id", wake: bool = True
) -> Upserted[M]:
    """Insert or update `rows` by `key`; only rows that differ in one of `fields` are written. Two queries.

    `rows` are unsaved instances with distinct keys; `fields` are the attribute names (`category_id`
    for a foreign key) that the caller owns — all other columns of a stored row stay as they are.
    The answer's rows have primary keys; unwritten ones are the stored rows. Rows are written in
    key order, so that two writers never wait for each other crosswise.
    With `wake`, a retired row that is saved again is alive again.
    """
    wanted = {str(getattr(row, key)): row for row in rows}
    stored: dict[str, M] = {
        str(getattr(row, key)): row for row in model._default_manager.filter(**{f"{key}__in": list(wanted)})
    }
    owned = [*fields]
    if wake and any(column.name == "retired_at" for column in model._meta.concrete_fields):
        owned.append("retired_at")
    created, changed = [], {}
    for name in sorted(wanted):
        row, old = wanted[name], stored.get(name)
        if old is None:
            created.append(name)
            continue
        row.pk = old.pk
        if difference := _difference(old, row, owned):
            changed[name] = difference
    for name in changed:
        _copy_others(stored[name], wanted[name], keep=owned)
    if created or changed:
        names = {model._meta.get_field(column).name for column in owned}
        model._default_manager.bulk_create(
            [wanted[name] for name in sorted([*created, *changed])],
            update_conflicts=True,
            unique_fields=[key],
            update_fields=sorted(names | {"updated_at"}),
        )
    rows_now = {name: wanted[name] if name in changed or name not in stored else stored[name] for name in wanted}
    return Upserted(rows_now, frozenset(created), changed, {name: stored[name] for name in changed})


def _difference(old: models.Model, new: models.Model, fields: Collection[str]) -> frozenset[str]:
    return frozenset(name for name in fields if _plain(getattr(old, name)) != _plain(getattr(new, name)))


def _plain(value: Any) -> Any:
    return value.name if isinstance(value, models.fields.files.FieldFile) else value


def _copy_others(old: models.Model, new: models.Model, *, keep: Collection[str]) -> None:
    for column in old._meta.concrete_fields:
        if column.attname not in keep and column.name not in keep:
            setattr(new, column.attname, getattr(old, column.attname))
