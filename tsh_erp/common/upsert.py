"""Write many rows by their key in a constant number of queries, and say which really changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import models
from django.utils import timezone

from tsh_erp.common.sql import insert_new, update_from_values

M = TypeVar("M", bound=models.Model)
Derive = Callable[[M, frozenset[str]], frozenset[str]]


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


def new_row(model: type[M], columns: Mapping[str, Any]) -> M:
    """`model(**columns)`, given by column (`category_id`): Django takes values by position in half the time."""
    return model(*[columns[name] if name in columns else default() for name, default in _defaults(model)])


def upsert(
    model: type[M],
    rows: Iterable[M],
    *,
    fields: Sequence[str],
    key: str = "zoho_id",
    wake: bool = True,
    derive: Derive[M] | None = None,
) -> Upserted[M]:
    """Insert or update `rows` by `key`; only rows that differ in one of `fields` are written. One to three queries.

    `rows` are unsaved instances with distinct keys; `fields` are the attribute names (`category_id`
    for a foreign key) that the caller owns — all other columns of a stored row stay as they are.
    The answer's rows have primary keys; unwritten ones are the stored rows. Stored rows are locked and
    new ones inserted in key order, so that two writers never wait for each other crosswise: call it in
    a transaction.
    With `wake`, a retired row that is saved again is alive again.
    `derive` fills in columns that follow from others, in each stored row that is about to be written. It
    is told which columns changed, and answers which ones it changed.
    """
    wanted = {str(getattr(row, key)): row for row in rows}
    stored: dict[str, M] = {
        str(getattr(row, key)): row
        for row in model._default_manager.filter(**{f"{key}__in": list(wanted)})
        .order_by(key)
        .select_for_update(no_key=True)
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
    others = [column.attname for column in model._meta.concrete_fields if not {column.attname, column.name} & {*owned}]
    for name in changed:
        _copy_others(stored[name], wanted[name], names=others)
    written: set[str] = set().union(*changed.values())
    if derive:
        for name, columns in changed.items():
            written |= derive(wanted[name], columns)
    if created:
        insert_new(model, [wanted[name] for name in created], fields=[*owned, "updated_at"], key=[key])
    if changed:
        _update(model, [wanted[name] for name in changed], sorted(written))
    rows_now = {name: wanted[name] if name in changed or name not in stored else stored[name] for name in wanted}
    return Upserted(rows_now, frozenset(created), changed, {name: stored[name] for name in changed})


@cache
def _defaults(model: type[models.Model]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    return tuple((column.attname, column.get_default) for column in model._meta.concrete_fields)


def _update(model: type[M], rows: Sequence[M], fields: Sequence[str]) -> None:
    """Write only the columns that differ somewhere in the batch: that is much less than the whole rows."""
    now = timezone.now()
    for row in rows:
        row.updated_at = now  # type: ignore[attr-defined]
    columns = [*fields, "updated_at"]
    update_from_values(model, columns, [(row.pk, *(getattr(row, name) for name in columns)) for row in rows])


def _difference(old: models.Model, new: models.Model, fields: Collection[str]) -> frozenset[str]:
    before, after = old.__dict__, new.__dict__  # no descriptors: this is asked for every column of every row
    return frozenset([name for name in fields if before[name] != after[name]])


def _copy_others(old: models.Model, new: models.Model, *, names: Collection[str]) -> None:
    before, after = old.__dict__, new.__dict__
    for name in names:
        after[name] = before[name]
