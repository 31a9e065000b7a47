"""Which process does a piece of work, and whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_process() -> str:
    """This process as "host:pid"."""
    return f"{socket.gethostname()}:{os.getpid()}"[-100:]


def is_gone(process: str) -> bool:
    """Whether "host:pid" is of this machine and no longer there. Of other machines nothing is known: False."""
    host, _, pid = process.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(int(pid))


def _is_zombie(pid: int) -> bool:
    """Dead, but its parent has not asked yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return state.rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
