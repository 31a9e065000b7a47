from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import simplejson
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from zoho_sandbox.server import Sandbox


@dataclass
class Caller:
    """A client of the sandbox that is logged in."""

    sandbox: Sandbox
    session: requests.Session

    def login(self) -> str:
        known = self.sandbox.credentials
        form = {
            "grant_type": "refresh_token",
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "refresh_token": known.refresh_token,
        }
        token: str = self.post("/oauth/v2/token", data=form).json()["access_token"]
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {token}"
        return token

    def get(self, path: str, **query: Any) -> requests.Response:
        parameters = {"organization_id": self.sandbox.credentials.organization_id} | query
        return self.session.get(self.sandbox.address + path, params=parameters, timeout=5)

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return simplejson.loads(response.text, use_decimal=True)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.session.post(self.sandbox.address + path, timeout=15, **options)

    def control(self, action: str, **arguments: Any) -> Any:
        response = self.post(f"/_control/{action}", json=arguments)
        assert response.status_code == 200, response.text
        return simplejson.loads(response.text, use_decimal=True)["result"]


@dataclass
class Receiver:
    """The other end of webhooks: keeps what comes in and answers what `answers` says, 202 when it is empty."""

    address: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        body = request.get_data()
        self.received.append(
            {
                "method": request.method,
                "path": request.path,
                "query": request.query_string.decode(),
                "headers": dict(request.headers),
                "body": body,
            }
        )
        return Response("{}", self.answers.pop(0) if self.answers else 202)(environ, start_response)

    def bodies(self) -> list[Any]:
        return [simplejson.loads(call["body"], use_decimal=True) for call in self.received]


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def zoho(sandbox: Sandbox) -> Iterator[Caller]:
    with requests.Session() as session:
        caller = Caller(sandbox, session)
        caller.login()
        yield caller


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    application = Receiver()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    application.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield application
    server.shutdown()
    server.server_close()
