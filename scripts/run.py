"""`make run`: prepare this machine, start every process of the Procfile, and stop all of them together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType

from scripts.prepare import prepare
from tsh_erp.jobs.supervise import die_with_parent


def main() -> int:
    if status := prepare():
        return status
    die_with_parent()  # however `make` ends, nothing stays behind
    port = os.environ.get("PORT", "8000")
    environment = {**os.environ, "WEB_PORT": port, "PYTHONUNBUFFERED": "1"}
    # A session of its own: Ctrl-C reaches only us, and honcho is told once.
    honcho = subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-m", "honcho", "start", "--port", port],
        env=environment,
        start_new_session=True,
    )
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if not stopping:
            stopping = True
            honcho.terminate()

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)
    status = honcho.wait()
    return 0 if stopping else status


if __name__ == "__main__":
    sys.exit(main())
