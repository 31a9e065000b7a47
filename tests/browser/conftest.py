"""Running sites and a Chromium in front of them: one with a furnished company, one that a sandbox keeps busy."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import Browser, sync_playwright

from tests.browser.company import furnish
from tests.browser.journeys import PASSWORD, Person, Site
from tests.browser.visitor import ARGUMENTS, CHROMIUM, Visitor, visit
from tests.end_to_end.conftest import Machine
from tests.live.environment import Secrets
from tests.live.tables import empty_tables

Visit = Callable[..., Visitor]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, written for real, since the server must see it. Playwright's loop runs in this very thread,
    which Django would take for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with django_db_blocker.unblock():
        yield
        connection.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def machine(db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine of each module's own, on empty tables."""
    one = Machine(folder=tmp_path_factory.mktemp("browser"), secrets=Secrets())
    empty_tables()
    try:
        yield one
    finally:
        one.stop()
        empty_tables()


@pytest.fixture(scope="module")
def site(machine: Machine) -> str:
    """The address of a server with a furnished company."""
    furnish()
    return machine.web.url


@pytest.fixture(scope="module")
def busy(machine: Machine) -> Iterator[Site]:
    """A site that a sandbox tells of all that happens."""
    one = Site(machine)
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def owner(machine: Machine) -> User:
    """Who may do everything."""
    return User.objects.create_superuser("owner", "owner@example.com", PASSWORD)


@pytest.fixture
def visitor(chromium: Browser, site: str) -> Iterator[Visit]:
    """Opens windows, which close by themselves: `visitor(language="ar", scheme="dark", size=PHONE)`."""
    with ExitStack() as windows:
        open_window = functools.partial(visit, chromium, site)
        yield lambda **options: windows.enter_context(open_window(**options))


@pytest.fixture(params=["ar", "en"])
def person(request: pytest.FixtureRequest, chromium: Browser, busy: Site) -> Iterator[Person]:
    """Somebody at the busy site, once in each language."""
    with visit(chromium, busy.url, language=request.param) as window:
        window.page.set_default_timeout(30_000)
        yield Person(window)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A failed test shows what the processes said."""
    report = yield
    site = getattr(item, "funcargs", {}).get("busy")
    if site and report.failed:
        report.sections.append(("the processes", site.describe()))
    return report
