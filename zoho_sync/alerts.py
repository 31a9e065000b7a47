"""Alerts: one open row per cause, counted while the cause lasts, told once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_noop

from zoho_sync import notifying
from zoho_sync.errors import BreakerOpen, LoginRefused, SyncError
from zoho_sync.models import Alert, ZohoConnection
from zoho_sync.models.alerts import AlertQuerySet
from zoho_sync.rulebook import Rule, find_rule
from zoho_sync.wording import in_english

OVER = gettext_noop("over by itself")
_RANK = {severity: rank for rank, severity in enumerate(Alert.Severity)}


def raise_alert(
    *,
    code: str,
    title: str,
    at: datetime,
    cause: str = "",
    detail: str = "",
    severity: Alert.Severity = Alert.Severity.WARNING,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Open an alert for `code` and `cause`, or count one more on the open one. Safe in a race.

    `title` and `detail` are English: message ids, where they are ours, into which `parameters` go (JSON;
    `wording.figure` and `wording.translated` make those that are said in the reader's language). One
    query while the alert is open. What is over for less than a cooldown is opened again and counts on.
    """
    title, detail = _storable(title), _storable(detail)
    fingerprint = fingerprint_of(code, cause)
    said = {
        "title": in_english(title, parameters)[:200],
        "detail": in_english(detail, parameters),
        "texts": {"title": title, "detail": detail, "parameters": dict(parameters)} if parameters else {},
    }
    lasting = Alert.objects.unresolved().filter(fingerprint=fingerprint)
    once_more = said | {"count": F("count") + 1, "last_seen_at": Greatest("last_seen_at", Value(at))}
    if lasting.filter(severity=severity).update(**once_more):
        return
    rule = find_rule(code)
    if not rule.is_enabled:
        return
    if rule.severity and not rule.definition.is_measured:
        severity = Alert.Severity(rule.severity)
    with transaction.atomic():
        known = lasting.select_for_update().first()
        if known is None:
            alert = _open_again(fingerprint, rule, once_more | {"severity": severity}, at=at)
            alert = alert or _open(fingerprint, code, said | {"severity": severity}, at=at)
        else:
            is_worse = _RANK[severity] > _RANK[Alert.Severity(known.severity)]
            lasting.update(severity=severity, **once_more)
            known.severity = severity
            alert = known if is_worse else None
        if alert is not None:
            notifying.queue_opened(alert, rule, at=at)
        elif known is None:  # another process opened it this very moment
            lasting.update(**once_more)


def fingerprint_of(code: str, cause: str) -> str:
    """What tells an alert from all others."""
    return _storable(f"{code}:{cause}" if cause else code)[:200]


def _open(fingerprint: str, code: str, values: Mapping[str, Any], *, at: datetime) -> Alert | None:
    """A new alert; None when there is one."""
    try:
        with transaction.atomic():
            return Alert.objects.create(fingerprint=fingerprint, code=code, first_seen_at=at, last_seen_at=at, **values)
    except IntegrityError:
        return None


def _open_again(fingerprint: str, rule: Rule, values: Mapping[str, Any], *, at: datetime) -> Alert | None:
    """The alert that was over lately, or that is snoozed still; None when there is none. It counts on."""
    last = Alert.objects.filter(fingerprint=fingerprint, state=Alert.State.RESOLVED).order_by("-id").first()
    if last is None or last.resolved_at is None:
        return None
    is_snoozed = last.snoozed_until is not None and last.snoozed_until > at
    if last.resolved_at <= at - rule.cooldown and not is_snoozed:
        return None
    try:
        with transaction.atomic():
            opened = Alert.objects.filter(pk=last.pk, state=Alert.State.RESOLVED).update(
                state=Alert.State.OPEN,
                acknowledged_at=None,
                acknowledged_by=None,
                resolved_at=None,
                resolved_by=None,
                resolution="",
                **values,
            )
    except IntegrityError:
        return None
    last.severity = values["severity"]
    return last if opened else None


def _storable(text: str) -> str:
    """What PostgreSQL takes, whatever an alert quotes."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


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
        title=gettext_noop("Zoho refuses the login"),
        detail=row.last_error,
        severity=Alert.Severity.CRITICAL,
        at=at,
    )
    areas = [area for area, told in row.forbidden.items() if at - datetime.fromisoformat(told["at"]) < RIGHTS_FORGOTTEN]
    _keep(
        "zoho_rights",
        bool(areas),
        title=gettext_noop("The Zoho login lacks a right"),
        detail=gettext_noop(
            "Zoho does not let it read: %(areas)s. Check ZOHO_ORGANIZATION_ID, and connect again with all scopes: "
            "`manage.py zoho_connect --code`."
        ),
        parameters={"areas": ", ".join(sorted(areas))},
        severity=Alert.Severity.CRITICAL,
        at=at,
    )
    _keep(
        "zoho_breaker",
        row.breaker_state != ZohoConnection.Breaker.CLOSED,
        title=gettext_noop("Zoho does not answer"),
        detail=gettext_noop("%(reason)s. It is tried again by itself."),
        parameters={"reason": row.breaker_reason},
        severity=Alert.Severity.WARNING,
        at=at,
    )


def _keep(
    code: str,
    lasts: bool,
    *,
    title: str,
    detail: str,
    severity: Alert.Severity,
    at: datetime,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    if lasts:
        raise_alert(code=code, title=title, detail=detail, severity=severity, parameters=parameters, at=at)
    else:
        resolve(Alert.objects.filter(fingerprint=code), at=at, resolution=OVER)


def acknowledge(alerts: AlertQuerySet, *, by: AbstractBaseUser, at: datetime) -> int:
    """Mark open alerts as seen by a person; how many."""
    return alerts.filter(state=Alert.State.OPEN).update(
        state=Alert.State.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by
    )


def snooze(alerts: AlertQuerySet, *, until: datetime, at: datetime) -> int:
    """Tell nobody of these alerts before `until`, and of those that still last again then; how many."""
    with transaction.atomic():
        chosen = list(alerts.unresolved().select_for_update(of=("self",)).order_by("pk"))
        Alert.objects.filter(pk__in=[alert.pk for alert in chosen]).update(snoozed_until=until)
        notifying.queue_reminders(chosen, until=until, at=at)
    return len(chosen)


def resolve(alerts: AlertQuerySet, *, at: datetime, by: AbstractBaseUser | None = None, resolution: str = "") -> int:
    """Close alerts, by a person or because the cause is gone, and tell who was told of them; how many."""
    if not alerts.unresolved().exists():
        return 0
    with transaction.atomic():
        chosen = list(alerts.unresolved().select_for_update(of=("self",)).order_by("pk"))
        Alert.objects.filter(pk__in=[alert.pk for alert in chosen]).update(
            state=Alert.State.RESOLVED, resolved_at=at, resolved_by=by, resolution=resolution
        )
        notifying.queue_resolved(chosen, at=at)
    return len(chosen)
