"""The whole records behind list rows: items a hundred at a time, everything else one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from zoho_sync import stock
from zoho_sync.client import Client, Priority
from zoho_sync.entities import Entity
from zoho_sync.errors import OrganisationMustWait, PermanentError, SyncError
from zoho_sync.mirror import Observation
from zoho_sync.refetch import fetch_record

ITEMS_AT_ONCE = 100


@dataclass
class Details:
    """What Zoho gave by Zoho id, what it did not and why, and the limit that cut the fetching short."""

    found: dict[str, Observation] = field(default_factory=dict)
    failed: dict[str, SyncError] = field(default_factory=dict)
    stopped_by: OrganisationMustWait | None = None


def per_call(entity: Entity) -> int:
    """How many records one call fetches."""
    return ITEMS_AT_ONCE if entity.module == stock.MODULE else 1


def fetch_details(
    zoho: Client, entity: Entity, zoho_ids: Sequence[str], *, priority: Priority, beat: Callable[[], None]
) -> Details:
    """Fetch these records; one that cannot be fetched does not keep the others away.

    `beat` is called before each call, and what it raises is raised.
    """
    details = Details()
    try:
        if entity.module == stock.MODULE:
            for first in range(0, len(zoho_ids), ITEMS_AT_ONCE):
                _fetch_items(zoho, zoho_ids[first : first + ITEMS_AT_ONCE], details, beat)
        else:
            for zoho_id in zoho_ids:
                beat()
                _fetch_one(entity, zoho_id, details, priority)
    except OrganisationMustWait as error:
        details.stopped_by = error
    return details


def _fetch_one(entity: Entity, zoho_id: str, details: Details, priority: Priority) -> None:
    try:
        details.found[zoho_id] = fetch_record(entity, zoho_id, priority=priority)
    except OrganisationMustWait:
        raise
    except SyncError as error:
        details.failed[zoho_id] = error


def _fetch_items(zoho: Client, zoho_ids: Sequence[str], details: Details, beat: Callable[[], None]) -> None:
    def goes_on() -> bool:
        beat()
        return True

    try:
        answer = stock.fetch_details(zoho, zoho_ids, goes_on=goes_on)
    except PermanentError as error:
        details.failed |= dict.fromkeys(zoho_ids, error)
        return
    details.found |= answer.found
    details.failed |= answer.failed
