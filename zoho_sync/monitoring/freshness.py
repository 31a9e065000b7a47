"""How new what we hold is: of each kind of record, how many there are, the newest change, and the last pulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from tsh_erp.common.together import Asked, Row
from zoho_sync.entities import ENTITIES
from zoho_sync.models import SyncRun, ZohoRecord
from zoho_sync.monitoring.backlog import CLOSED_SECONDS
from zoho_sync.monitoring.keeping import Kept, answer


@dataclass(frozen=True)
class ModuleState:
    """What we hold of one module, and its last pull."""

    module: str
    label: str
    by_state: dict[str, int]
    last_modified_at: datetime | None
    last_run: SyncRun | None
    freshness: Freshness


@dataclass(frozen=True)
class Freshness:
    """How new one module is here.

    `brought_at` is when the last pull that came to its end began: what had changed by then is here, but
    for records that are dead letters.
    `full_at` is the same of the last full pull. `newest_change_at` is Zoho's time of the newest change
    that we hold. `last_run` is the newest run of any kind.
    """

    module: str
    name: str
    label: str
    brought_at: datetime | None
    full_at: datetime | None
    newest_change_at: datetime | None
    last_run: SyncRun | None

    def age_seconds(self, at: datetime) -> float | None:
        """How old what we hold may be, as far as pulls go; None when the module was never pulled."""
        return max((at - self.brought_at).total_seconds(), 0.0) if self.brought_at else None


def freshness() -> list[Freshness]:
    """How new each module is. Two queries."""
    found = _newest()
    runs = SyncRun.objects.in_bulk([pk for row in found.values() for pk in row[:3] if pk])
    return [
        Freshness(
            module=entity.module,
            name=entity.name,
            label=str(entity.label),
            brought_at=runs[brought].started_at if brought in runs else None,
            full_at=runs[full].started_at if full in runs else None,
            newest_change_at=changed,
            last_run=runs.get(last),
        )
        for entity in ENTITIES
        for last, brought, full, changed in [found[entity.module]]
    ]


def module_states() -> list[ModuleState]:
    """What the mirror holds of each module. Three queries."""
    records = answer(ask_records())
    return states_of(records)


def states_of(records: Mapping[str, dict[str, int]]) -> list[ModuleState]:
    """The same, when it is known already how many records of each module there are by state. Two queries."""
    return [
        ModuleState(one.module, one.label, records.get(one.module, {}), one.newest_change_at, one.last_run, one)
        for one in freshness()
    ]


def ask_records() -> Asked[dict[str, dict[str, int]]]:
    """How many records the mirror holds, by module and state."""
    rows = ZohoRecord.objects.values_list("module", "state").annotate(Count("id")).order_by()

    def read(found: list[Row]) -> dict[str, dict[str, int]]:
        counts: dict[str, dict[str, int]] = {}
        for module, state, records in found:
            counts.setdefault(module, {})[state] = records
        return counts

    return Kept(
        "mirror",
        rows,
        read,
        counted=lambda counts: sum(sum(one.values()) for one in counts.values()),
        seconds=CLOSED_SECONDS,
    )


def _newest() -> dict[str, tuple[Any, ...]]:
    """By module: its newest run, its newest pull and full pull that ended well, its newest change.

    One look into an index for each; grouping would read every run and every record.
    """
    names = {model: connection.ops.quote_name(model._meta.db_table) for model in (SyncRun, ZohoRecord)}
    modules = [entity.module for entity in ENTITIES]
    statement = f"""
        SELECT m.column1,
            (SELECT id FROM {names[SyncRun]} r WHERE r.module = m.column1 ORDER BY id DESC LIMIT 1),
            (SELECT id FROM {names[SyncRun]} r WHERE r.module = m.column1 AND r.status IN (%s, %s) AND r.kind = %s
             ORDER BY id DESC LIMIT 1),
            (SELECT id FROM {names[SyncRun]} r WHERE r.module = m.column1 AND r.status IN (%s, %s) AND r.kind = %s
             AND r.mode = %s ORDER BY id DESC LIMIT 1),
            (SELECT max(z.modified_at) FROM {names[ZohoRecord]} z WHERE z.module = m.column1)
        FROM (VALUES {", ".join(["(%s)"] * len(modules))}) AS m
    """  # noqa: S608 - names from the models
    with connection.cursor() as cursor:
        pulled = (SyncRun.Status.COMPLETED, SyncRun.Status.PARTIAL, SyncRun.Kind.PULL)
        cursor.execute(statement, [*pulled, *pulled, SyncRun.Mode.FULL, *modules])
        return {module: (*keys, _moment(changed)) for module, *keys, changed in cursor.fetchall()}


def _moment(value: Any) -> datetime | None:
    """SQLite answers with text."""
    column: Any = ZohoRecord._meta.get_field("modified_at")
    for convert in connection.ops.get_db_converters(column.get_col("z")):
        value = convert(value, None, connection)
    return value  # type: ignore[no-any-return]
