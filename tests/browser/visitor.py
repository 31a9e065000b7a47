"""Somebody in front of a browser: opens pages of the running site, and notices what must not happen on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.live.processes import ROOT

SCREENSHOTS = ROOT / "var" / "screenshots"
AXE = Path(__file__).with_name("axe.min.js")
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
DESK, PHONE = (1366, 900), (390, 844)
SERIOUS = ("serious", "critical")
LOCALES = {"ar": "ar-IQ", "en": "en-GB"}
# What is named in Latin letters wherever it is read; the way to the other language names itself.
NAMES = ("English", "Zoho")
OVERFLOWING = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const outside = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && (box.right > width + 1 || box.left < -1) && !one.closest(".scroll, .results");
  });
  return outside.slice(0, 5).map((one) => `${one.tagName}#${one.id}.${one.className}`.slice(0, 120)).concat("page");
}"""
LATIN_TEXT = """(words) => {
  const known = new Set(words);
  const skipped = "script, style, pre, code, bdi, time, .ltr, [lang=en], svg.base-svgs, option";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const { textContent, parentElement } = walker.currentNode;
    if (!textContent.trim() || parentElement.closest(skipped)) continue;
    for (const word of textContent.match(/[A-Za-z][a-z]{2,}/g) ?? []) if (!known.has(word)) found.add(word);
  }
  return [...found];
}"""


@dataclass
class Visitor:
    """A page in one language, colour scheme and size. `log_in` comes with a session, without the login page."""

    page: Page
    context: BrowserContext
    site: str
    language: str
    broken_rules: list[str] = field(default_factory=list)
    asked_elsewhere: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("request", self._watch)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def log_in(self, user: User) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.site}])

    def open_page(self, path: str, *, status: int = 200) -> Page:
        """Go there, and wait until everything on it is loaded."""
        answer = self.page.goto(self.site + path, wait_until="load")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        return self.page

    def assert_no_axe_findings(self, *, but: Mapping[str, str] | None = None) -> None:
        """axe-core finds nothing serious; `but` names rules that do not hold here, with the reason."""
        rules = {rule: {"enabled": False} for rule in but or {}}
        with self._own_doing():
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
            found = self.page.evaluate("(rules) => axe.run(document, {rules, resultTypes: ['violations']})", rules)
        told = [
            f"{one['impact']} {one['id']}: {one['help']}\n"
            + "\n".join(f"  {node['html'][:200]}  {node.get('failureSummary', '')[:300]}" for node in one["nodes"][:4])
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]
        assert not told, "\n".join([self.page.url, *told])

    def assert_no_sideways_scroll(self) -> None:
        wide = self.page.evaluate(OVERFLOWING)
        assert not wide, "\n".join([self.page.url, *wide])

    def assert_no_csp_or_foreign_requests(self) -> None:
        """Since the visitor came: nothing forbidden was tried, nobody else was asked, no script failed."""
        told = [*self.broken_rules, *self.asked_elsewhere, *self.errors]
        assert not told, "\n".join(told)

    def assert_no_latin_words(self, known: Iterable[str]) -> None:
        """On an Arabic page: no word stands in Latin letters but `known` ones, and codes and names in <bdi>."""
        words = self.page.evaluate(LATIN_TEXT, [*NAMES, *known])
        assert not words, f"{self.page.url}: {words}"

    def screenshot(self, name: str) -> Path:
        """The whole page, as var/screenshots/<name>.png."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        file = SCREENSHOTS / f"{name}.png"
        with self._own_doing():
            self.page.screenshot(path=file, full_page=True)
        return file

    @contextmanager
    def _own_doing(self) -> Iterator[None]:
        """axe and the camera try inline styles of their own, which the page is not to blame for."""
        before = len(self.broken_rules)
        yield
        self.page.wait_for_timeout(50)  # what was refused is told a moment later
        del self.broken_rules[before:]

    def _hear(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.broken_rules.append(message.text)
        elif message.type == "error" and "status of 4" not in message.text:
            self.errors.append(message.text)

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.site).netloc:
            self.asked_elsewhere.append(request.url)


@contextmanager
def visit(
    browser: Browser,
    site: str,
    *,
    language: str = "en",
    scheme: str = "light",
    size: tuple[int, int] = DESK,
    javascript: bool = True,
) -> Iterator[Visitor]:
    """A fresh browser window."""
    options: dict[str, Any] = {
        "locale": LOCALES[language],
        "timezone_id": "Asia/Baghdad",
        "color_scheme": scheme,
        "viewport": {"width": size[0], "height": size[1]},
        "java_script_enabled": javascript,
        "reduced_motion": "reduce",
    }
    context = browser.new_context(**options)
    try:
        yield Visitor(context.new_page(), context, site, language)
    finally:
        context.close()
