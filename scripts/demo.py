"""The part of `make run` that makes things happen: loads the sandbox's catalogue, then lets its company live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings

from scripts.prepare import PASSWORD_FILE, SANDBOX_PORT

SANDBOX = f"http://127.0.0.1:{SANDBOX_PORT}"
WEB = f"http://127.0.0.1:{os.environ.get('WEB_PORT', '8000')}"
SECONDS_BETWEEN_HAPPENINGS = 4
# What the admin should show first; documents follow.
LOADS: tuple[tuple[str, ...], ...] = (
    ("sync_zoho", "item", "contact", "--full"),
    ("sync_stock", "--mode", "full"),
    ("sync_zoho",),
    ("demo_shop",),
    ("zoho_backfill",),
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsh_erp.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _wait_for(f"{WEB}/health")
    if settings.ZOHO_API_URL != SANDBOX:
        _say(_banner(f"Zoho at {settings.ZOHO_API_URL}; the sandbox is idle"))
        signal.pause()
    _wait_for(f"{SANDBOX}/_control/health")
    _say(_banner(f"the sandbox at {SANDBOX}"))
    for command in LOADS:
        _say(f"Loading from the sandbox: {' '.join(command)} ...")
        subprocess.run([sys.executable, "manage.py", *command], check=False)  # noqa: S603 (fixed words)
    _say(f"Loaded. From now on something happens every {SECONDS_BETWEEN_HAPPENINGS} seconds: watch {WEB}/admin/")
    while True:
        time.sleep(SECONDS_BETWEEN_HAPPENINGS)
        _let_something_happen()


def _let_something_happen() -> None:
    answer: dict[str, Any] = _ask(lambda: requests.post(f"{SANDBOX}/_control/tick", json={}, timeout=10).json()) or {}
    for change in answer.get("result") or ():
        _say(f"Zoho says: {change['module']} {change['id']} {change['event']}")


def _wait_for(url: str) -> None:
    while not _ask(lambda: requests.get(url, timeout=5).ok):
        time.sleep(0.3)


def _ask(question: Callable[[], Any]) -> Any:
    """The answer, or None while nobody answers."""
    try:
        return question()
    except (requests.RequestException, ValueError):
        return None


def _banner(source: str) -> str:
    password = PASSWORD_FILE.read_text(encoding="utf-8").strip() if PASSWORD_FILE.exists() else "(yours)"
    lines = (
        f"{settings.APP_NAME} is running, with {source}",
        "",
        f"  Admin   {WEB}/admin/      user admin, password {password}",
        f"  API     {WEB}/api/docs/",
        f"  Health  {WEB}/health",
        f"  Phones  {WEB}/api/mobile/home; who can sign in is said below, once the shop is set up",
        "",
        "Ctrl-C stops everything.",
    )
    rule = "=" * 78
    return "\n".join(("", rule, *lines, rule))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
