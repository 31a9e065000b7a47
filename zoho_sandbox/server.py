"""The running sandbox: a threaded HTTP/1.1 server, the sender of webhooks, and someone who makes things happen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from zoho_sandbox.app import SandboxApp
from zoho_sandbox.control import Control
from zoho_sandbox.faults import Faults
from zoho_sandbox.limits import Gate, Limits
from zoho_sandbox.tokens import Credentials, TokenDesk, TokenRules
from zoho_sandbox.webhooks import Habits, Sender, Target
from zoho_sandbox.world.build import Size, build_world

HANGS_UP = "X-Sandbox-Hangs-Up"


class _Handler(WSGIRequestHandler):
    """Answers in one piece and keeps connections, as Zoho does; werkzeug's own handler closes each after its answer."""

    protocol_version = "HTTP/1.1"
    # Header and body are sent apart; with Nagle a kept connection would wait 40 ms for every answer.
    disable_nagle_algorithm = True
    open_sockets: set[socket.socket]

    def setup(self) -> None:
        super().setup()
        self.open_sockets.add(self.connection)

    def finish(self) -> None:
        self.open_sockets.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def run_wsgi(self) -> None:
        answer: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            answer.update(status=status, headers=headers)

        self.environ = self.make_environ()
        chunks: Iterable[bytes] = self.server.app(self.environ, start_response)
        body = b"".join(chunks)
        code, _, reason = answer["status"].partition(" ")
        self.send_response(int(code), reason)
        hangs_up = False
        for name, value in answer["headers"]:
            if name == HANGS_UP:
                hangs_up = True
            else:
                self.send_header(name, value)
        if hangs_up:
            self._hang_up(body)
            return
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self, body: bytes) -> None:
        """Send what there is of an answer (nothing, if there is no body) and close the connection."""
        self.close_connection = True
        if body:
            self.end_headers()
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a pull makes thousands of requests, and /_control/stats counts them."""


class Sandbox:
    """A Zoho on this machine: `with Sandbox() as zoho:` serves on a free port; also `start()` and `stop()`."""

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        size: Size | None = None,
        seed: int = 1,
        live: bool = False,
        credentials: Credentials | None = None,
        target: Target | None = None,
        habits: Habits | None = None,
        faults: Sequence[str] | Faults = (),
        limits: Limits | None = None,
        token_rules: TokenRules | None = None,
        frozen: Sequence[str] = (),
        tick_every: float | None = None,
    ) -> None:
        """`live` ties the world's time to the clock on the wall; `tick_every` (seconds) lets things happen unasked.

        `frozen` names modules whose lists are rendered beforehand, see `frozen.Frozen`.
        """
        self.credentials = credentials or Credentials()
        armed = faults if isinstance(faults, Faults) else Faults()
        for text in () if isinstance(faults, Faults) else faults:
            armed.arm_text(text)
        world = build_world(size or Size.scaled(60), seed=seed, live=live)
        self.sender = Sender(target, habits=habits, seed=seed)
        desk = TokenDesk(self.credentials, token_rules or TokenRules())
        self.control = Control(world, self.sender, armed, desk, Gate(limits or Limits()))
        if frozen:
            self.control.freeze(frozen)
        self.app = SandboxApp(self.control)
        self._sockets: set[socket.socket] = set()
        handler = type("_Handler", (_Handler,), {"open_sockets": self._sockets})
        self._server = make_server(host, port, self.app, threaded=True, request_handler=handler)
        self._tick_every, self._stopped = tick_every, threading.Event()
        self.address = f"http://{host}:{self._server.port}"

    def start(self) -> Self:
        """Serve in threads of their own; returns at once."""
        self.sender.start()
        self._thread("zoho-sandbox-http", self._server.serve_forever, poll_interval=0.05)
        if self._tick_every:
            self._thread("zoho-sandbox-ticks", self._keep_ticking)
        return self

    def stop(self) -> None:
        """Answer nobody any more, on kept connections neither."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.sender.stop()

    def wait(self) -> None:
        """Until somebody stops the sandbox."""
        self._stopped.wait()

    def calls(self, part: str = "") -> int:
        """How many requests came to addresses that contain `part`."""
        return sum(count for path, count in self.app.calls.items() if part in path)

    def stats(self) -> dict[str, Any]:
        """What `GET /_control/stats` answers."""
        return self.app.stats()

    def reset(self) -> None:
        """Count requests from zero."""
        self.app.reset()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _keep_ticking(self) -> None:
        while self._tick_every and not self._stopped.wait(self._tick_every):
            self.control.tick()

    @staticmethod
    def _thread(name: str, target: Any, **options: Any) -> None:
        threading.Thread(name=name, target=target, kwargs=options, daemon=True).start()
