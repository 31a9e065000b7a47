from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from zoho_sandbox.server import Sandbox


@pytest.fixture
def zoho(settings: Any) -> Iterator[Sandbox]:
    """A running sandbox of 60 items that this installation is configured for."""
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def point_at(sandbox: Sandbox, settings: Any) -> None:
    """Configure the client for `sandbox`."""
    known = sandbox.credentials
    settings.ZOHO_ACCOUNTS_URL = settings.ZOHO_API_URL = sandbox.address
    settings.ZOHO_CLIENT_ID, settings.ZOHO_CLIENT_SECRET = known.client_id, known.client_secret
    settings.ZOHO_REFRESH_TOKEN, settings.ZOHO_ORGANIZATION_ID = known.refresh_token, known.organization_id
