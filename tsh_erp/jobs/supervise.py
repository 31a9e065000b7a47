"""Keep a django-q2 cluster running, and end it whole: `python -m tsh_erp.jobs.supervise [cluster name]`.

A cluster is a family of processes. When its guard dies the main process ends with exit code 0 and leaves workers
behind that go on working; and when all of them are told to stop at once (as honcho does) the main process waits for
ever. So the family gets a session of its own, only its head is told to stop, and whoever is left is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from types import FrameType

PATIENCE_SECONDS = 4  # honcho kills after 5
PAUSE_SECONDS = 2
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


class Stopped(BaseException):
    """Somebody asked this process to end."""


def supervise(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    patience: float = PATIENCE_SECONDS,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Run `command` again and again, until this process is told to stop; then leave nothing of it behind."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    while True:
        head = subprocess.Popen(  # noqa: S603 (our own command)
            command, env=environment, start_new_session=True, preexec_fn=die_with_parent
        )
        try:
            head.wait()
            _kill_family(head.pid)
            time.sleep(pause)
        except Stopped:
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, signal.SIG_IGN)
            head.terminate()
            # A job longer than our patience is no loss: its leases run out and others take over.
            with contextlib.suppress(subprocess.TimeoutExpired):
                head.wait(patience)
            _kill_family(head.pid)
            head.wait()
            return


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _kill_family(head: int) -> None:
    try:
        os.killpg(head, signal.SIGKILL)
    except ProcessLookupError:
        return


def die_with_parent() -> None:
    """Have this process told to stop when its parent ends, however it ends (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


if __name__ == "__main__":
    cluster = {"Q_CLUSTER_NAME": sys.argv[1]} if len(sys.argv) > 1 else {}
    supervise([sys.executable, "manage.py", "qcluster"], environment={**os.environ, **cluster})
