"""The accounts server: a refresh token or a grant code in, tokens out. Success is judged by the body (api.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from zoho_sync.client.configuration import Configuration
from zoho_sync.client.sessions import Sessions
from zoho_sync.errors import LimitReached, LoginRefused, TemporaryError

TIMEOUT_SECONDS = (5, 20)
LIFETIME_SECONDS = 3600
DENIED = "Access Denied"
DENIED_SECONDS = 600.0
REFUSED = {
    "invalid_code": "ZOHO_REFRESH_TOKEN is revoked or belongs to another client: run `manage.py zoho_connect --code`",
    "invalid_client": "ZOHO_CLIENT_ID is unknown in this data centre: check it and ZOHO_REGION",
    "invalid_client_secret": "ZOHO_CLIENT_SECRET is wrong",  # pragma: allowlist secret
}


class InvalidCredentials(LoginRefused):
    """The accounts server knows these credentials and will never take them; a person must change them."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What the accounts server gave. `lifetime` in seconds; `scopes` are empty when it did not tell them."""

    access_token: str = field(repr=False)
    lifetime: int
    refresh_token: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ()


def refresh(known: Configuration, sessions: Sessions) -> Grant:
    """A new access token.

    Raises InvalidCredentials (a person must act), LimitReached (ten minutes of rest), TemporaryError.
    """
    return _ask(known, sessions, {"grant_type": "refresh_token", "refresh_token": known.refresh_token})


def exchange(known: Configuration, sessions: Sessions, code: str) -> Grant:
    """The refresh token and the first access token for a grant code, which lives for some minutes and once.

    Raises as `refresh`; InvalidCredentials also when there is no refresh token in the answer.
    """
    grant = _ask(known, sessions, {"grant_type": "authorization_code", "code": code}, code=True)
    if not grant.refresh_token:
        raise InvalidCredentials("Zoho gave no refresh token for this code: make a new code with offline access")
    return grant


def _ask(known: Configuration, sessions: Sessions, form: Mapping[str, str], *, code: bool = False) -> Grant:
    # The secrets stand in the form body, so that no address shows them.
    form = {**form, "client_id": known.client_id, "client_secret": known.client_secret}
    try:
        with sessions.borrow() as session:
            response = session.post(
                f"{known.accounts_url}/oauth/v2/token", data=form, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
    except requests.RequestException as error:
        raise TemporaryError(
            f"the Zoho accounts server {known.accounts_url} did not answer: {type(error).__name__}"
        ) from None
    return _read(response, code=code)


def _read(response: requests.Response, *, code: bool) -> Grant:
    """Success is a non-empty access token, whatever the HTTP status: Zoho sends refusals as 200 too."""
    try:
        body: Any = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise TemporaryError(f"the Zoho accounts server answered HTTP {response.status_code} without JSON")
    if token := body.get("access_token"):
        return Grant(
            access_token=str(token),
            lifetime=_lifetime(body.get("expires_in")),
            refresh_token=str(body.get("refresh_token") or ""),
            scopes=tuple(str(body.get("scope") or "").replace(",", " ").split()),
        )
    error = str(body.get("error") or "")
    if error in REFUSED:
        says = "the code is used up, too old or not made for this client" if code and error == "invalid_code" else ""
        # Nobody's record is at fault, so everything waits until a person has put it right.
        raise InvalidCredentials(
            f"Zoho refuses the login ({error}): {says or REFUSED[error]}", retry_after=DENIED_SECONDS
        )
    if error == DENIED or body.get("status") == "failure":
        raise LimitReached(f"{DENIED}: too many tokens were asked for", retry_after=DENIED_SECONDS)
    raise TemporaryError(f"the Zoho accounts server answered HTTP {response.status_code} without a token")


def _lifetime(expires_in: object) -> int:
    """Seconds, an hour at most: some answers have written milliseconds."""
    seconds = expires_in if isinstance(expires_in, int) else LIFETIME_SECONDS
    return min(max(seconds, 0), LIFETIME_SECONDS)
