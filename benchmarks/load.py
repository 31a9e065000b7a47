"""The load generator: a process of its own that posts generated items. Standard library only, so that it is light.

Reads one JSON job from stdin, says `ready`, waits for a line, posts, and writes its samples to the job's file.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from benchmarks.items import item_body

TIMEOUT_SECONDS = 30
ACCEPTED = 202


@dataclass(frozen=True, kw_only=True)
class Job:
    """What one generator posts: items `first`, `first` + `step` … to `path`, for `seconds`.

    With `interval` (seconds) one request is due every so often, beginning at `offset`; without, the next follows
    the answer to the one before. `key` is the API key, `output` the file that takes the samples.
    """

    port: int
    path: str
    key: str
    output: str
    first: int
    step: int
    seconds: float
    interval: float = 0
    offset: float = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: the item's number, when it was due (monotonic seconds, the same for all processes), how long it
    took from then, and the status of its answer."""

    number: int
    due: float
    seconds: float
    status: int


def run(job: Job) -> list[Sample]:
    """Post until the time is up. A late request counts from when it was due, so that a slow server cannot hide."""
    head = _head(job)
    samples: list[Sample] = []
    started = time.monotonic()
    for turn in range(sys.maxsize):
        due = started + job.offset + turn * job.interval if job.interval else time.monotonic()
        if due - started >= job.seconds:
            break
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        number = job.first + turn * job.step
        status = _post(job.port, head, item_body(number))
        samples.append(Sample(number, due, time.monotonic() - due, status))
    return samples


def _head(job: Job) -> bytes:
    lines = (
        f"POST {job.path} HTTP/1.1",
        f"Host: 127.0.0.1:{job.port}",
        f"X-Webhook-Key: {job.key}",
        "Content-Type: application/json",
        "User-Agent: ZohoBooks",
        "Accept: */*",
        "Connection: close",  # gunicorn's sync workers close after each answer anyway
        "Content-Length: ",
    )
    return "\r\n".join(lines).encode()


def _post(port: int, head: bytes, body: bytes) -> int:
    """The status of the answer, 0 when there was none. A bare socket: http.client costs as much as the server."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(b"%s%d\r\n\r\n%s" % (head, len(body), body))
            while chunk := connection.recv(65_536):
                answer += chunk
        return int(answer[9:12])
    except (OSError, ValueError):
        return 0


def main() -> None:
    job = Job(**json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    sys.stdin.readline()
    Path(job.output).write_text(json.dumps([astuple(sample) for sample in run(job)]), encoding="utf-8")


if __name__ == "__main__":
    main()
