"""What we are told of a Zoho record, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from zoho_sync.models import InboxEvent

# A webhook that tells of a change later than its own arrival has a wrong time; clocks differ by less than this.
CLOCKS_DIFFER = timedelta(minutes=10)
MISDATED = "taken, but its modification time is wrong: later than its arrival or than Zoho's own record"


class Kind(Enum):
    """How much an observation says.

    DETAIL: a record fetched by its id; it replaces what we knew. LIST: a row of a list; it
    overlays, except the keys that only a detail has. WEBHOOK: whatever Zoho was configured to
    send; each key it carries overlays. GONE: Zoho says, or is said, to have it no more.
    """

    DETAIL = "detail"
    LIST = "list"
    WEBHOOK = "webhook"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What we were told of one record at one moment.

    `payload` is Zoho's JSON object with fractions as Decimal; `modified_at` its
    `last_modified_time`, if it has one; `observed_at` when the webhook arrived or the request was
    sent. `confirmed` marks a GONE that Zoho answered itself. `hints` are keys to use where neither
    payload nor mirror has them. `event` is the inbox event it came in.
    """

    zoho_id: str
    kind: Kind
    observed_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    modified_at: datetime | None = None
    confirmed: bool = False
    hints: Mapping[str, str] = field(default_factory=dict)
    event: int | None = None

    @property
    def time(self) -> datetime | None:
        """`modified_at` where it can be believed: a webhook cannot tell of a change that comes after it."""
        if self.modified_at and self.kind in (Kind.WEBHOOK, Kind.GONE):
            return self.modified_at if self.modified_at <= self.observed_at + CLOCKS_DIFFER else None
        return self.modified_at


class Verdict(Enum):
    """What became of one observation; its value is the state of its inbox event."""

    APPLIED = InboxEvent.State.APPLIED
    UNCHANGED = InboxEvent.State.UNCHANGED
    STALE = InboxEvent.State.STALE
    SUPERSEDED = InboxEvent.State.SUPERSEDED


@dataclass(frozen=True, slots=True)
class Judged:
    """An observation with its verdict; `successor` overtook it, `reason` says why it was refused."""

    observation: Observation
    verdict: Verdict
    reason: str = ""
    successor: Observation | None = None
