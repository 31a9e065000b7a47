"""The whole system, running: a web server and a django-q2 cluster on this run's database, started once for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.live.environment import Secrets, project_environment
from tests.live.processes import LiveProcess
from tests.live.sandbox import LiveSandbox
from tests.live.tables import empty_tables
from tests.live.web import Web
from tests.live.workers import Workers
from zoho_sync.audit import audit

LEASE_SECONDS = 4
ATTEMPTS = 3
COMPANY = ("--items", "30", "--contacts", "12", "--invoices", "10")


@dataclass
class Machine:
    """The machine everything runs on. Processes start when they are first asked for."""

    folder: Path
    secrets: Secrets

    def __post_init__(self) -> None:
        self._web: Web | None = None
        self._workers: Workers | None = None

    def environment(self, **settings: str) -> dict[str, str]:
        """What every process here is started with: quick retries, short leases, and `settings` over them."""
        return dict(
            project_environment(
                **{
                    "WEBHOOK_API_KEY": f"{self.secrets.api_key},{self.secrets.old_api_key}",
                    "ZOHO_WEBHOOK_SECRET": f"{self.secrets.signing},{self.secrets.old_signing}",
                    "TRUSTED_PROXIES": "127.0.0.1",
                    # Shared by the web server's processes, as the database cache is in production.
                    "CACHE_URL": f"filecache://{self.folder / 'cache'}",
                    "LOG_LEVEL": "INFO",
                    "SQLITE_TIMEOUT_SECONDS": "20",
                    "TDS_LOCK_TIMEOUT_SECONDS": str(LEASE_SECONDS),
                    "TDS_MAX_RETRY_ATTEMPTS": str(ATTEMPTS),
                    "TDS_RETRY_BASE_SECONDS": "1",
                    "TDS_RETRY_CAP_SECONDS": "1",
                }
                | settings
            )
        )

    @property
    def web(self) -> Web:
        if self._web is None:
            self._web = Web(environment=self.environment(), folder=self.folder, secrets=self.secrets)
        return self._web

    @property
    def workers(self) -> Workers:
        return self._workers or self.start_workers()

    def start_workers(self, **settings: str) -> Workers:
        """Workers with `settings`, in place of those that run."""
        self.stop_workers()
        self._workers = Workers(environment=self.environment(**settings), folder=self.folder)
        return self._workers

    def quieten(self) -> None:
        """Let running workers finish what they are at."""
        if self._workers:
            self._workers.settle()

    def stop_workers(self) -> None:
        if self._workers:
            self._workers.stop()
            self._workers = None

    def stop(self) -> None:
        self.stop_workers()
        if self._web:
            self._web.stop()

    @property
    def processes(self) -> list[LiveProcess]:
        return [one.process for one in (self._web, self._workers) if one]


@pytest.fixture(scope="package")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, written for real: pytest-django's own `db` rolls back, which other processes would not see."""
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.fixture(scope="package")
def machine(db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    one = Machine(folder=tmp_path_factory.mktemp("live"), secrets=Secrets())
    empty_tables()
    try:
        yield one
    finally:
        one.stop()
        empty_tables()


@pytest.fixture(scope="package")
def zoho(machine: Machine) -> Iterator[LiveSandbox]:
    """A small company in a sandbox."""
    sandbox = LiveSandbox(*COMPANY, environment=machine.environment(), folder=machine.folder)
    sandbox.control("tokens", most_per_window=1000)  # every test begins without a login
    yield sandbox
    sandbox.stop()


@pytest.fixture
def clean(machine: Machine) -> Iterator[None]:
    """Empty tables, and workers with nothing left to do; afterwards the books must balance."""
    machine.quieten()
    empty_tables()
    for process in machine.processes:
        process.turn_page()
    yield
    machine.quieten()
    assert {check.name: check.broken for check in audit() if not check.holds} == {}


@pytest.fixture
def web(clean: None, machine: Machine) -> Web:
    """A running web server on empty tables."""
    return machine.web


@pytest.fixture
def workers(clean: None, machine: Machine) -> Workers:
    """A running cluster of two workers on empty tables."""
    return machine.workers


@pytest.fixture
def no_workers(machine: Machine, clean: None) -> None:
    """Nobody works on the queue during this test."""
    machine.stop_workers()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A failed test shows what the processes said."""
    report = yield
    machine = getattr(item, "funcargs", {}).get("machine")
    if machine and report.failed:
        report.sections += [(process.name, process.describe()) for process in machine.processes]
    return report
