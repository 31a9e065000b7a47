"""The running sandbox: a threaded HTTP/1.1 server, the sender of webhooks, and someone who makes things happen."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server

from zoho_sandbox.app import SandboxApp
from zoho_sandbox.control import Control
from zoho_sandbox.faults import Faults
from zoho_sandbox.tokens import Credentials, TokenDesk
from zoho_sandbox.webhooks import Habits, Sender, Target
from zoho_sandbox.world.build import Size, build_world


class _Handler(WSGIRequestHandler):
    # Header and body are sent apart; with Nagle a kept connection would wait 40 ms for every answer.
    disable_nagle_algorithm = True

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
        faults: Sequence[str] = (),
        tick_every: float | None = None,
    ) -> None:
        """`live` ties the world's time to the clock on the wall; `tick_every` (seconds) lets things happen unasked."""
        self.credentials = credentials or Credentials()
        armed = Faults()
        for text in faults:
            armed.arm_text(text)
        world = build_world(size or Size.scaled(60), seed=seed, live=live)
        self.sender = Sender(target, habits=habits, seed=seed)
        self.control = Control(world, self.sender, armed, TokenDesk(self.credentials))
        self.app = SandboxApp(self.control)
        self._server = make_server(host, port, self.app, threaded=True, request_handler=_Handler)
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
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self.sender.stop()

    def wait(self) -> None:
        """Until somebody stops the sandbox."""
        self._stopped.wait()

    def calls(self, part: str = "") -> int:
        """How many requests came to addresses that contain `part`."""
        return sum(count for path, count in self.app.calls.items() if part in path)

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
