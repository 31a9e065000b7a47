"""Processes of this project, started for tests: each in a group of its own, its output in a file, ended for sure."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.live.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = sys.executable
MANAGE = (PYTHON, str(ROOT / "manage.py"))
SHOWN_CHARACTERS = 6_000
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class LiveProcess:
    """A running program. `log` is all it has written so far; `stop` ends it and everything it started."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self._page = name, 0
        self.log_file = folder / f"{name}-{len(list(folder.iterdir()))}.log"
        with self.log_file.open("wb") as output:
            self._process = subprocess.Popen(
                [*command],
                cwd=ROOT,
                env={**environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def turn_page(self) -> None:
        """What is in the log by now belongs to the past."""
        self._page = len(self.log)

    def describe(self) -> str:
        """Its state and its log since the page was turned, for the message of a failed test."""
        state = "running" if self.is_running else f"ended with {self._process.returncode}"
        return f"--- {self.name} ({state}), {self.log_file}\n{self.log[self._page :][-SHOWN_CHARACTERS:]}"

    def wait(self, *, seconds: float) -> int:
        """Its exit code, once it ends by itself."""
        wait_for(lambda: not self.is_running, seconds=seconds, what=f"{self.name} ends", otherwise=self.describe)
        return self._process.wait()

    def stop(self, *, seconds: float = 5) -> None:
        """End it politely, after `seconds` by force; whoever is left of its group dies too."""
        if self.is_running and seconds:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=seconds)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def children(pid: int) -> list[int]:
    """The processes that this one has started and that are still there; none when it is gone itself."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def run_manage(
    *arguments: str, environment: Mapping[str, str], seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """`manage.py …` to its end, with its exit code, stdout and stderr."""
    return subprocess.run(
        [*MANAGE, *arguments],
        cwd=ROOT,
        env={**environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _die_with_parent() -> None:
    # So that nothing is left running when the test run itself is killed.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
