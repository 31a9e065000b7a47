"""How every mirrored row of this app is saved and retired: in batches, with its parts and its events.

The number of queries does not depend on the number of values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from commerce.services.parts import Part, replace_part
from commerce.services.rows import Known, build, columns_of, find_known
from tsh_erp.common.models import MirroredModel
from tsh_erp.common.upsert import Saved, Upserted, upsert
from tsh_erp.events.publish import DomainEvent, publish

M = TypeVar("M", bound=MirroredModel)
Derive = Callable[[Any], Mapping[str, Any]]


def save_mirrored(
    model: type[M],
    values: Sequence[Any],
    *,
    at: datetime,
    parts: Sequence[Part] = (),
    derive: Derive | None = None,
) -> Saved:
    """Insert or update the rows of `values` (all of one class) with their parts; raise created and updated events.

    `derive` answers more columns for one value, always the same ones. MissingParent when a row
    that one of them must have is not here; then nothing of the batch may be kept.
    """
    if not values:
        return Saved()
    latest = list({one.zoho_id: one for one in values}.values())
    known = find_known([(model, latest), *((part.model, part.values_of(latest)) for part in parts)])
    upserted = write_rows(model, latest, known, derive)
    touched: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for zoho_id in replace_part(part, upserted.rows, latest, known):
            touched[zoho_id].add(part.name)
    return publish_changes(model, upserted, touched, at=at)


def write_rows(model: type[M], values: Sequence[Any], known: Known, derive: Derive | None = None) -> Upserted[M]:
    """Insert or update the rows of `values` without their parts. Three queries."""
    derived = [dict(derive(one)) if derive else {} for one in values]
    rows = [
        build(model, one, known, child=f"{model._meta.label_lower} {one.zoho_id}", **more)
        for one, more in zip(values, derived, strict=True)
    ]
    return upsert(model, rows, fields=[*columns_of(model, values[0]).owned, *derived[0]])


def publish_changes(model: type[M], upserted: Upserted[M], touched: Mapping[str, set[str]], *, at: datetime) -> Saved:
    """Raise the events of an upsert; `touched` are names of parts that changed, by Zoho id. One query."""
    changed: dict[str, set[str]] = defaultdict(set)
    for zoho_id, columns in upserted.changed.items():
        changed[zoho_id] |= {model._meta.get_field(column).name for column in columns}
    for zoho_id, parts in touched.items():
        changed[zoho_id] |= parts
    for zoho_id in upserted.created:
        changed.pop(zoho_id, None)
    publish(
        [
            *(_event(model, "created", upserted.rows[zoho_id].pk, zoho_id) for zoho_id in sorted(upserted.created)),
            *(
                _event(model, "updated", upserted.rows[zoho_id].pk, zoho_id, fields=sorted(changed[zoho_id]))
                for zoho_id in sorted(changed)
            ),
        ],
        at=at,
    )
    unchanged = upserted.rows.keys() - upserted.created - changed.keys()
    return Saved(upserted.created, frozenset(changed), frozenset(unchanged))


def retire_mirrored(model: type[MirroredModel], zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark rows as gone in Zoho and raise their events; how many were alive until now. Three queries."""
    alive = dict(
        model._default_manager.filter(zoho_id__in=zoho_ids, retired_at__isnull=True)
        .order_by("zoho_id")
        .select_for_update()
        .values_list("zoho_id", "pk")
    )
    if alive:
        model._default_manager.filter(pk__in=alive.values()).update(retired_at=at, updated_at=at)
        publish([_event(model, "retired", pk, zoho_id) for zoho_id, pk in alive.items()], at=at)
    return len(alive)


def publish_fields(row: MirroredModel, fields: Sequence[str], *, at: datetime) -> None:
    """Raise the updated event of one row that staff changed."""
    publish_edits([(row, fields)], at=at)


def publish_edits(edits: Iterable[tuple[MirroredModel, Sequence[str]]], *, at: datetime) -> None:
    """Raise the updated events of rows that staff changed, each with the columns that differ now. One query."""
    publish([_event(type(row), "updated", row.pk, row.zoho_id, fields=list(fields)) for row, fields in edits], at=at)


def _event(model: type[MirroredModel], what: str, pk: int, zoho_id: str | None, **data: Any) -> DomainEvent:
    label = model._meta.label_lower
    return DomainEvent(f"{label}.{what}", f"{label}:{pk}", {"zoho_id": zoho_id, **data})
