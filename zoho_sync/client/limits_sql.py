"""The one statement that admits a call: a slot, a turn in the minute, a count in the day; all of them or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.utils import timezone

from zoho_sync.models import ApiSlot, ApiUsage, ZohoConnection


@dataclass(frozen=True)
class Admitted:
    """What became of an attempt. `slot` is None when all were taken, the rest when the row did not allow it."""

    now_us: int
    slot: int | None = None
    paced_until_us: int | None = None
    breaker_state: str | None = None
    breaker_failures: int | None = None
    zoho_remaining: int | None = None


_PARTS = {
    "turn": "{greatest}(paced_until_us, {us})",
    "paced": """
        SET paced_until_us = {turn} + %(interval_us)s,
            calls_today = CASE WHEN calls_day IS NULL OR calls_day < %(day)s THEN 1 ELSE calls_today + 1 END,
            calls_day = CASE WHEN calls_day IS NULL OR calls_day < %(day)s THEN %(day)s ELSE calls_day END,
            zoho_remaining = CASE WHEN zoho_resets_at <= {moment} THEN NULL ELSE zoho_remaining - 1 END,
            breaker_since = CASE WHEN breaker_state = 'open' THEN {moment} ELSE breaker_since END,
            breaker_until = CASE WHEN breaker_state = 'closed' THEN breaker_until ELSE {probe_ends} END,
            breaker_state = CASE WHEN breaker_state = 'closed' THEN 'closed' ELSE 'half_open' END""",
    "conditions": """
        organization_id = %(organization_id)s
        AND outbound_paused_at IS NULL
        AND (blocked_until IS NULL OR blocked_until <= {moment})
        AND (breaker_state = 'closed' OR breaker_until IS NULL OR breaker_until <= {moment})
        AND (calls_day IS NULL OR calls_day < %(day)s OR calls_today < %(own_share)s)
        AND (zoho_remaining IS NULL OR zoho_resets_at IS NULL OR zoho_resets_at <= {moment}
             OR zoho_remaining * 100 > zoho_limit * %(kept_percent)s)
        AND {turn} - %(tolerance_us)s - {us} <= %(most_wait_us)s""",
    "told": "paced_until_us, breaker_state, breaker_failures, zoho_remaining",
    "free": "number < %(slots)s AND (expires_at IS NULL OR expires_at <= {moment}) ORDER BY number {order} LIMIT 1",
    "counted": "INSERT INTO {usage} (day, priority, calls, failed, limited, refused)",
    "again": "ON CONFLICT (day, priority) DO UPDATE SET calls = {usage}.calls + 1",
}
# A slot is chosen in a CTE of its own: as a sub-select the LIMIT might be worked out twice.
_POSTGRES = """
WITH clock AS MATERIALIZED (
    SELECT moment, floor(extract(epoch FROM moment) * 1000000)::bigint AS us
    FROM (SELECT coalesce(%(at)s::timestamptz, clock_timestamp()) AS moment) AS given
), free AS MATERIALIZED (
    SELECT {slot}.id FROM {slot}, clock WHERE {free} FOR UPDATE OF {slot} SKIP LOCKED
), taken AS (
    UPDATE {slot} SET token = %(token)s, expires_at = clock.moment + %(lease)s
    FROM free, clock WHERE {slot}.id = free.id RETURNING number
), paced AS (
    UPDATE {connection} {paced} FROM taken, clock WHERE {conditions} RETURNING {told}
), counted AS (
    {counted} SELECT %(day)s, %(priority)s, 1, 0, 0, 0 FROM paced {again}
)
SELECT clock.us, taken.number, {told} FROM clock LEFT JOIN taken ON true LEFT JOIN paced ON true
"""
_TAKE = """
UPDATE {slot} SET token = %(token)s, expires_at = %(lease_ends)s
WHERE number = (SELECT number FROM {slot} WHERE {free}) RETURNING number
"""
_PACE = "UPDATE {connection} {paced} WHERE {conditions} RETURNING {told}"
_INSERT = "{counted} VALUES (%(day)s, %(priority)s, 1, 0, 0, 0) {again}"
_IN_POSTGRES = {
    "greatest": "greatest",
    "moment": "clock.moment",
    "us": "clock.us",
    "probe_ends": "clock.moment + %(probe_lease)s",
}
_IN_SQLITE = {
    "greatest": "max",
    "moment": "%(moment)s",
    "us": "%(us)s",
    "probe_ends": "%(probe_ends)s",
}


def admit(values: Mapping[str, Any], *, at: datetime | None, last_first: bool) -> Admitted:
    """Try to admit one call. On SQLite the caller has begun a transaction; `at` None is the database's time.

    `last_first` takes the slot with the highest free number instead of the lowest.
    """
    if connection.vendor != "postgresql":
        return _admit_in_steps(values, last_first, at or timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_fill(_POSTGRES, last_first), {**values, "at": at})
        return Admitted(*cursor.fetchone())


def _admit_in_steps(values: Mapping[str, Any], last_first: bool, at: datetime) -> Admitted:
    stored = connection.ops.adapt_datetimefield_value
    now_us = int(at.timestamp() * 1_000_000)
    ends = {"lease_ends": stored(at + values["lease"]), "probe_ends": stored(at + values["probe_lease"])}
    values = {**values, **ends, "token": values["token"].hex, "moment": stored(at), "us": now_us}
    del values["lease"], values["probe_lease"]  # what SQLite does not know, Django's log of queries (DEBUG) cannot show
    with connection.cursor() as cursor:
        cursor.execute(_fill(_TAKE, last_first), values)
        taken = cursor.fetchone()
        if taken is None:
            return Admitted(now_us)
        cursor.execute(_fill(_PACE, last_first), values)
        paced = cursor.fetchone()
        if paced is None:
            return Admitted(now_us, taken[0])
        cursor.execute(_fill(_INSERT, last_first), values)
    return Admitted(now_us, taken[0], *paced)


@cache
def _fill(statement: str, last_first: bool) -> str:
    names = {
        "slot": ApiSlot._meta.db_table,
        "connection": ZohoConnection._meta.db_table,
        "usage": ApiUsage._meta.db_table,
        "order": "DESC" if last_first else "ASC",
        **(_IN_POSTGRES if connection.vendor == "postgresql" else _IN_SQLITE),
    }
    for name, part in _PARTS.items():
        names[name] = part.format(**names)
    return statement.format(**names)
