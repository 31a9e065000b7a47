"""The accounts server: refresh tokens in, access tokens out, with the bodies Zoho sends (api.md §1)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoho_sandbox.wire import Record

LIFETIME_SECONDS = 3600
WINDOW_SECONDS, TOKENS_PER_WINDOW = 600, 10
MOST_VALID = 15
DENIED: Record = {
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "error": "Access Denied",
    "status": "failure",
}


@dataclass(frozen=True)
class Credentials:
    """What a client must know to be let in; the defaults are for tests and demonstrations."""

    client_id: str = "1000.SANDBOXCLIENT"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - opens nothing but the sandbox
    refresh_token: str = "1000.sandbox.refresh"  # noqa: S105
    organization_id: str = "770000001"
    # Bought in the API console, exchanged once for the refresh token.
    grant_code: str = "1000.sandbox.code"
    scopes: tuple[str, ...] = ("ZohoInventory.FullAccess.all", "ZohoBooks.fullaccess.all")


@dataclass(frozen=True, kw_only=True)
class TokenRules:
    """How long access tokens last, and how many a refresh token buys."""

    lifetime_seconds: int = LIFETIME_SECONDS
    most_per_window: int = TOKENS_PER_WINDOW
    window_seconds: float = float(WINDOW_SECONDS)
    most_valid: int = MOST_VALID


@dataclass
class TokenDesk:
    """Hands out access tokens, at most ten in ten minutes, and knows which are still good.

    Of the tokens that are good at the same time the oldest is silently given up for the newest.
    """

    credentials: Credentials
    rules: TokenRules = field(default_factory=TokenRules)
    issued: int = 0
    refused: int = 0
    _used_codes: set[str] = field(default_factory=set)
    _valid_until: dict[str, float] = field(default_factory=dict)
    _given_at: list[float] = field(default_factory=list)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, form: Mapping[str, str], api_domain: str) -> tuple[int, Record]:
        """HTTP status and body for a token request. Most refusals are 200, as Zoho has them."""
        known = self.credentials
        is_code = form.get("grant_type") == "authorization_code"
        kinds = ("authorization_code", "refresh_token")
        if form.get("grant_type") not in kinds or form.get("client_id") != known.client_id:
            return 200, {"error": "invalid_client"}
        if form.get("client_secret") != known.client_secret:
            return 200, {"error": "invalid_client_secret"}
        if is_code and (form.get("code") != known.grant_code or known.grant_code in self._used_codes):
            return 200, {"error": "invalid_code"}
        if not is_code and form.get("refresh_token") != known.refresh_token:
            return 200, {"error": "invalid_code"}
        now = time.monotonic()
        self._given_at = [moment for moment in self._given_at if now - moment < self.rules.window_seconds]
        if len(self._given_at) >= self.rules.most_per_window:
            self.refused += 1
            return 400, DENIED
        self._given_at.append(now)
        self.issued += 1
        token = f"1000.sandbox.access.{next(self._serial)}"
        self._valid_until[token] = now + self.rules.lifetime_seconds
        for old in list(self._valid_until)[: -self.rules.most_valid]:
            del self._valid_until[old]
        body: Record = {
            "access_token": token,
            "api_domain": api_domain,
            "token_type": "Bearer",
            "expires_in": self.rules.lifetime_seconds,
        }
        if is_code:
            self._used_codes.add(known.grant_code)
            body |= {"refresh_token": known.refresh_token, "scope": " ".join(known.scopes)}
        return 200, body

    def accepts(self, token: str) -> bool:
        return self._valid_until.get(token, 0) > time.monotonic()

    def expire_all(self) -> None:
        """Every access token given so far is worthless from now on."""
        self._valid_until.clear()
