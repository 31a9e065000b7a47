"""The breaker: after too many failures in a row Zoho is left alone, then one call tries whether it is back.

Its state is shared (`ZohoConnection.breaker_*`) and changes by conditional UPDATEs, one for every step:

    closed ── FAILURES in a row ──► open ── its time is up: one probe (`limits.Limiter.enter`) ──► half open
       ▲                             ▲                                                                │
       └────────── success ──────────┼──────────────────────── the probe ─────────────────────────────┤
                                     └───────────────── failure: open for longer ─────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db.models import Case, DateTimeField, F, PositiveIntegerField, Q, QuerySet, Value, When

from zoho_sync.models import ZohoConnection

log = structlog.get_logger(__name__)

State = ZohoConnection.Breaker

FAILURES = 5
# Several openings fit into the patience of long work (`client.LONG_PATIENCE`): a probe that fails by chance
# after an outage must not end a pull. A call every 20 s harms nobody who is down.
OPEN_SECONDS, MOST_OPEN_SECONDS = 5, 20
_DOUBLINGS = 6
COUNT = PositiveIntegerField()


def open_seconds(openings: int) -> int:
    """How long the breaker stays open after so many openings in a row before this one. Pure."""
    return min(OPEN_SECONDS << min(openings, _DOUBLINGS), MOST_OPEN_SECONDS)


class Breaker:
    """The breaker of one organisation."""

    def __init__(self, connections: QuerySet[ZohoConnection], now: Callable[[], datetime]) -> None:
        self._connections, self._now = connections, now

    def note_failure(self, reason: str, *, is_probe: bool) -> None:
        """A call was not answered, or not sensibly. What ordinary calls meet while it is open changes nothing."""
        now = self._now()
        opens = Q(breaker_state=State.HALF_OPEN) | Q(breaker_failures__gte=FAILURES - 1)
        self._connections.filter(breaker_state=State.HALF_OPEN if is_probe else State.CLOSED).update(
            breaker_failures=F("breaker_failures") + 1,
            breaker_openings=F("breaker_openings") + Case(When(opens, then=1), default=0, output_field=COUNT),
            breaker_state=Case(When(opens, then=Value(State.OPEN)), default=F("breaker_state")),
            breaker_since=Case(When(opens, then=Value(now)), default=F("breaker_since"), output_field=DateTimeField()),
            breaker_until=Case(When(opens, then=_reopening(now)), default=F("breaker_until")),
            breaker_reason=reason[:300],
        )
        row = self._connections.first()
        if row and row.breaker_state == State.OPEN:
            log.error("zoho_breaker_open", reason=reason, until=row.breaker_until, openings=row.breaker_openings)

    def note_success(self, *, is_probe: bool) -> None:
        """A call was answered; the probe's answer closes the breaker."""
        if not is_probe:
            self._connections.filter(breaker_state=State.CLOSED, breaker_failures__gt=0).update(breaker_failures=0)
        elif self._close(breaker_state=State.HALF_OPEN):
            log.warning("zoho_breaker_closed")

    def abandon_probe(self) -> None:
        """The probe was not sent: the next call may be one."""
        self._connections.filter(breaker_state=State.HALF_OPEN).update(
            breaker_state=State.OPEN, breaker_until=self._now()
        )

    def _close(self, **condition: str) -> int:
        return close_breaker(self._connections.filter(**condition), at=self._now())


def close_breaker(connections: QuerySet[ZohoConnection], *, at: datetime) -> int:
    """Close it whatever it was waiting for; how many rows it was open in."""
    return connections.exclude(breaker_state=State.CLOSED).update(
        breaker_state=State.CLOSED,
        breaker_since=at,
        breaker_until=None,
        breaker_failures=0,
        breaker_openings=0,
        breaker_reason="",
    )


def _reopening(now: datetime) -> Case:
    """The end of the opening that begins now, by how many there were before it."""
    return Case(
        *(
            When(breaker_openings=openings, then=Value(now + timedelta(seconds=open_seconds(openings))))
            for openings in range(_DOUBLINGS)
        ),
        default=Value(now + timedelta(seconds=MOST_OPEN_SECONDS)),
        output_field=DateTimeField(),
    )
