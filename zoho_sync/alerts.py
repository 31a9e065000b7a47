"""Alerts: one open row per cause, counted while the cause lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection

from zoho_sync.errors import BreakerOpen, LoginRefused, SyncError
from zoho_sync.models import Alert, ZohoConnection
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


# A right that is missing is met again by the next pull; not met for so long, it has been given.
RIGHTS_FORGOTTEN = timedelta(hours=2)


def tell_of(error: SyncError, *, at: datetime) -> None:
    """What kept us from Zoho, if a person should know of it. Never inside a transaction that may fail."""
    if isinstance(error, LoginRefused | BreakerOpen):
        watch_connection(at=at)


def watch_connection(*, at: datetime) -> None:
    """Raise what the connection to Zoho suffers from by now, and resolve what is over."""
    rows = ZohoConnection.objects.filter(organization_id=settings.ZOHO_ORGANIZATION_ID)
    row = rows.defer("refresh_token", "access_token").first()
    if row is None:
        return
    _keep(
        "zoho_login",
        bool(row.refused_credentials),
        title="Zoho refuses the login",
        detail=row.last_error,
        severity=Alert.Severity.CRITICAL,
        at=at,
    )
    areas = [area for area, told in row.forbidden.items() if at - datetime.fromisoformat(told["at"]) < RIGHTS_FORGOTTEN]
    _keep(
        "zoho_rights",
        bool(areas),
        title="The Zoho login lacks a right",
        detail=f"Zoho does not let it read: {', '.join(sorted(areas))}. Check ZOHO_ORGANIZATION_ID, "
        "and connect again with all scopes: `manage.py zoho_connect --code`.",
        severity=Alert.Severity.CRITICAL,
        at=at,
    )
    _keep(
        "zoho_breaker",
        row.breaker_state != ZohoConnection.Breaker.CLOSED,
        title="Zoho does not answer",
        detail=f"{row.breaker_reason}. It is tried again by itself.",
        severity=Alert.Severity.WARNING,
        at=at,
    )


def _keep(code: str, lasts: bool, *, title: str, detail: str, severity: Alert.Severity, at: datetime) -> None:
    if lasts:
        raise_alert(code=code, title=title, detail=detail, severity=severity, at=at)
    else:
        resolve(Alert.objects.filter(fingerprint=code), at=at, resolution="over by itself")


def acknowledge(alerts: AlertQuerySet, *, by: AbstractBaseUser, at: datetime) -> int:
    """Mark open alerts as seen by a person; how many."""
    return alerts.filter(state=Alert.State.OPEN).update(
        state=Alert.State.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by
    )


def resolve(alerts: AlertQuerySet, *, at: datetime, by: AbstractBaseUser | None = None, resolution: str = "") -> int:
    """Close alerts, by a person or because the cause is gone; how many."""
    return alerts.unresolved().update(state=Alert.State.RESOLVED, resolved_at=at, resolved_by=by, resolution=resolution)
