"""What a message says: short, in the language of the installation and then in the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tsh_erp.redaction import hide_secrets
from zoho_sync.models import Alert, AlertDelivery
from zoho_sync.wording import shown_detail, shown_title

Kind = AlertDelivery.Kind
LONGEST_DETAIL = 700
MARKS = {Alert.Severity.CRITICAL: "🔴", Alert.Severity.WARNING: "🟠", Alert.Severity.INFO: "🔵"}
# Slack reads <!channel> and <http://…|text> as commands, and alerts may quote what others have written.
_HARMLESS = str.maketrans({"<": "‹", ">": "›"})


@dataclass(frozen=True, kw_only=True)
class Message:
    """One line for a subject, a text for people, and `fields` (JSON) for programs."""

    subject: str
    text: str
    fields: Mapping[str, Any]


def compose(delivery: AlertDelivery) -> Message:
    """What this delivery says of its alert as it is now."""
    alert = delivery.alert
    fields = {"delivery": delivery.pk, "kind": delivery.kind, "app": settings.APP_NAME}
    if alert is None:
        text = _in_each_language(lambda: _("This is a test: alerts reach you here."))
        return Message(subject=f"{settings.APP_NAME}: {_one_line(text)}", text=text, fields=fields)
    said = _in_each_language(lambda: _said(alert, delivery.kind))
    address = alert_address(alert)
    return Message(
        subject=_one_line(f"{settings.APP_NAME}: {said}"),
        text="\n\n".join(part for part in (said, address) if part),
        fields=fields | _facts(alert) | ({"url": address} if address else {}),
    )


def alert_address(alert: Alert) -> str:
    """The alert's page, where it is known under which address people reach us; else ""."""
    origin = next((one for one in settings.CSRF_TRUSTED_ORIGINS if "*" not in one), "")
    return f"{origin.rstrip('/')}{reverse('admin:zoho_sync_alert_change', args=[alert.pk])}" if origin else ""


def _said(alert: Alert, kind: str) -> str:
    title = hide_secrets(shown_title(alert))
    if kind == Kind.RESOLVED:
        since = _local(alert.first_seen_at)
        return f"✅ {_('Over')}: {title}\n{_('It began at %(moment)s.') % {'moment': since}}".translate(_HARMLESS)
    detail = hide_secrets(shown_detail(alert))[:LONGEST_DETAIL]
    severity = alert.get_severity_display()
    return "\n".join(filter(None, (f"{MARKS[Alert.Severity(alert.severity)]} {severity}: {title}", detail))).translate(
        _HARMLESS
    )


def _facts(alert: Alert) -> dict[str, Any]:
    """For programs: stable words, English texts, times in UTC."""
    return {
        "alert": alert.pk,
        "code": alert.code,
        "cause": alert.cause,
        "severity": alert.severity,
        "state": alert.state,
        "title": hide_secrets(alert.title),
        "detail": hide_secrets(alert.detail)[:LONGEST_DETAIL],
        "count": alert.count,
        "first_seen_at": alert.first_seen_at.isoformat(),
        "last_seen_at": alert.last_seen_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
    }


def _in_each_language(say: Any) -> str:
    """The installation's own language first; a language that says the same again is left out."""
    codes = [settings.LANGUAGE_CODE, *(code for code, _name in settings.LANGUAGES)]
    said: list[str] = []
    for code in dict.fromkeys(codes):
        with translation.override(code):
            text = str(say())
        if text not in said:
            said.append(text)
    return "\n\n".join(said)


def _local(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")


def _one_line(text: str) -> str:
    line = " ".join(text.split("\n", 1)[0].split())
    return line if len(line) <= 150 else line[:149] + "…"
