"""A web address that takes alerts: a real server on this machine that remembers what it was sent."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET_PATH = "/services/T000/B000/verysecretpath"


class Hook:
    """`received` are the JSON bodies in order; `answers` are the next statuses, 200 when none is left."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answers: deque[int] = deque()
        self.url = ""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What was said, and of which code, in order."""
        return [(body["kind"], body.get("code", "")) for body in self.received]

    def clear(self) -> None:
        self.received.clear()
        self.paths.clear()


@contextmanager
def running_hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = hook.answers.popleft() if hook.answers else 200
            hook.paths.append(self.path)
            if status < 300:
                hook.received.append(body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Not on the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.url = f"http://127.0.0.1:{server.server_port}{SECRET_PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
