"""Rows that belong to another row and are replaced with it as a whole: lines, allocations, people, addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

from commerce.services.rows import Known, build

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Part:
    """A collection of the values: its name there, the table of its rows and their foreign key to the owner."""

    name: str
    model: type[models.Model]
    owner: str

    def values_of(self, values: Sequence[Any]) -> list[Any]:
        """The members of this collection, over all `values`."""
        return [child for one in values for child in getattr(one, self.name) or ()]


def replace_part(part: Part, owners: Mapping[str, models.Model], values: Sequence[Any], known: Known) -> set[str]:
    """Make the stored rows those of `values`; the Zoho ids of the owners whose rows changed. Three queries.

    `owners` are the saved owners by Zoho id. Owners whose values do not state the collection
    (None) keep what they have; owners with the same rows as before are not written.
    """
    has_position = any(column.name == "position" for column in part.model._meta.concrete_fields)
    wanted: dict[int, list[models.Model]] = {}
    for one in values:
        children = getattr(one, part.name)
        if children is None:
            continue
        owner = owners[one.zoho_id]
        wanted[owner.pk] = [
            build(
                part.model,
                child,
                known,
                child=f"{owner._meta.label_lower} {one.zoho_id}",
                **{part.owner: owner},
                **({"position": number} if has_position else {}),
            )
            for number, child in enumerate(children, start=1)
        ]
    changed = _replace_rows(part.model, f"{part.owner}_id", wanted)
    return {zoho_id for zoho_id, owner in owners.items() if owner.pk in changed}


def _replace_rows(model: type[M], owner: str, wanted: Mapping[int, Sequence[M]]) -> set[int]:
    if not wanted:
        return set()
    stored: dict[int, list[M]] = defaultdict(list)
    for row in model._default_manager.filter(**{f"{owner}__in": sorted(wanted)}).order_by("pk"):
        stored[getattr(row, owner)].append(row)
    changed = {pk for pk, rows in wanted.items() if list(map(_content, rows)) != list(map(_content, stored[pk]))}
    if any(stored[pk] for pk in changed):
        model._default_manager.filter(**{f"{owner}__in": sorted(changed)}).delete()
    new = [row for pk in sorted(changed) for row in wanted[pk]]
    if new:
        model._default_manager.bulk_create(new)
    return changed


def _content(row: models.Model) -> tuple[Any, ...]:
    return tuple(getattr(row, column.attname) for column in row._meta.concrete_fields if not column.primary_key)
