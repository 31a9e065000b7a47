"""A site that is connected to a sandbox and works by itself, and what its people do with their hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.utils.translation import gettext, override
from playwright.sync_api import Locator, Page

from tests.browser.visitor import Visitor
from tests.end_to_end.conftest import COMPANY, Machine
from tests.live.processes import MANAGE, LiveProcess
from tests.live.sandbox import LiveSandbox
from tests.live.waiting import wait_for
from tests.live.web import Web
from tests.live.workers import Workers
from tsh_erp.jobs.ring import ring
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import OPEN

PASSWORD = "correct horse battery"
SECONDS = 60  # for what a worker or a page is to do; the machine may be busy with other things


def give_password(user: User) -> User:
    """One that the server can check: it does not know the quick hashes of tests."""
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "a salt of the tests")
    user.save(update_fields=["password"])
    return user


@dataclass
class Site:
    """A web server, a cluster for short and one for long jobs, and a sandbox that they take for Zoho."""

    machine: Machine
    zoho: LiveSandbox = field(init=False)

    def __post_init__(self) -> None:
        folder: Path = self.machine.folder
        self.zoho = LiveSandbox(*COMPANY, environment=self.machine.environment(), folder=folder)
        environment = self.machine.environment(**self.zoho.settings, LOG_LEVEL="WARNING")
        self.web = Web(environment=environment, folder=folder, secrets=self.machine.secrets)
        self.workers = Workers(environment=environment, folder=folder)
        self.long = LiveProcess(
            "long", [*MANAGE, "qcluster"], environment={**environment, "Q_CLUSTER_NAME": "long"}, folder=folder
        )
        secrets = self.machine.secrets
        self.zoho.control("webhooks", to=self.web.url, secret=secrets.signing, key=secrets.api_key)

    @property
    def url(self) -> str:
        return self.web.url

    def stop(self) -> None:
        self.long.stop(seconds=0)
        self.workers.stop()
        self.web.stop()
        self.zoho.stop()

    def describe(self) -> str:
        return "\n".join(one.describe() for one in (self.web.process, self.workers.process, self.long))

    def items(self) -> list[str]:
        """The Zoho ids of the company's goods."""
        return [record["item_id"] for record in self.zoho.control("list", module="item")]

    def ring_for(self, task: str) -> None:
        """The minute of a schedule has come: a worker does its task."""
        ring(task, at_most=1)

    def wait_for(self, look: Callable[[], object], what: str, *, seconds: float = SECONDS) -> None:
        wait_for(look, seconds=seconds, what=what, otherwise=self.describe, every=0.2)

    def end_runs(self) -> None:
        """Until no run is under way."""
        self.wait_for(lambda: not SyncRun.objects.filter(status__in=OPEN).exists(), "the runs end", seconds=180)


@dataclass
class Person:
    """Somebody at a window of the site, who reads and presses what stands there in the window's language."""

    window: Visitor

    @property
    def page(self) -> Page:
        return self.window.page

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def say(self, text: str, **values: object) -> str:
        """One of our texts as this person reads it."""
        with override(self.window.language):
            told = gettext(text)
        return told % values if values else told

    def open(self, path: str, *, status: int = 200) -> Page:
        return self.window.open_page(path, status=status)

    def log_in(self, user: User, password: str = PASSWORD) -> None:
        """By the page that everybody logs in by."""
        self.open("/admin/login/")
        self.page.locator("#id_username").fill(user.get_username())
        self.page.locator("#id_password").fill(password)
        self.page.locator("#login-form [type=submit]").click()

    def press(self, text: str) -> None:
        """A button or link with these words."""
        self.find(text).click()
        self.page.wait_for_load_state("load")

    def find(self, text: str) -> Locator:
        words = self.say(text)
        shown = self.page.get_by_role("button", name=words, exact=True)
        return shown.or_(self.page.get_by_role("link", name=words, exact=True)).first

    def press_default(self) -> None:
        """The button that does what the page is for."""
        self.page.locator(".submit-row [type=submit].default").first.click()
        self.page.wait_for_load_state("load")

    def confirm(self, **answers: str) -> None:
        """Fill in what the page asks for, and say yes."""
        for name, answer in answers.items():
            self.page.locator(f"#content [name={name}]").fill(answer)
        self.page.locator("form.confirm-operation [type=submit].default").click()
        self.page.wait_for_load_state("load")

    def choose(self, action: str, *, everything: bool = False) -> None:
        """Do an action to the rows of a list that are shown, or to all that its filter finds."""
        self.page.locator("#action-toggle").check()
        if everything:
            self.page.locator(".actions .question a").click()
        self.page.locator("select[name=action]").select_option(action)
        self.page.locator(".actions button[name=index]").click()
        self.page.wait_for_load_state("load")

    def badge(self, field: str) -> str:
        """The words of the badge in a field of a row's page."""
        return self.page.locator(f".field-{field} .badge").first.inner_text().strip()

    def wait_for_badge(self, field: str, words: str, *, seconds: float = SECONDS) -> None:
        """The badge comes to say so by itself: nothing is reloaded by hand."""
        badge = self.page.locator(f".field-{field} .badge").first
        badge.filter(has_text=words).wait_for(timeout=seconds * 1000)

    def follow(self, link: str, to: str) -> None:
        """Press the link that this selector finds; it leads to an address that ends so, whatever its query."""
        self.page.locator(link).first.click()
        self.arrive(to)

    def arrive(self, at: str) -> None:
        self.page.wait_for_url(lambda url: urlsplit(url).path.endswith(at))

    def message(self) -> str:
        """What the page says at its head about what was done."""
        return self.page.locator("ul.messagelist").inner_text()

    def assert_page_is_in_order(self, *, axe: bool = True) -> None:
        """Nothing of what must not be on any page."""
        self.window.assert_no_sideways_scroll()
        if axe:
            self.window.assert_no_axe_findings()
        self.window.assert_no_csp_or_foreign_requests()
