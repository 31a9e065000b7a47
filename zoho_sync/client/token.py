"""The access token: one for all processes, kept encrypted in ZohoConnection, refreshed by one of them at a time.

Zoho gives ten tokens in ten minutes per refresh token and then none (api.md §1), so a refresh is
claimed with one conditional UPDATE: it notes when the refresh began and takes the old token away.
Whoever finds no token there waits for the one who claimed it; nobody holds a transaction meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.utils import timezone

from zoho_sync.client.configuration import Configuration
from zoho_sync.errors import OrganisationMustWait, TemporaryError
from zoho_sync.models import ZohoConnection

TIMEOUT_SECONDS = (5, 20)
EARLY = timedelta(minutes=5)
LIFETIME_SECONDS = 3600
CLAIM = timedelta(seconds=30)
LOOK_SECONDS = 0.1
DENIED = "Access Denied"
DENIED_SECONDS = 600
REFUSED = {
    "invalid_code": "ZOHO_REFRESH_TOKEN is revoked or belongs to another client: connect to Zoho again",
    "invalid_client": "ZOHO_CLIENT_ID is unknown in this data centre: check it and ZOHO_REGION",
    "invalid_client_secret": "ZOHO_CLIENT_SECRET is wrong",  # pragma: allowlist secret
}


@dataclass(frozen=True)
class AccessToken:
    value: str
    ends_at: datetime


class TokenKeeper:
    """Hands out the organisation's access token."""

    def __init__(
        self,
        configuration: Configuration,
        session: requests.Session,
        *,
        now: Callable[[], datetime] = timezone.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._configuration, self._session, self._now, self._sleep = configuration, session, now, sleep
        self._held: AccessToken | None = None

    def token(self) -> str:
        """A token that is good for some minutes yet.

        Raises OrganisationMustWait when Zoho refuses to give one, TemporaryError when it cannot be reached.
        """
        if self._held is None or self._held.ends_at - EARLY <= self._now():
            self._held = self._obtain(rejected="")
        return self._held.value

    def replace(self, rejected: str) -> str:
        """Another token than the one Zoho has just rejected: one that another process got meanwhile, or a new one."""
        self._held = self._obtain(rejected=rejected)
        return self._held.value

    # --- inside ---------------------------------------------------------------------------------

    def _obtain(self, *, rejected: str) -> AccessToken:
        deadline = self._now() + CLAIM * 2
        while True:
            row = self._row()
            if token := self._usable(row, rejected):
                return token
            self._respect_denial(row)
            if not self._is_being_refreshed(row) and self._claim(row):
                return self._refresh(row.pk)
            if self._now() > deadline:
                raise TemporaryError("another process has been refreshing the Zoho token for a minute")
            self._sleep(LOOK_SECONDS)

    def _row(self) -> ZohoConnection:
        row, _ = ZohoConnection.objects.get_or_create(
            organization_id=self._configuration.organization_id, defaults={"region": settings.ZOHO_REGION}
        )
        return row

    def _usable(self, row: ZohoConnection, rejected: str) -> AccessToken | None:
        ends_at = row.access_token_expires_at
        if not row.access_token or row.access_token == rejected or not ends_at or ends_at - EARLY <= self._now():
            return None
        return AccessToken(row.access_token, ends_at)

    def _respect_denial(self, row: ZohoConnection) -> None:
        """Asking again within ten minutes of "Access Denied" only prolongs it."""
        if row.last_error.startswith(DENIED) and row.refreshed_at:
            left = DENIED_SECONDS - (self._now() - row.refreshed_at).total_seconds()
            if left > 0:
                raise OrganisationMustWait(f"Zoho gives no token: {row.last_error}", retry_after=left)

    def _is_being_refreshed(self, row: ZohoConnection) -> bool:
        started = row.refreshed_at
        return not row.access_token and not row.last_error and started is not None and self._now() - started < CLAIM

    def _claim(self, row: ZohoConnection) -> bool:
        """Whether the refresh is ours: true for exactly one of those who saw the same row."""
        claimed = ZohoConnection.objects.filter(pk=row.pk, refreshed_at=row.refreshed_at).update(
            refreshed_at=self._now(), access_token="", last_error=""
        )
        return claimed == 1

    def _refresh(self, pk: int) -> AccessToken:
        row = ZohoConnection.objects.filter(pk=pk)
        try:
            token = self._ask()
        except TemporaryError as error:
            row.update(last_error=str(error))
            raise
        row.update(access_token=token.value, access_token_expires_at=token.ends_at)
        return token

    def _ask(self) -> AccessToken:
        """One token request, the secrets in the form body so that no address shows them."""
        known, asked_at = self._configuration, self._now()
        form = {
            "grant_type": "refresh_token",
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "refresh_token": known.refresh_token,
        }
        try:
            response = self._session.post(
                f"{known.accounts_url}/oauth/v2/token", data=form, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise TemporaryError(f"the Zoho accounts server did not answer: {type(error).__name__}") from None
        return _read_answer(response, asked_at)


def _read_answer(response: requests.Response, asked_at: datetime) -> AccessToken:
    """Success is a non-empty access token, whatever the HTTP status: Zoho sends refusals as 200 too."""
    try:
        body: Any = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise TemporaryError(f"the Zoho accounts server answered HTTP {response.status_code} without JSON")
    if token := body.get("access_token"):
        return AccessToken(str(token), asked_at + timedelta(seconds=_lifetime(body.get("expires_in"))))
    error = str(body.get("error") or "")
    if error in REFUSED:
        # Nobody's record is at fault, so everything waits until a person has put it right.
        raise OrganisationMustWait(f"Zoho refuses the login ({error}): {REFUSED[error]}", retry_after=DENIED_SECONDS)
    if error == DENIED or body.get("status") == "failure":
        raise OrganisationMustWait(f"{DENIED}: too many tokens were asked for", retry_after=DENIED_SECONDS)
    raise TemporaryError(f"the Zoho accounts server answered HTTP {response.status_code} without a token")


def _lifetime(expires_in: object) -> int:
    """Seconds, an hour at most: some answers have written milliseconds."""
    seconds = expires_in if isinstance(expires_in, int) else LIFETIME_SECONDS
    return min(max(seconds, 0), LIFETIME_SECONDS)
