from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail

from zoho_sandbox.server import Sandbox
from zoho_sync import client
from zoho_sync.models import AlertRule, ZohoConnection
from zoho_sync.tests.hook import Hook, running_hook
from zoho_sync.tests.road import NOON
from zoho_sync.tests.rule_causes import beat

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


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    """A web address, on this machine, that alerts are posted to."""
    with running_hook() as hook:
        settings.ALERT_WEBHOOK_URL = hook.url
        yield hook


@pytest.fixture
def email(settings: Any) -> list[Any]:
    """What is sent to the two people who get alerts by e-mail."""
    settings.EMAIL_IS_CONFIGURED = True
    settings.ALERT_EMAILS = ["ops@example.com", "boss@example.com"]
    return mail.outbox


@pytest.fixture
def configured(settings: Any) -> None:
    """A Zoho client, which nobody calls."""
    settings.ZOHO_CLIENT_ID = settings.ZOHO_CLIENT_SECRET = settings.ZOHO_REFRESH_TOKEN = "x"
    settings.ZOHO_ORGANIZATION_ID = "1"


@pytest.fixture
def all_is_well(db: None) -> None:
    """A company where all is well, as far as the test is not about it."""
    for code in ("disk", "database_size", "webhook_silence"):
        AlertRule.objects.create(code=code, is_enabled=False)
    beat(NOON)


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
