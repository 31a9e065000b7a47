"""The ends of alerts that others raise where their cause shows: who raises them does not see it go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from zoho_sync import alerts
from zoho_sync.models import Alert, DeadLetter, ErrorGroup, InboxEvent
from zoho_sync.models.alerts import AlertQuerySet
from zoho_sync.models.dead_letters import UNRESOLVED
from zoho_sync.rulebook import Rule


def resolve_what_is_over(rules: Mapping[str, Rule], *, at: datetime) -> None:
    """Resolve alerts of dead letters and unreadable webhooks whose cause is gone."""
    _dead_letters(at=at)
    _invalid_payloads(rules["invalid_payload"], at=at)


def _dead_letters(*, at: datetime) -> None:
    """Over when no dead letter of the group is left, or when people have said that they know of it."""
    open_ones = Alert.objects.unresolved().filter(code="dead_letter")
    causes = {alert.cause for alert in open_ones}
    if not causes:
        return
    groups = ErrorGroup.objects.filter(fingerprint__in=causes).exclude(state=ErrorGroup.State.IGNORED)
    lasting = DeadLetter.objects.filter(group__in=groups, state__in=UNRESOLVED)
    still = set(lasting.values_list("group__fingerprint", flat=True).distinct())
    _resolve(open_ones, causes - still, at=at)


def _invalid_payloads(rule: Rule, *, at: datetime) -> None:
    """Over when the events of the address were replayed or discarded, or none came for the window."""
    open_ones = Alert.objects.unresolved().filter(code="invalid_payload")
    causes = {alert.cause for alert in open_ones}
    if not causes:
        return
    lately = Q(received_at__gt=at - rule.window) | Q(last_delivered_at__gt=at - rule.window)
    unread = InboxEvent.objects.filter(lately, state=InboxEvent.State.INVALID, path__in=causes)
    still = set(unread.order_by().values_list("path", flat=True).distinct())
    _resolve(open_ones, causes - still, at=at)


def _resolve(open_ones: AlertQuerySet, causes: set[str], *, at: datetime) -> None:
    if causes:
        code_and_causes = [f"{alert.code}:{alert.cause}" for alert in open_ones if alert.cause in causes]
        alerts.resolve(open_ones.filter(fingerprint__in=code_and_causes), at=at, resolution=alerts.OVER)
