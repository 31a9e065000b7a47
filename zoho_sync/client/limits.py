"""Who may call Zoho, and when: so many calls a minute, a day and at once, for all processes and machines together.

Everything is agreed upon in rows that change by conditional UPDATEs. The minute is paced (GCRA, the
generic cell rate algorithm): `paced_until_us` moves on by one interval per call, and a call that comes
early waits until its turn. The day is a count, of which every priority may use its share. The calls
under way hold leased slots: a caller who is killed gives his back when the lease ends, or as soon as
somebody of the same machine misses it.

An admitted call costs one statement before it and one after it on PostgreSQL; on SQLite the first is a
short transaction of three. Whoever must wait, or is refused, costs one or two more. The time is the
database's on PostgreSQL, so that machines need not agree on it; SQLite has one machine.
"""

from __future__ import annotations

import os
import random
import socket
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tsh_erp.jobs.processes import is_gone
from zoho_sync.client import limits_sql as sql
from zoho_sync.client.breaker import Breaker, close_breaker
from zoho_sync.client.pace import MINUTE_US, SECOND_US, Pace
from zoho_sync.errors import BreakerOpen, LimitReached, OrganisationMustWait, QuotaSpent
from zoho_sync.models import ApiSlot, ApiUsage, Priority, ZohoConnection

log = structlog.get_logger(__name__)

# How much of the day each priority may use up; the last tenth is for webhooks alone.
SHARES = {
    Priority.WEBHOOK: 100,
    Priority.INCREMENTAL: 90,
    Priority.STOCK: 85,
    Priority.FULL: 80,
    Priority.BACKFILL: 70,
}
# A call ends within this time: waiting for its turn (`HOLD_SECONDS`) and the call (`http.MOST_SECONDS`, and one read).
LEASE = timedelta(seconds=120)
# Whoever tries whether Zoho is back and does not come back himself keeps the others out no longer than this;
# a second one who tries beside a slow first one does no harm.
PROBE_LEASE = timedelta(seconds=30)
HOLD_SECONDS = 20.0
# From this many slots on one is kept for webhooks.
SLOTS_TO_SHARE = 3
BUSY_SECONDS = 5.0
# Whoever finds all slots taken looks again so soon.
LOOK_SECONDS = (0.05, 0.15)
# Long work takes no turn further ahead than this, so that a webhook's fetch finds one within its patience
# (`client.SHORT_PATIENCE`) whoever else is waiting.
INTERVALS_AHEAD, LEAST_AHEAD, MOST_AHEAD = 3, 1.0, 3.0
# How long those who meet a probe wait: it is over in a moment as a rule, whatever its lease says.
PROBE_SECONDS = 1.0
# While all calls are paused, those who wait look again after this.
PAUSED_SECONDS = 60.0
# Zoho's count of the day is believed when it is lower than ours by more than what may be under way.
DOUBT = 10


class AllBusy(LimitReached):
    """Others are before us; it is worth looking again after `look_after` (least, most) seconds, by chance."""

    def __init__(self, message: str, *, retry_after: float, look_after: tuple[float, float] = LOOK_SECONDS) -> None:
        super().__init__(message, retry_after=retry_after)
        self.look_after = look_after


@dataclass(frozen=True, kw_only=True)
class Permit:
    """The right to make one call after `wait` seconds. `failures` and `remaining` are what the row said."""

    token: uuid.UUID
    wait: float
    is_probe: bool
    failures: int
    remaining: int | None


class Limiter:
    """Admits the calls of one organisation that have the same priority. Threads may share it."""

    def __init__(
        self, organization_id: str, priority: Priority, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        """`clock` replaces the database's time, for tests."""
        self.priority, self._clock = priority, clock
        self._connections = ZohoConnection.objects.filter(organization_id=organization_id)
        self._organization_id = organization_id
        self.breaker = Breaker(self._connections, self.now)

    def now(self) -> datetime:
        """The time that all agree on."""
        if self._clock:
            return self._clock()
        if connection.vendor != "postgresql":
            return timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
        return moment

    def enter(self, *, most_wait: float) -> Permit:
        """The right to call after at most `most_wait` seconds, or less for long work; `leave` must follow.

        Raises LimitReached (AllBusy when it is worth looking again soon), QuotaSpent or BreakerOpen with the time
        to wait.
        """
        token, most_wait = new_token(), min(most_wait, self._most_ahead)
        admitted = self._admit(token, most_wait=most_wait)
        if admitted.paced_until_us is None:
            if admitted.slot is not None:
                self._free(token)
            raise self._refusal(admitted, most_wait)
        pace = Pace.of(settings.ZOHO_REQUESTS_PER_MINUTE)
        turn_us = admitted.paced_until_us - pace.interval_us - pace.tolerance_us
        return Permit(
            token=token,
            wait=max(0, turn_us - admitted.now_us) / SECOND_US,
            is_probe=admitted.breaker_state == ZohoConnection.Breaker.HALF_OPEN,
            failures=admitted.breaker_failures or 0,
            remaining=admitted.zoho_remaining,
        )

    def check(self, permit: Permit) -> None:
        """After a wait: nobody has been told to stop meanwhile. Else the permit is given back and the reason raised."""
        error = self._stopped(self._connections.get(), self.now(), is_probe=permit.is_probe)
        if error:
            self.give_back(permit)
            raise error

    def leave(self, permit: Permit) -> None:
        """The call is over."""
        self._free(permit.token)

    def give_back(self, permit: Permit) -> None:
        """The call was not made."""
        self._free(permit.token)
        if permit.is_probe:
            self.breaker.abandon_probe()

    # --- what Zoho says -------------------------------------------------------------------------

    def block(self, seconds: float, reason: str) -> None:
        """Nobody calls for so long."""
        until = self.now() + timedelta(seconds=seconds)
        shorter = Q(blocked_until__isnull=True) | Q(blocked_until__lt=until)
        self._connections.filter(shorter).update(blocked_until=until, blocked_reason=reason[:300])
        log.warning("zoho_blocked", seconds=seconds, reason=reason)

    def spend_day(self, seconds: float, *, limit: int | None = None) -> None:
        """Zoho says that the day's calls are used up, and for how long."""
        self._connections.update(
            zoho_limit=limit or settings.ZOHO_REQUESTS_PER_DAY,
            zoho_remaining=0,
            zoho_resets_at=self.now() + timedelta(seconds=seconds),
        )
        log.warning("zoho_day_spent", seconds=seconds)

    def heed(self, permit: Permit, *, limit: int, remaining: int, resets_in: int) -> None:
        """What an answer told of the day; written down when it is news: others use up the same quota."""
        if permit.remaining is not None and remaining >= permit.remaining - DOUBT:
            return
        now = self.now()
        is_news = Q(zoho_resets_at__isnull=True) | Q(zoho_resets_at__lte=now) | Q(zoho_remaining__gt=remaining)
        self._connections.filter(is_news).update(
            zoho_limit=limit, zoho_remaining=remaining, zoho_resets_at=now + timedelta(seconds=resets_in)
        )

    def count(self, column: str) -> None:
        """One more call that `failed`, was `limited` by Zoho or was `refused` here."""
        usage, _ = ApiUsage.objects.get_or_create(day=_today(self.now()), priority=self.priority)
        ApiUsage.objects.filter(pk=usage.pk).update(**{column: F(column) + 1})

    # --- inside ---------------------------------------------------------------------------------

    def _admit(self, token: uuid.UUID, *, most_wait: float) -> sql.Admitted:
        pace, share = Pace.of(settings.ZOHO_REQUESTS_PER_MINUTE), SHARES[self.priority]
        slots = self._slots
        at = self._clock() if self._clock else None
        values: Mapping[str, Any] = {
            "organization_id": self._organization_id,
            "token": token,
            "lease": LEASE,
            "probe_lease": PROBE_LEASE,
            "slots": slots,
            "priority": int(self.priority),
            "day": _today(at),
            "own_share": settings.ZOHO_REQUESTS_PER_DAY * share // 100,
            "kept_percent": 100 - share,
            "interval_us": pace.interval_us,
            "tolerance_us": pace.tolerance_us,
            "most_wait_us": round(most_wait * SECOND_US),
        }
        last_first = self.priority == Priority.WEBHOOK
        if connection.vendor == "postgresql":
            return sql.admit(values, at=at, last_first=last_first)
        with transaction.atomic():
            return sql.admit(values, at=at, last_first=last_first)

    @property
    def _slots(self) -> int:
        """How many slots this priority may choose from; the last is kept for webhooks."""
        slots: int = settings.ZOHO_MAX_CONCURRENT
        return slots - 1 if slots >= SLOTS_TO_SHARE and self.priority != Priority.WEBHOOK else slots

    @property
    def _most_ahead(self) -> float:
        """How many seconds ahead this priority may take a turn."""
        if self.priority == Priority.WEBHOOK:
            return HOLD_SECONDS
        interval_us = Pace.of(settings.ZOHO_REQUESTS_PER_MINUTE).interval_us
        return min(max(INTERVALS_AHEAD * interval_us / SECOND_US, LEAST_AHEAD), MOST_AHEAD)

    def _free(self, token: uuid.UUID) -> None:
        ApiSlot.objects.filter(token=token).update(token=None, expires_at=None)

    def _free_dead(self) -> int:
        """Give back the slots of callers of this machine whose process is gone; how many."""
        taken = ApiSlot.objects.filter(token__isnull=False).values_list("token", flat=True)
        dead = [token for token in taken if token is not None and _is_of_the_dead(token)]
        return ApiSlot.objects.filter(token__in=dead).update(token=None, expires_at=None) if dead else 0

    def _refusal(self, admitted: sql.Admitted, most_wait: float) -> OrganisationMustWait:
        """Why the call was not admitted; what is missing in the tables is made."""
        row = self._connections.first()
        if row is None or ApiSlot.objects.count() < settings.ZOHO_MAX_CONCURRENT:
            self._make_rows()
            return AllBusy("the limits were being set up", retry_after=0)
        now = self.now()
        if error := self._stopped(row, now):
            return error
        if error := self._spent(row, now):
            self.count("refused")
            return error
        wait = self._wait(row, now)
        if admitted.slot is not None and wait > most_wait:
            why = f"our {settings.ZOHO_REQUESTS_PER_MINUTE} requests a minute are used up for now"
            early = wait - most_wait
            if self.priority == Priority.WEBHOOK or most_wait < self._most_ahead or early > HOLD_SECONDS:
                return LimitReached(why, retry_after=wait)
            interval = Pace.of(settings.ZOHO_REQUESTS_PER_MINUTE).interval_us / SECOND_US
            return AllBusy(why, retry_after=wait, look_after=(early, early + interval))
        if self._free_dead():
            return AllBusy("the slots of dead callers were given back", retry_after=0)
        return AllBusy(f"{self._slots} requests are under way already", retry_after=BUSY_SECONDS)

    def _wait(self, row: ZohoConnection, now: datetime) -> float:
        """Seconds until the next turn. Calls that are planned further ahead than can be are a clock that was set
        back: then a minute is waited, in which everything counted so far passes.
        """
        pace, now_us = Pace.of(settings.ZOHO_REQUESTS_PER_MINUTE), int(now.timestamp() * SECOND_US)
        furthest_us = now_us + MINUTE_US + pace.tolerance_us + 2 * pace.interval_us
        if row.paced_until_us > furthest_us:
            log.warning("zoho_clock_set_back", seconds=(row.paced_until_us - now_us) / SECOND_US)
            self._connections.filter(paced_until_us=row.paced_until_us).update(paced_until_us=now_us + MINUTE_US)
            return MINUTE_US / SECOND_US
        return (row.paced_until_us - pace.tolerance_us - now_us) / SECOND_US

    def _stopped(self, row: ZohoConnection, now: datetime, *, is_probe: bool = False) -> OrganisationMustWait | None:
        if row.outbound_paused_at:
            why = f"all calls to Zoho are paused: {row.outbound_pause_reason}"
            return LimitReached(why, retry_after=PAUSED_SECONDS)
        if row.blocked_until and row.blocked_until > now:
            return LimitReached(row.blocked_reason, retry_after=_seconds(row.blocked_until - now))
        is_closed = row.breaker_state == ZohoConnection.Breaker.CLOSED
        if not is_closed and not is_probe and row.breaker_until and row.breaker_until > now:
            left = _seconds(row.breaker_until - now)
            is_tried = row.breaker_state == ZohoConnection.Breaker.HALF_OPEN
            return BreakerOpen(
                f"Zoho is left alone for a while: {row.breaker_reason}",
                retry_after=min(left, PROBE_SECONDS) if is_tried else left,
            )
        return None

    def _spent(self, row: ZohoConnection, now: datetime) -> OrganisationMustWait | None:
        share, name = SHARES[self.priority], self.priority.name.lower()
        if row.zoho_remaining is not None and row.zoho_resets_at and row.zoho_resets_at > now:
            limit = row.zoho_limit or settings.ZOHO_REQUESTS_PER_DAY
            if row.zoho_remaining * 100 <= limit * (100 - share):
                return QuotaSpent(
                    f"Zoho says that {max(row.zoho_remaining, 0)} of the day's {limit} requests are left, "
                    f"too few for this ({name})",
                    retry_after=_seconds(row.zoho_resets_at - now),
                )
        own = settings.ZOHO_REQUESTS_PER_DAY * share // 100
        if row.calls_day and row.calls_day >= _today(now) and row.calls_today >= own:
            return QuotaSpent(
                f"{row.calls_today} of the day's {settings.ZOHO_REQUESTS_PER_DAY} requests are used, "
                f"and this ({name}) may use {own}",
                retry_after=_seconds(_midnight_after(now) - now),
            )
        return None

    def _make_rows(self) -> None:
        ZohoConnection.objects.bulk_create(
            [ZohoConnection(organization_id=self._organization_id, region=settings.ZOHO_REGION)], ignore_conflicts=True
        )
        ApiSlot.objects.bulk_create(
            [ApiSlot(number=number) for number in range(settings.ZOHO_MAX_CONCURRENT)], ignore_conflicts=True
        )


def new_token() -> uuid.UUID:
    """Names a call, and within it the machine and the process that make it."""
    return uuid.UUID(bytes=_machine() + os.getpid().to_bytes(4, "big") + os.urandom(8))


def _is_of_the_dead(token: uuid.UUID) -> bool:
    pid = int.from_bytes(token.bytes[4:8], "big")
    return token.bytes[:4] == _machine() and is_gone(f"{socket.gethostname()}:{pid}")


def _machine() -> bytes:
    return zlib.crc32(socket.gethostname().encode()).to_bytes(4, "big")


def release(connections: QuerySet[ZohoConnection], *, at: datetime) -> int:
    """By a person's word: close the breaker, and forget what Zoho said of its limits; how many rows.

    The next call is made at once, and shows whether it was right. Our own counts stay.
    """
    close_breaker(connections, at=at)
    return connections.update(
        blocked_until=None, blocked_reason="", zoho_limit=None, zoho_remaining=None, zoho_resets_at=None
    )


def pause_calls(connections: QuerySet[ZohoConnection], *, reason: str, by: User | None, at: datetime) -> int:
    """By a person's word: nobody calls Zoho, for whatever it is, until `resume_calls`; how many rows.

    Whoever would have called waits, and uses up no attempt. ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("a reason is needed to pause")
    paused = {"outbound_paused_at": at, "outbound_pause_reason": reason[:500], "outbound_paused_by": by}
    return connections.filter(outbound_paused_at__isnull=True).update(**paused)


def resume_calls(connections: QuerySet[ZohoConnection]) -> int:
    """Zoho may be called again; how many rows."""
    resumed = {"outbound_paused_at": None, "outbound_pause_reason": "", "outbound_paused_by": None}
    return connections.filter(outbound_paused_at__isnull=False).update(**resumed)


def jitter(least: float, most: float) -> float:
    """Seconds by chance, so that those who were sent away together do not come back together."""
    return random.uniform(least, most)  # noqa: S311 - not a secret


def _today(at: datetime | None) -> date:
    return timezone.localdate(at)


def _midnight_after(now: datetime) -> datetime:
    local = timezone.localtime(now)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _seconds(span: timedelta) -> float:
    return max(span.total_seconds(), 0.0)
