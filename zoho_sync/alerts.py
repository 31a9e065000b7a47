"""Alerts: one open row per cause, counted while the cause lasts."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection

from zoho_sync.models import Alert
from zoho_sync.models.alerts import AlertQuerySet

_RAISE = """
INSERT INTO {table} (fingerprint, code, severity, title, detail, state, count, first_seen_at, last_seen_at, resolution)
VALUES (%s, %s, %s, %s, %s, 'open', 1, %s, %s, '')
ON CONFLICT (fingerprint) WHERE state IN ('open', 'acknowledged') DO UPDATE SET
    count = {table}.count + 1, last_seen_at = excluded.last_seen_at, detail = excluded.detail,
    severity = excluded.severity
"""


def raise_alert(
    *,
    code: str,
    title: str,
    at: datetime,
    cause: str = "",
    detail: str = "",
    severity: Alert.Severity = Alert.Severity.WARNING,
) -> None:
    """Open an alert for `code` and `cause`, or count one more on the open one. One statement, safe in a race."""
    stored = connection.ops.adapt_datetimefield_value(at)
    fingerprint = f"{code}:{cause}" if cause else code
    with connection.cursor() as cursor:
        cursor.execute(
            _RAISE.format(table=Alert._meta.db_table),
            [fingerprint[:200], code, severity, title[:200], detail, stored, stored],
        )


def acknowledge(alerts: AlertQuerySet, *, by: AbstractBaseUser, at: datetime) -> int:
    """Mark open alerts as seen by a person; how many."""
    return alerts.filter(state=Alert.State.OPEN).update(
        state=Alert.State.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by
    )


def resolve(alerts: AlertQuerySet, *, at: datetime, by: AbstractBaseUser | None = None, resolution: str = "") -> int:
    """Close alerts, by a person or because the cause is gone; how many."""
    return alerts.unresolved().update(state=Alert.State.RESOLVED, resolved_at=at, resolved_by=by, resolution=resolution)
