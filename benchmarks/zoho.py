"""A sandbox as a process of its own, without limits and with its lists rendered beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.processes import listen, running
from benchmarks.report import BenchmarkFailed

# Nobody's; the sandbox lets in whoever shows what it was started with.
CREDENTIALS = {
    "ZOHO_CLIENT_ID": "1000.BENCHMARK",
    "ZOHO_CLIENT_SECRET": "a-secret-of-the-benchmarks",  # pragma: allowlist secret
    "ZOHO_REFRESH_TOKEN": "1000.refresh.of-the-benchmarks",
    "ZOHO_ORGANIZATION_ID": "714285714",
}
WITHOUT_LIMITS = {"ZOHO_REQUESTS_PER_MINUTE": "1000000", "ZOHO_REQUESTS_PER_DAY": "100000000"}


@contextmanager
def sandbox(*, items: int, contacts: int) -> Iterator[Mapping[str, str]]:
    """A company without documents; the settings by which a process reaches it."""
    arguments = ("--port", "0", "--items", str(items), "--contacts", str(contacts), "--invoices", "0", "--frozen")
    with running(
        "manage.py", "zoho_sandbox", *arguments, environment={**CREDENTIALS, "PYTHONUNBUFFERED": "1"}
    ) as process:
        address = next((word.rstrip(":") for word in listen(process).split() if word.startswith("http")), "")
        if not address:
            raise BenchmarkFailed("the sandbox does not say where it is")
        yield {**CREDENTIALS, **WITHOUT_LIMITS, "ZOHO_ACCOUNTS_URL": address, "ZOHO_API_URL": address}


def work(environment: Mapping[str, str], *words: object) -> dict[str, Any]:
    """What `benchmarks.pull_worker` finds in a fresh process. BenchmarkFailed when it breaks."""
    with running("-m", "benchmarks.pull_worker", *(str(word) for word in words), environment=environment) as process:
        found: dict[str, Any] = json.loads(listen(process))
        if process.wait(60) != 0:
            raise BenchmarkFailed(f"{process.args!r} ended with exit code {process.returncode}")
    return found
