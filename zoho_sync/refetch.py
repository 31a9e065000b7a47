"""Fetch one record from Zoho by its id: what a webhook left open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from zoho_sync import client
from zoho_sync.entities import Entity, modified_at
from zoho_sync.errors import GoneFromZoho
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Priority


def is_configured() -> bool:
    """Whether a Zoho client can be used at all."""
    return client.is_configured()


def fetch_record(
    entity: Entity,
    zoho_id: str,
    *,
    priority: Priority = Priority.WEBHOOK,
    now: Callable[[], datetime] = timezone.now,
) -> Observation:
    """The record as Zoho has it now, or that it is gone (404/1002). One API call, never inside a transaction.

    Raises what the client raises: OrganisationMustWait, TemporaryError, PermanentError.
    """
    asked_at = now()
    try:
        payload = client.fetch_one(entity, zoho_id, priority)
    except GoneFromZoho:
        return Observation(zoho_id=zoho_id, kind=Kind.GONE, observed_at=asked_at, confirmed=True)
    return Observation(
        zoho_id=zoho_id,
        kind=Kind.DETAIL,
        payload=payload,
        modified_at=modified_at(entity, payload),
        observed_at=asked_at,
    )
