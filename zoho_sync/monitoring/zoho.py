"""How we stand with Zoho: the day's calls, the login, the breaker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings

from tsh_erp.common.together import Asked, Questions, rows_of
from zoho_sync.client import is_configured
from zoho_sync.client.usage import Usage, ask_calls, usage_of
from zoho_sync.models import ZohoConnection
from zoho_sync.monitoring.keeping import answer


class TokenState(StrEnum):
    NOT_CONFIGURED = "not_configured"
    MISSING = "missing"  # nobody has called Zoho yet
    VALID = "valid"
    EXPIRED = "expired"  # the next call gets a new one
    REFUSED = "refused"  # a person must connect again


@dataclass(frozen=True, kw_only=True)
class Token:
    """The access token. `error` is what Zoho said when it refused."""

    state: TokenState
    expires_at: datetime | None
    refreshed_at: datetime | None
    error: str


@dataclass(frozen=True, kw_only=True)
class ZohoState:
    """The connection; `usage` is None before the first call."""

    token: Token
    usage: Usage | None

    @property
    def budget_used(self) -> float | None:
        """The share of the day's calls that is used, as we count or as Zoho says, whichever is more; None: none yet."""
        usage = self.usage
        if usage is None:
            return None
        ours = usage.used / usage.limit
        if usage.zoho_limit and usage.zoho_remaining is not None:
            return max(ours, 1 - usage.zoho_remaining / usage.zoho_limit)
        return ours


def zoho_state(*, at: datetime) -> ZohoState:
    """How we stand with Zoho. Two queries."""
    return answer(ask_zoho_state(at=at))


def ask_zoho_state(*, at: datetime) -> Asked[ZohoState]:
    """Its reading takes a query of its own where a login must be looked for."""
    mine = ZohoConnection.objects.filter(organization_id=settings.ZOHO_ORGANIZATION_ID or None)
    rows, calls = rows_of(mine.defer("refresh_token", "access_token")[:1]), ask_calls(at=at)

    def read() -> ZohoState:
        row = next(iter(rows.value), None)
        return ZohoState(token=_token(row, at), usage=usage_of(row, calls.value, at=at) if row else None)

    return Questions(rows, calls, read=read)


def _token(row: ZohoConnection | None, at: datetime) -> Token:
    if not is_configured():
        state = TokenState.NOT_CONFIGURED
    elif row is not None and row.refused_credentials:
        state = TokenState.REFUSED
    elif row is None or row.access_token_expires_at is None:
        state = TokenState.MISSING
    else:
        state = TokenState.VALID if row.access_token_expires_at > at else TokenState.EXPIRED
    return Token(
        state=state,
        expires_at=row.access_token_expires_at if row else None,
        refreshed_at=row.refreshed_at if row else None,
        error=row.last_error if row else "",
    )
