"""The whole system as production runs it: web server, two supervised clusters, and a Zoho."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

from tests.live.environment import Secrets, project_environment
from tests.live.processes import PYTHON, LiveProcess, children, free_port, run_manage
from tests.live.sandbox import CREDENTIALS, LiveSandbox
from tests.live.web import Web
from tests.load.chaos.plan import COMPANY, SETTINGS

SHORT, LONG = "tsh_erp", "long"
LOAD_SECONDS = 180


class Cluster:
    """A django-q2 cluster under its supervisor."""

    def __init__(self, name: str, *, environment: Mapping[str, str], folder: Path) -> None:
        command = [PYTHON, "-m", "tsh_erp.jobs.supervise", *([LONG] if name == LONG else [])]
        self.name = name
        self.supervisor = LiveProcess(f"supervised-{name}", command, environment=environment, folder=folder)

    def members(self) -> list[int]:
        """The workers, the pusher and the monitor; none while it is being started."""
        return [pid for head in children(self.supervisor.pid) for guard in children(head) for pid in children(guard)]

    def kill(self) -> bool:
        """SIGKILL the whole family but its supervisor; whether there was one."""
        heads = children(self.supervisor.pid)
        for head in heads:
            with suppress(ProcessLookupError):
                os.killpg(head, signal.SIGKILL)
        return bool(heads)


class System:
    """Everything, started one after the other; `with` ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.secrets, self._port = folder, Secrets(), free_port()
        self._running = ExitStack()

    def __enter__(self) -> Self:
        common = project_environment(
            WEBHOOK_API_KEY=self.secrets.api_key,
            ZOHO_WEBHOOK_SECRET=self.secrets.signing,
            MEDIA_ROOT=str(self.folder / "media"),
            PROMETHEUS_MULTIPROC_DIR=str(self.folder / "metrics"),
            **SETTINGS,
        )
        try:
            self.zoho = LiveSandbox(*COMPANY, "--frozen-clock", environment=common, folder=self.folder)
            self._running.callback(self.zoho.stop)
            self.environment = {**common, **self.zoho.settings}
            _point_here(self.zoho)
            self._manage("migrate", "--verbosity", "0")
            self._manage("sync_schedules")
            self._manage("sync_zoho", "--full")
            self.web = self._start_web()
            self._running.callback(lambda: self.web.stop())
            self.clusters = [Cluster(name, environment=self.environment, folder=self.folder) for name in (SHORT, LONG)]
            for cluster in self.clusters:
                self._running.callback(cluster.supervisor.stop, seconds=0.0)
                self._running.callback(cluster.kill)
        except BaseException:
            self._running.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.close()

    def restart_web(self) -> None:
        """Kill the web server in the middle of what it is doing, and start it again at the same address."""
        self.web.process.stop(seconds=0)
        self.web = self._start_web()

    @property
    def restarts_for_silence(self) -> int:
        """How often a supervisor found its cluster silent."""
        return sum(cluster.supervisor.log.count("cluster_without_sign_of_life") for cluster in self.clusters)

    def _start_web(self) -> Web:
        return Web(environment=self.environment, folder=self.folder, secrets=self.secrets, port=self._port)

    def _manage(self, *arguments: str) -> None:
        done = run_manage(*arguments, environment=self.environment, seconds=LOAD_SECONDS)
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-4000:]}")


def _point_here(zoho: LiveSandbox) -> None:
    """This process heals too, a day ahead, and needs the same Zoho."""
    for name, value in CREDENTIALS.items():
        setattr(settings, name, value)
    settings.ZOHO_API_URL = settings.ZOHO_ACCOUNTS_URL = zoho.url
    settings.ZOHO_REQUESTS_PER_MINUTE = settings.ZOHO_REQUESTS_PER_DAY = 1_000_000
