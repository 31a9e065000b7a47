"""How much of Zoho's limits is used: what the admin, the commands and the statistics show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from tsh_erp.common.together import Asked, Questions, ask, count_of, rows_of
from zoho_sync.client.limits import SHARES
from zoho_sync.models import ApiSlot, ApiUsage, Priority, ZohoConnection


@dataclass(frozen=True, kw_only=True)
class PriorityUsage:
    """The calls of a day for one priority, and at how many calls of all together it stops."""

    priority: Priority
    calls: int
    failed: int
    limited: int
    refused: int
    stops_at: int


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The limits now. `used` counts the calls of the local day; `zoho_*` is what Zoho itself said, if it did.

    `breaker_*` and `blocked_*` are empty while nothing keeps us from calling.
    """

    used: int
    limit: int
    by_priority: tuple[PriorityUsage, ...]
    zoho_limit: int | None
    zoho_remaining: int | None
    zoho_resets_at: datetime | None
    slots_used: int
    slots: int
    blocked_until: datetime | None
    blocked_reason: str
    breaker: ZohoConnection.Breaker
    breaker_since: datetime | None
    breaker_until: datetime | None
    breaker_reason: str


def read_usage(row: ZohoConnection, *, at: datetime) -> Usage:
    """What is used of the limits by the organisation of `row`. One query."""
    calls = ask_calls(at=at)
    ask(calls)
    return usage_of(row, calls.value, at=at)


@dataclass(frozen=True)
class Calls:
    """The calls of the local day by priority, and how many are under way."""

    counted: Mapping[str, ApiUsage]
    slots_used: int


def ask_calls(*, at: datetime) -> Asked[Calls]:
    counted = rows_of(ApiUsage.objects.filter(day=timezone.localdate(at)))
    slots = count_of(ApiSlot.objects.filter(expires_at__gt=at, number__lt=settings.ZOHO_MAX_CONCURRENT))
    return Questions(counted, slots, read=lambda: Calls({str(one.priority): one for one in counted.value}, slots.value))


def usage_of(row: ZohoConnection, calls: Calls, *, at: datetime) -> Usage:
    """What these calls are of the limits. No query."""
    is_told = row.zoho_resets_at is not None and row.zoho_resets_at > at
    is_blocked = row.blocked_until is not None and row.blocked_until > at
    return Usage(
        used=sum(one.calls for one in calls.counted.values()),
        limit=settings.ZOHO_REQUESTS_PER_DAY,
        by_priority=tuple(_of(priority, calls.counted.get(str(priority))) for priority in Priority),
        zoho_limit=row.zoho_limit if is_told else None,
        zoho_remaining=row.zoho_remaining if is_told else None,
        zoho_resets_at=row.zoho_resets_at if is_told else None,
        slots_used=calls.slots_used,
        slots=settings.ZOHO_MAX_CONCURRENT,
        blocked_until=row.blocked_until if is_blocked else None,
        blocked_reason=row.blocked_reason if is_blocked else "",
        breaker=ZohoConnection.Breaker(row.breaker_state),
        breaker_since=row.breaker_since,
        breaker_until=row.breaker_until,
        breaker_reason=row.breaker_reason,
    )


def _of(priority: Priority, counted: ApiUsage | None) -> PriorityUsage:
    return PriorityUsage(
        priority=priority,
        calls=counted.calls if counted else 0,
        failed=counted.failed if counted else 0,
        limited=counted.limited if counted else 0,
        refused=counted.refused if counted else 0,
        stops_at=settings.ZOHO_REQUESTS_PER_DAY * SHARES[priority] // 100,
    )
