"""Keep a django-q2 cluster running, and end it whole: `python -m tsh_erp.jobs.supervise [cluster name]`.

A cluster is a family of processes. When its guard dies the main process ends with exit code 0 and leaves workers
behind that go on working; and when all of them are told to stop at once (as honcho does) the main process waits for
ever. So the family gets a session of its own, only its head is told to stop, and whoever is left is killed.
When both idle workers die at once, the ones that replace them wait for ever on the lock that died with them: a
cluster that shows no sign of life for `TDS_HEARTBEAT_SECONDS` is killed and started again.
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
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 4  # honcho kills after 5
PAUSE_SECONDS = 2
LOOK_SECONDS = 5
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


class Stopped(BaseException):
    """Somebody asked this process to end."""


class Pulse(Protocol):
    """Tells a cluster that works from one that only seems to; `watching.Watch` is one."""

    def begin(self) -> None: ...
    def has_stopped(self) -> bool: ...


def supervise(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    patience: float = PATIENCE_SECONDS,
    pause: float = PAUSE_SECONDS,
    pulse: Pulse | None = None,
    look_every: float = LOOK_SECONDS,
) -> None:
    """Run `command` again and again, until this process is told to stop; then leave nothing of it behind.

    It begins anew when its head has ended, and when `pulse` says that it has stopped working.
    """
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    while True:
        head = subprocess.Popen(  # noqa: S603 (our own command)
            command, env=environment, start_new_session=True, preexec_fn=die_with_parent
        )
        try:
            _wait(head, pulse, look_every)
            _kill_family(head.pid)
            head.wait()
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


def _wait(head: subprocess.Popen[bytes], pulse: Pulse | None, look_every: float) -> None:
    """Until the head has ended, or its family does nothing more."""
    if pulse is None:
        head.wait()
        return
    pulse.begin()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            head.wait(look_every)
            return
        if pulse.has_stopped():
            log.error("cluster_without_sign_of_life", command=head.args, pid=head.pid)
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


def main(arguments: Sequence[str]) -> None:
    """Supervise the cluster named in `arguments`, or the one for short jobs."""
    environment = {**os.environ, **({"Q_CLUSTER_NAME": arguments[0]} if arguments else {})}
    os.environ.update(environment)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsh_erp.settings")
    import django

    django.setup()
    from django.conf import settings
    from django_q.conf import Conf

    from tsh_erp.jobs.watching import Watch

    window = float(settings.TDS_HEARTBEAT_SECONDS)
    pulse = Watch(str(Conf.CLUSTER_NAME), window=window)
    command = [sys.executable, "manage.py", "qcluster"]
    supervise(command, environment=environment, pulse=pulse, look_every=min(LOOK_SECONDS, window / 4))


if __name__ == "__main__":
    main(sys.argv[1:])
