"""The accounts server: refresh tokens in, access tokens out, with the bodies Zoho sends (api.md §1)."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoho_sandbox.wire import Record

LIFETIME_SECONDS = 3600
WINDOW_SECONDS, TOKENS_PER_WINDOW = 600, 10
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


@dataclass
class TokenDesk:
    """Hands out access tokens, at most ten in ten minutes, and knows which are still good."""

    credentials: Credentials
    lifetime_seconds: int = LIFETIME_SECONDS
    most_per_window: int = TOKENS_PER_WINDOW
    issued: int = 0
    _valid_until: dict[str, float] = field(default_factory=dict)
    _given_at: list[float] = field(default_factory=list)
    _serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, form: Mapping[str, str], api_domain: str) -> tuple[int, Record]:
        """HTTP status and body for a token request. Most refusals are 200, as Zoho has them."""
        known = self.credentials
        if form.get("grant_type") != "refresh_token" or form.get("client_id") != known.client_id:
            return 200, {"error": "invalid_client"}
        if form.get("client_secret") != known.client_secret:
            return 200, {"error": "invalid_client_secret"}
        if form.get("refresh_token") != known.refresh_token:
            return 200, {"error": "invalid_code"}
        now = time.monotonic()
        self._given_at = [moment for moment in self._given_at if now - moment < WINDOW_SECONDS]
        if len(self._given_at) >= self.most_per_window:
            return 400, DENIED
        self._given_at.append(now)
        self.issued += 1
        token = f"1000.sandbox.access.{next(self._serial)}"
        self._valid_until[token] = now + self.lifetime_seconds
        return 200, {
            "access_token": token,
            "api_domain": api_domain,
            "token_type": "Bearer",
            "expires_in": self.lifetime_seconds,
        }

    def accepts(self, token: str) -> bool:
        return self._valid_until.get(token, 0) > time.monotonic()

    def expire_all(self) -> None:
        """Every access token given so far is worthless from now on."""
        self._valid_until.clear()
