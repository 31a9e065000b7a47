"""The whole records behind list rows: items a hundred at a time, everything else one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from zoho_sync.client import Client
from zoho_sync.entities import Entity, modified_at
from zoho_sync.errors import OrganisationMustWait, SyncError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.refetch import fetch_record


@dataclass
class Details:
    """What Zoho gave by Zoho id, what it did not and why, and the limit that cut the fetching short."""

    found: dict[str, Observation] = field(default_factory=dict)
    failed: dict[str, SyncError] = field(default_factory=dict)
    stopped_by: OrganisationMustWait | None = None


def fetch_details(zoho: Client, entity: Entity, zoho_ids: Sequence[str]) -> Details:
    """Fetch these records; one that cannot be fetched does not keep the others away."""
    details = Details()
    try:
        if entity.module == "item" and zoho_ids:
            _fetch_items(zoho, entity, zoho_ids, details)
        else:
            for zoho_id in zoho_ids:
                _fetch_one(entity, zoho_id, details)
    except OrganisationMustWait as error:
        details.stopped_by = error
    return details


def _fetch_one(entity: Entity, zoho_id: str, details: Details) -> None:
    try:
        details.found[zoho_id] = fetch_record(entity, zoho_id)
    except OrganisationMustWait:
        raise
    except SyncError as error:
        details.failed[zoho_id] = error


def _fetch_items(zoho: Client, entity: Entity, zoho_ids: Sequence[str], details: Details) -> None:
    asked_at = timezone.now()
    try:
        found, gone = zoho.fetch_items(zoho_ids)
    except OrganisationMustWait:
        raise
    except SyncError as error:
        details.failed |= dict.fromkeys(zoho_ids, error)
        return
    for zoho_id in gone:
        details.found[zoho_id] = Observation(zoho_id=zoho_id, kind=Kind.GONE, observed_at=asked_at, confirmed=True)
    for zoho_id, payload in found.items():
        try:
            details.found[zoho_id] = Observation(
                zoho_id=zoho_id,
                kind=Kind.DETAIL,
                payload=payload,
                modified_at=modified_at(entity, payload),
                observed_at=asked_at,
            )
        except SyncError as error:
            details.failed[zoho_id] = error
