"""A real web server, and a caller who can play Zoho, an impostor, or somebody who sends rubbish."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from tests.live.environment import Secrets
from tests.live.processes import PYTHON, LiveProcess, free_port
from tests.live.waiting import wait_for
from tests.live.zoho import JSON, SIGNATURE, Pairs, encode, sign

START_SECONDS = 90
ANSWER_SECONDS = 15


class Web:
    """gunicorn as the Procfile starts it, on `port` or a free one.

    Callers stand behind a trusted proxy, so each can have its own address.
    """

    def __init__(
        self, *, environment: Mapping[str, str], folder: Path, secrets: Secrets, port: int | None = None
    ) -> None:
        port = port or free_port()
        self.url, self.secrets = f"http://127.0.0.1:{port}", secrets
        self._session = requests.Session()
        self._session.trust_env = False
        self._addresses = itertools.count(1)
        self.process = LiveProcess(
            "web",
            [
                *(PYTHON, "-m", "gunicorn", "tsh_erp.wsgi", "--bind", f"127.0.0.1:{port}"),
                *("--workers", "2", "--log-level", "warning", "--worker-tmp-dir", _memory_folder(folder)),
            ],
            environment=environment,
            folder=folder,
        )
        try:
            wait_for(
                self._answers, seconds=START_SECONDS, what="the web server answers", otherwise=self.process.describe
            )
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self._session.close()
        self.process.stop()

    def new_address(self) -> str:
        """An address that nobody has called from yet."""
        number = next(self._addresses)
        return f"198.18.{number // 250}.{number % 250 + 1}"

    def call(
        self,
        path: str,
        body: Any = b"",
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        address: str | None = None,
    ) -> requests.Response:
        """One request to any path of the server, exactly these headers, from an address of its own."""
        return self._session.request(
            method,
            self.url + path,
            data=body,
            headers={"X-Forwarded-For": address or self.new_address(), "Accept-Language": "en", **(headers or {})},
            timeout=ANSWER_SECONDS,
            allow_redirects=False,
        )

    def post(
        self,
        path: str,
        body: Any,
        *,
        prefix: str = "zoho",
        method: str = "POST",
        pairs: Pairs = (),
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """A genuine webhook to `path` (products, customers …): signed over query `pairs` and body."""
        content = encode(body)
        query = "&".join(f"{key}={value}" for key, value in pairs)
        proof = {SIGNATURE: sign(self.secrets.signing, content, pairs=pairs)}
        if content_type.partition(";")[0] != JSON:
            proof = {"X-Webhook-Key": self.secrets.api_key}
        return self.call(
            f"/api/{prefix}/webhooks/{path}{'?' if query else ''}{query}",
            content,
            method=method,
            headers={"Content-Type": content_type, **proof, **(headers or {})},
        )

    def deliver(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
        """`post`, which must be taken with 202; the answer."""
        response = self.post(path, body, **options)
        assert response.status_code == 202, f"{response.status_code} {response.text}\n{self.process.describe()}"
        answer: dict[str, Any] = response.json()
        return answer

    def _answers(self) -> bool:
        assert self.process.is_running, self.process.describe()
        try:
            return self._session.get(f"{self.url}/health/live", timeout=ANSWER_SECONDS).status_code == 200
        except requests.RequestException:  # nobody listens yet, or all are busy with those who were quicker
            return False


def _memory_folder(folder: Path) -> str:
    # gunicorn's heartbeat files: on a slow disk they would make it kill its workers.
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else str(folder)
