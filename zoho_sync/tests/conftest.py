from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from zoho_sandbox.server import Sandbox
from zoho_sync import client
from zoho_sync.models import ZohoConnection

MANY = 1_000_000


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Zoho fails on purpose nobody wants to wait over a minute for it."""
    monkeypatch.setattr(client, "LONG_PATIENCE", 2.0)
    monkeypatch.setattr(client, "SHORT_PATIENCE", 0.5)


@pytest.fixture
def zoho(settings: Any) -> Iterator[Sandbox]:
    """A running sandbox of 60 items that this installation is configured for."""
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def point_at(sandbox: Sandbox, settings: Any) -> None:
    """Configure the client for `sandbox`, which has no limits unless they are switched on."""
    known = sandbox.credentials
    settings.ZOHO_REQUESTS_PER_MINUTE = settings.ZOHO_REQUESTS_PER_DAY = MANY
    settings.ZOHO_ACCOUNTS_URL = settings.ZOHO_API_URL = sandbox.address
    settings.ZOHO_CLIENT_ID, settings.ZOHO_CLIENT_SECRET = known.client_id, known.client_secret
    settings.ZOHO_REFRESH_TOKEN, settings.ZOHO_ORGANIZATION_ID = known.refresh_token, known.organization_id


def lift_limits() -> None:
    """As if the time had passed for which a limit or the breaker keeps us from calling Zoho."""
    ZohoConnection.objects.update(
        blocked_until=None, zoho_remaining=None, zoho_resets_at=None, breaker_state="closed", breaker_failures=0
    )
