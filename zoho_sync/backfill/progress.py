"""How far the back-fill is, for every module."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.conf import settings
from django.db.models import Count, Max, Min, Q

from zoho_sync.backfill.worklist import entities_with_details
from zoho_sync.client.limits import SHARES
from zoho_sync.client.reading import DETAILS_AT_ONCE
from zoho_sync.entities import Entity
from zoho_sync.models import Priority, ZohoRecord


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The records of one module that Zoho still has: with their detail, never fetched, fetched before the last change.

    `oldest` and `newest` are the modification times of those to be fetched. `days` is how long these
    take if the back-fill has its whole share of every day to itself.
    """

    entity: Entity
    total: int
    missing: int
    stale: int
    oldest: datetime | None
    newest: datetime | None
    days: float

    @property
    def to_fetch(self) -> int:
        return self.missing + self.stale

    @property
    def with_detail(self) -> int:
        return self.total - self.to_fetch


def calls_a_day() -> int:
    """How many calls of a day the back-fill may make when nobody else makes any."""
    return max(1, settings.ZOHO_REQUESTS_PER_DAY * SHARES[Priority.BACKFILL] // 100)


def progress() -> list[Progress]:
    """Every module whose lists leave something out, parents first. One query."""
    entities = entities_with_details()
    missing = Q(detail_at__isnull=True)
    stale = Q(detail_at__isnull=False, detail_stale=True)
    rows = (
        ZohoRecord.objects.present()
        .filter(module__in=[entity.module for entity in entities])
        .order_by()
        .values("module")
        .annotate(
            total=Count("pk"),
            missing=Count("pk", filter=missing),
            stale=Count("pk", filter=stale),
            oldest=Min("modified_at", filter=missing | stale),
            newest=Max("modified_at", filter=missing | stale),
        )
        .values_list("module", "total", "missing", "stale", "oldest", "newest")
    )
    counted = {module: counts for module, *counts in rows}
    return [_progress(entity, *counted.get(entity.module, ())) for entity in entities]


def _progress(
    entity: Entity,
    total: int = 0,
    missing: int = 0,
    stale: int = 0,
    oldest: datetime | None = None,
    newest: datetime | None = None,
) -> Progress:
    days = _days(entity, missing + stale)
    return Progress(entity=entity, total=total, missing=missing, stale=stale, oldest=oldest, newest=newest, days=days)


def _days(entity: Entity, records: int) -> float:
    calls = ceil(records / DETAILS_AT_ONCE) if entity.module == "item" else records
    return calls / calls_a_day()
