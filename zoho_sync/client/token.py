"""The access token: one for all processes, kept encrypted in ZohoConnection, refreshed by one of them at a time.

Zoho gives ten tokens in ten minutes per refresh token and then none (api.md §1), so a refresh is
claimed with one conditional UPDATE that notes when it began, and the times of the last ones are
kept. Whoever needs the new token waits for the one who claimed it; nobody holds a transaction
meanwhile, and a claim that its owner did not live to end is taken over. Credentials that Zoho has
refused are remembered by their fingerprint and not tried again. Times are the processes' own: the
clocks of several machines may differ by seconds, for which `MARGIN` and `EARLY` make room.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from zoho_sync.client import accounts
from zoho_sync.client.accounts import Grant, InvalidCredentials
from zoho_sync.client.configuration import Configuration
from zoho_sync.client.sessions import Sessions
from zoho_sync.errors import LimitReached, OrganisationMustWait, TemporaryError
from zoho_sync.models import ZohoConnection

log = structlog.get_logger(__name__)

EARLY = timedelta(minutes=5)
CLAIM = timedelta(seconds=30)
LOOK_SECONDS = 0.1
WINDOW, MARGIN, MOST_REFRESHES = timedelta(minutes=10), timedelta(seconds=30), 10
# So often a login that lacks a right costs a token, for each area of the API.
LACK_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class AccessToken:
    value: str
    ends_at: datetime


class TokenKeeper:
    """Hands out the organisation's access token. Threads may share it."""

    def __init__(
        self,
        configuration: Configuration,
        sessions: Sessions,
        *,
        now: Callable[[], datetime] = timezone.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._configuration, self._sessions, self._now, self._sleep = configuration, sessions, now, sleep
        self._held: AccessToken | None = None

    def token(self) -> str:
        """A token that is good for some minutes yet.

        Raises OrganisationMustWait when Zoho refuses to give one, TemporaryError when it cannot be reached.
        """
        held = self._held
        if held is None or held.ends_at - EARLY <= self._now():
            held = self._held = self._obtain(rejected="", early=EARLY)
        return held.value

    def replace(self, rejected: str) -> str:
        """Another token than the one Zoho has just rejected: one that another process got meanwhile, or a new one."""
        self._held = held = self._obtain(rejected=rejected, early=EARLY)
        return held.value

    def refresh_early(self, *, left: timedelta) -> bool:
        """Get a new token if the present one is good for less than `left`; whether a new one is here.

        The present one is used until then, so nobody waits. Raises as `token`.
        """
        before = self._row().access_token
        return bool(self._obtain(rejected="", early=left).value != before)

    def is_known_to_lack(self, token: str, area: str) -> bool:
        """Whether another token than this one would be rejected at the area too, as a fresh one was lately.

        Not so when this one is no longer the present one, or about to end: then it may be rejected for that.
        """
        row = self._row()
        present = self._usable(row, "", EARLY)
        return present is not None and present.value == token and self._is_lacking(row, area)

    def note_lack(self, token: str, area: str) -> None:
        """The token was rejected at this area of the API: a fresh one, or one that is known to lack it.

        The row's `forbidden` tells by area whose `login` it was, when a fresh token was `tried`, and when (`at`) it
        was last so.
        """
        now = self._now().isoformat()
        with transaction.atomic():  # others note theirs, and none may be lost
            row = ZohoConnection.objects.select_for_update().get(pk=self._row().pk)
            tried = row.forbidden[area]["tried"] if self._is_lacking(row, area) else now
            told = {"login": credentials_mark(self._configuration), "tried": tried, "at": now}
            self._rows(row).update(forbidden={**row.forbidden, area: told})

    # --- inside ---------------------------------------------------------------------------------

    def _obtain(self, *, rejected: str, early: timedelta) -> AccessToken:
        deadline = self._now() + CLAIM * 2
        while True:
            row = self._row()
            if token := self._usable(row, rejected, early):
                return token
            self._respect_refusals(row)
            if self._is_being_refreshed(row):
                if early > EARLY and (token := self._usable(row, rejected, EARLY)):
                    return token
            elif self._claim(row):
                return self._refresh(row)
            if self._now() > deadline:
                raise TemporaryError("another process has been refreshing the Zoho token for a minute")
            self._sleep(LOOK_SECONDS)

    def _row(self) -> ZohoConnection:
        row, _ = ZohoConnection.objects.get_or_create(
            organization_id=self._configuration.organization_id, defaults={"region": settings.ZOHO_REGION}
        )
        return row

    def _is_lacking(self, row: ZohoConnection, area: str) -> bool:
        told = row.forbidden.get(area, {})
        if told.get("login") != credentials_mark(self._configuration):
            return False
        return bool(self._now() - datetime.fromisoformat(told["tried"]) < LACK_LASTS)

    @staticmethod
    def _rows(row: ZohoConnection) -> QuerySet[ZohoConnection]:
        return ZohoConnection.objects.filter(pk=row.pk)

    def _usable(self, row: ZohoConnection, rejected: str, early: timedelta) -> AccessToken | None:
        ends_at = row.access_token_expires_at
        if not row.access_token or row.access_token == rejected or not ends_at or ends_at - early <= self._now():
            return None
        return AccessToken(row.access_token, ends_at)

    def _respect_refusals(self, row: ZohoConnection) -> None:
        """Asking again would be of no use, or make it worse."""
        if row.refused_credentials and row.refused_credentials == credentials_mark(self._configuration):
            raise InvalidCredentials(row.last_error, retry_after=accounts.DENIED_SECONDS)
        now = self._now()
        if row.denied_until and row.denied_until > now:
            raise LimitReached(
                f"Zoho gives no token: {row.last_error}", retry_after=(row.denied_until - now).total_seconds()
            )
        lately = self._lately(row)
        if len(lately) >= MOST_REFRESHES:
            free_at = lately[-MOST_REFRESHES] + WINDOW + MARGIN
            raise LimitReached(
                f"{len(lately)} tokens were asked for in the last ten minutes, which is as many as Zoho gives",
                retry_after=max((free_at - now).total_seconds(), 0.0),
            )

    def _lately(self, row: ZohoConnection) -> list[datetime]:
        since = self._now() - WINDOW - MARGIN
        return sorted(moment for text in row.refreshes if (moment := datetime.fromisoformat(text)) > since)

    def _is_being_refreshed(self, row: ZohoConnection) -> bool:
        return row.refresh_lease_until is not None and row.refresh_lease_until > self._now()

    def _claim(self, row: ZohoConnection) -> bool:
        """Whether the refresh is ours: true for exactly one of those who saw the same row."""
        now = self._now()
        refreshes = [moment.isoformat() for moment in [*self._lately(row), now]]
        claimed = ZohoConnection.objects.filter(
            pk=row.pk, refreshed_at=row.refreshed_at, refresh_lease_until=row.refresh_lease_until
        ).update(refreshed_at=now, refresh_lease_until=now + CLAIM, refreshes=refreshes)
        row.refreshed_at = now
        return claimed == 1

    def _refresh(self, row: ZohoConnection) -> AccessToken:
        """Ask, and write down what came of it, unless somebody has taken over meanwhile."""
        mine = ZohoConnection.objects.filter(pk=row.pk, refreshed_at=row.refreshed_at)
        asked_at = self._now()
        try:
            grant = accounts.refresh(self._configuration, self._sessions)
        except InvalidCredentials as error:
            log.error("zoho_login_refused", error=str(error))
            mark = credentials_mark(self._configuration)
            mine.update(last_error=str(error), refused_credentials=mark, refresh_lease_until=None)
            raise
        except OrganisationMustWait as error:
            denied_until = self._now() + timedelta(seconds=error.retry_after or accounts.DENIED_SECONDS)
            mine.update(last_error=str(error), denied_until=denied_until, refresh_lease_until=None)
            raise
        except TemporaryError as error:
            mine.update(last_error=str(error), refresh_lease_until=None)
            raise
        ends_at = asked_at + timedelta(seconds=grant.lifetime)
        mine.update(**token_columns(grant, ends_at), **({"scopes": list(grant.scopes)} if grant.scopes else {}))
        return AccessToken(grant.access_token, ends_at)


def token_columns(grant: Grant, ends_at: datetime) -> dict[str, object]:
    """What a new access token changes in the row: whatever was refused before is forgotten."""
    return {
        "access_token": grant.access_token,
        "access_token_expires_at": ends_at,
        "last_error": "",
        "refresh_lease_until": None,
        "denied_until": None,
        "refused_credentials": "",
    }


def forget_refusals(connections: QuerySet[ZohoConnection]) -> int:
    """Let refused credentials and forbidden addresses be tried again; how many rows."""
    return connections.update(refused_credentials="", denied_until=None, forbidden={}, last_error="")


def credentials_mark(known: Configuration) -> str:
    """What tells the credentials from others without giving them away."""
    parts = (known.accounts_url, known.client_id, known.client_secret, known.refresh_token)
    return _fingerprint("\n".join(parts))


def _fingerprint(secret: str) -> str:
    return salted_hmac("zoho_sync.client.token", secret, algorithm="sha256").hexdigest()
