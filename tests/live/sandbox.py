"""A real Zoho sandbox, and hands on its company."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import simplejson

from tests.live.processes import MANAGE, LiveProcess, free_port
from tests.live.waiting import wait_for

START_SECONDS = 90
CREDENTIALS = {
    "ZOHO_CLIENT_ID": "1000.TESTS",
    "ZOHO_CLIENT_SECRET": "a-secret-of-the-tests",
    "ZOHO_REFRESH_TOKEN": "1000.refresh.of-the-tests",
    "ZOHO_ORGANIZATION_ID": "714285714",
}


class LiveSandbox:
    """`manage.py zoho_sandbox` on a free port."""

    def __init__(self, *options: str, environment: Mapping[str, str], folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        # It has no limits unless a test asks for them.
        self.settings = CREDENTIALS | {
            "ZOHO_ACCOUNTS_URL": self.url,
            "ZOHO_API_URL": self.url,
            "ZOHO_REQUESTS_PER_MINUTE": "1000000",
            "ZOHO_REQUESTS_PER_DAY": "1000000",
        }
        self._session = requests.Session()
        self._session.trust_env = False
        self.process = LiveProcess(
            "sandbox",
            [*MANAGE, "zoho_sandbox", "--port", str(port), *options],
            environment={**environment, **CREDENTIALS},
            folder=folder,
        )
        try:
            wait_for(
                lambda: self.url in self.process.log or not self.process.is_running,
                seconds=START_SECONDS,
                what="the sandbox starts",
                otherwise=self.process.describe,
            )
            assert self.process.is_running, self.process.describe()
        except BaseException:
            self.stop()
            raise

    def control(self, action: str, **arguments: Any) -> Any:
        """One call of the control API; its result."""
        response = self._session.post(f"{self.url}/_control/{action}", json=arguments, timeout=15)
        assert response.status_code == 200, response.text
        return simplejson.loads(response.text, use_decimal=True)["result"]

    def stats(self) -> dict[str, Any]:
        """What was asked and what was sent."""
        response = self._session.get(f"{self.url}/_control/stats", timeout=15)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def stop(self) -> None:
        self._session.close()
        self.process.stop()
