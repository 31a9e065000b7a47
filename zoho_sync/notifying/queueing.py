"""Decide who is told what and when, and write it down. Everything here runs in the transaction that it tells of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction

from tsh_erp.jobs.ring import ring
from zoho_sync.models import Alert, AlertDelivery, AlertRule
from zoho_sync.notifying.channels import configured_channels
from zoho_sync.rulebook import Rule, rule_for

Channel, Kind, State = AlertDelivery.Channel, AlertDelivery.Kind, AlertDelivery.State

SEND = "zoho_sync.tasks.send_alert_messages"


@dataclass
class _Told:
    """What one channel has heard of one alert, and is about to hear."""

    alert: Alert
    channel: str
    last_sent: AlertDelivery | None = None
    begun_at: datetime | None = None
    pending: dict[str, AlertDelivery] = field(default_factory=dict)

    @property
    def believes_it_lasts(self) -> bool:
        return self.last_sent is not None and self.last_sent.kind == Kind.OPENED

    def note(self, row: AlertDelivery) -> None:
        if row.state == State.PENDING:
            self.pending[row.kind] = row
        else:
            self.last_sent = row
            self.begun_at = row.settled_at if row.kind == Kind.OPENED else self.begun_at

    def message(self, kind: AlertDelivery.Kind, *, at: datetime, due: datetime) -> AlertDelivery:
        return new_message(self.alert, self.channel, kind, at=at, due=due)


def queue_opened(alert: Alert, rule: Rule, *, at: datetime) -> None:
    """The alert has begun, begun again, or become worse: tell those who do not know.

    Who was told of its end hears of the next beginning only when a cooldown has passed since the last
    one, and if it still lasts then; so an alert that flaps is one message each way in that time.
    """
    wanted = [channel for channel in rule.channels(alert) if channel in configured_channels()]
    if not wanted:
        return
    known = _heard([alert])
    needless, new = [], []
    for channel in wanted:
        told = known.get((alert.pk, channel)) or _Told(alert, channel)
        end = told.pending.get(Kind.RESOLVED)
        if end is not None and not end.attempts:  # nobody has heard of it
            needless.append(end)
            end = None
        if Kind.OPENED in told.pending or (told.believes_it_lasts and end is None):
            continue
        due = max(at, min(told.begun_at, at) + rule.cooldown) if told.begun_at else at
        new.append(told.message(Kind.OPENED, at=at, due=due))
    _drop(needless, at=at)
    _write(new)


def queue_resolved(alerts: Sequence[Alert], *, at: datetime) -> None:
    """These alerts are over: tell those who have heard of them, or may have. Who has not hears nothing."""
    needless, new = [], []
    for told in _heard(alerts).values():
        beginning = told.pending.get(Kind.OPENED)
        if beginning is not None:
            needless.append(beginning)
        if told.believes_it_lasts or (beginning is not None and beginning.attempts):
            new.append(told.message(Kind.RESOLVED, at=at, due=at))
    _drop(needless, at=at)
    _write(new)


def queue_reminders(alerts: Sequence[Alert], *, until: datetime, at: datetime) -> None:
    """These alerts are snoozed: say so again when that ends, to whom it was said before, if they still last."""
    waiting, new = [], []
    for told in _heard(alerts).values():
        if beginning := told.pending.get(Kind.OPENED):
            waiting.append(beginning.pk)
        elif told.believes_it_lasts:
            new.append(told.message(Kind.OPENED, at=at, due=until))
    AlertDelivery.objects.pending().filter(pk__in=waiting).update(next_attempt_at=until, scheduled_at=at)
    _write(new)


def held_until(alert: Alert, rule: Rule, *, at: datetime) -> datetime:
    """When this may be told: not while the alert is snoozed, nor in quiet hours; `at` when it may now."""
    if alert.snoozed_until is not None and alert.snoozed_until > at:
        return alert.snoozed_until
    return rule.quiet_until_after(at)


def rules_of(alerts: Iterable[Alert]) -> dict[str, Rule]:
    """The rules of these alerts, by code. One query."""
    codes = {alert.code for alert in alerts}
    rows = {row.code: row for row in AlertRule.objects.filter(code__in=sorted(codes))}
    return {code: rule_for(code, rows.get(code)) for code in codes}


def new_message(alert: Alert | None, channel: str, kind: str, *, at: datetime, due: datetime) -> AlertDelivery:
    return AlertDelivery(alert=alert, channel=channel, kind=kind, created_at=at, scheduled_at=at, next_attempt_at=due)


def _heard(alerts: Sequence[Alert]) -> dict[tuple[int, str], _Told]:
    """What every channel that was told anything knows, by alert and channel. One query."""
    by_key = {alert.pk: alert for alert in alerts}
    rows = AlertDelivery.objects.filter(alert__in=list(by_key), state__in=[State.PENDING, State.SENT])
    known: dict[tuple[int, str], _Told] = {}
    for row in rows.order_by("id"):
        if row.alert_id is not None:
            alert = by_key[row.alert_id]
            known.setdefault((alert.pk, row.channel), _Told(alert, row.channel)).note(row)
    return known


def _drop(rows: Sequence[AlertDelivery], *, at: datetime) -> None:
    AlertDelivery.objects.pending().filter(pk__in=[row.pk for row in rows]).update(
        state=State.DROPPED, settled_at=at, next_attempt_at=None
    )


def _write(rows: Sequence[AlertDelivery]) -> None:
    if rows:
        AlertDelivery.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(partial(ring, SEND, at_most=1), robust=True)
