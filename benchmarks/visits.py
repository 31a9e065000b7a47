"""Phones that ask: a process of its own, standard library only, so that it is light.

Reads one JSON job from stdin, says `ready`, waits for a line, asks, and writes its samples to the job's file.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

TIMEOUT_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Tour:
    """What is asked: the `pages` (name, path, headers) in turn, for `seconds`.

    With `rate` so many requests a second are due whatever the answers do (an open loop), handed to `clients`
    threads; without, each of the clients asks again as soon as it was answered. `output` takes the samples.
    """

    port: int
    pages: Sequence[tuple[str, str, dict[str, str]]]
    seconds: float
    rate: float
    clients: int
    output: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: its page, how long it took from when it was due, and the status of its answer (0: none)."""

    name: str
    seconds: float
    status: int


def run(tour: Tour) -> list[Visit]:
    """A late request counts from when it was due, so that a slow server cannot hide."""
    heads = [(name, _head(tour.port, path, headers)) for name, path, headers in tour.pages]
    visits: list[Visit] = []
    turns, lock = iter(range(sys.maxsize)), threading.Lock()
    started = time.monotonic()

    def visit() -> None:
        while True:
            with lock:
                turn = next(turns)
            due = started + turn / tour.rate if tour.rate else time.monotonic()
            if due - started >= tour.seconds:
                return
            if (wait := due - time.monotonic()) > 0:
                time.sleep(wait)
            name, head = heads[turn % len(heads)]
            status = _ask(tour.port, head)
            visits.append(Visit(name, time.monotonic() - due, status))

    threads = [threading.Thread(target=visit) for _ in range(tour.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return visits


def _head(port: int, path: str, headers: dict[str, str]) -> bytes:
    lines = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", "Accept-Encoding: gzip")
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def _ask(port: int, head: bytes) -> int:
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(head)
            while chunk := connection.recv(65_536):
                answer += chunk
        return int(answer[9:12])
    except (OSError, ValueError):
        return 0


def main() -> None:
    tour = Tour(**json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    sys.stdin.readline()
    Path(tour.output).write_text(json.dumps([astuple(one) for one in run(tour)]), encoding="utf-8")


if __name__ == "__main__":
    main()
