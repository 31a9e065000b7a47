"""Send what is due. Not in a transaction: channels are other people's machines.

A message is claimed by moving its next attempt away, so that two senders never send the same one; who
dies meanwhile leaves it to be sent again, for which its `delivery` number is there. After a failure
the channel is left alone until the next time, so that a dead one costs one wait and not one for each message.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import F

from zoho_sync.models import Alert, AlertDelivery
from zoho_sync.notifying.channels import ChannelError, configured_channels, deliver
from zoho_sync.notifying.messages import compose
from zoho_sync.notifying.queueing import held_until, new_message, rules_of

log = structlog.get_logger(__name__)

Kind, State = AlertDelivery.Kind, AlertDelivery.State

MOST_ATTEMPTS = 20  # in half a day
BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 30, 3600
# Longer than a message can take; then it is sent again.
CLAIM = timedelta(minutes=2)
MOST_SECONDS = 30.0
NOT_CONFIGURED = "the channel is not configured"


@dataclass(frozen=True)
class Sent:
    """How many messages were taken, and how many were not (they are tried again, or given up)."""

    sent: int
    failed: int


def send_due(*, at: datetime) -> Sent:
    """Send the messages that are due at `at`, in order, for at most half a minute. No channel makes it raise."""
    _drop_unconfigured(at=at)
    until = time.monotonic() + MOST_SECONDS
    sent = failed = 0
    for channel in configured_channels():
        while time.monotonic() < until:
            row = _claim_next(channel, at=at)
            if row is None:
                break
            if not _send(row, at=at):
                failed += 1
                break
            sent += 1
    return Sent(sent, failed)


def send_tests(channels: Iterable[str], *, at: datetime) -> list[AlertDelivery]:
    """Send a test message to each channel, now and once; what became of them, `error` being "" where it was taken."""
    rows = [new_message(None, channel, Kind.TEST, at=at, due=at + CLAIM) for channel in channels]
    for row in rows:
        row.attempts = 1
        row.save()
        _send(row, at=at)
        row.refresh_from_db()
    return rows


def _claim_next(channel: str, *, at: datetime) -> AlertDelivery | None:
    """The next message that is to be sent now, for us alone. Those that are not to be sent are settled or put off."""
    while row := AlertDelivery.objects.due(at).filter(channel=channel).select_related("alert").first():
        seen = AlertDelivery.objects.pending().filter(pk=row.pk, attempts=row.attempts, scheduled_at=row.scheduled_at)
        if row.alert is not None:
            if row.kind == Kind.OPENED and row.alert.state == Alert.State.RESOLVED:
                seen.update(state=State.DROPPED, settled_at=at, next_attempt_at=None)
                continue
            held = held_until(row.alert, rules_of([row.alert])[row.alert.code], at=at)
            if held > at:
                seen.update(next_attempt_at=held, scheduled_at=at)
                continue
        if seen.update(attempts=F("attempts") + 1, next_attempt_at=at + CLAIM, scheduled_at=at):
            row.attempts += 1
            return row
    return None


def _send(row: AlertDelivery, *, at: datetime) -> bool:
    mine = AlertDelivery.objects.pending().filter(pk=row.pk, attempts=row.attempts)
    try:
        deliver(row.channel, compose(row))
    except ChannelError as error:
        gives_up = row.attempts >= MOST_ATTEMPTS or row.kind == Kind.TEST
        mine.update(
            state=State.FAILED if gives_up else State.PENDING,
            settled_at=at if gives_up else None,
            next_attempt_at=None if gives_up else at + back_off(row.attempts),
            error=str(error)[:300],
        )
        log.warning("alert_message_not_sent", channel=row.channel, message=row.pk, error=str(error), given_up=gives_up)
        return False
    mine.update(state=State.SENT, settled_at=at, next_attempt_at=None, error="")
    return True


def back_off(attempts: int) -> timedelta:
    """How long to leave a message alone that was tried so often. Pure."""
    return timedelta(seconds=min(LONGEST_BACK_OFF_SECONDS, BACK_OFF_SECONDS * 2 ** (attempts - 1)))


def _drop_unconfigured(*, at: datetime) -> None:
    AlertDelivery.objects.due(at).exclude(channel__in=configured_channels()).order_by().update(
        state=State.DROPPED, settled_at=at, next_attempt_at=None, error=NOT_CONFIGURED
    )
