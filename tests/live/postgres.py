"""A PostgreSQL server of our own on a free port, from the installed binaries, thrown away at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.live.processes import free_port

INSTALLED = Path("/usr/lib/postgresql")
SECONDS = 60


class NotInstalled(RuntimeError):
    """There are no PostgreSQL binaries on this machine; the text says where they were looked for."""


class Server:
    """Started by the constructor. `url` is the address of its one database."""

    def __init__(self) -> None:
        self._bin = _newest_binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="tsh_erp_postgres_"))
        self._data = self._folder / "data"
        self._port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"
        try:
            if os.geteuid() == 0:
                shutil.chown(self._folder, "postgres")
            self._run(
                "initdb", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"
            )
            self._control("start", "--options", self._options())
        except BaseException:
            self.remove()
            raise

    def crash_and_start(self) -> None:
        """As after a power cut: no connection is ended politely, and the server recovers from its log."""
        self._control("restart", "--mode", "immediate", "--options", self._options())

    def remove(self) -> None:
        if (self._data / "postmaster.pid").exists():
            self._control("stop", "--mode", "immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _options(self) -> str:
        return f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "--silent", "--wait", "--log", str(self._folder / "log"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        become: Sequence[str] = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        subprocess.run(
            [*become, str(self._bin / program), "--pgdata", str(self._data), *arguments],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=SECONDS,
        )


def _newest_binaries() -> Path:
    found = [folder / "bin" for folder in INSTALLED.glob("*") if (folder / "bin" / "postgres").exists()]
    if not found:
        raise NotInstalled(f"no PostgreSQL below {INSTALLED} (Debian: apt-get install postgresql)")
    return max(found, key=lambda folder: float(folder.parent.name))
