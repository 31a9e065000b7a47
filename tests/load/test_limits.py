"""Four processes pull at once from a Zoho that enforces its limits: never refused, one token, hardly any time lost."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from tests.live.environment import project_environment
from tests.live.processes import PYTHON, ROOT
from zoho_sandbox.limits import Limits
from zoho_sandbox.server import Sandbox
from zoho_sync.client.usage import read_usage
from zoho_sync.models import ApiSlot, ZohoConnection

PROCESSES = 4
# A hundred requests a minute, ten times as fast.
PER_MINUTE, MINUTE_SECONDS = 100, 6.0
AT_ONCE = 5
LEAST_SHARE = 0.85


@pytest.fixture
def zoho(transactional_db: None) -> Iterator[Sandbox]:
    limits = Limits(per_minute=PER_MINUTE, minute_seconds=MINUTE_SECONDS, at_once=AT_ONCE, per_day=100_000)
    with Sandbox(limits=limits) as sandbox:
        yield sandbox


def start_pulling(zoho: Sandbox, seconds: float) -> list[subprocess.Popen[str]]:
    """Processes that have said that they are ready."""
    known = zoho.credentials
    environment = project_environment(
        ZOHO_CLIENT_ID=known.client_id,
        ZOHO_CLIENT_SECRET=known.client_secret,
        ZOHO_REFRESH_TOKEN=known.refresh_token,
        ZOHO_ORGANIZATION_ID=known.organization_id,
        ZOHO_ACCOUNTS_URL=zoho.address,
        ZOHO_API_URL=zoho.address,
        ZOHO_REQUESTS_PER_MINUTE=str(int(PER_MINUTE * 60 / MINUTE_SECONDS)),
        ZOHO_REQUESTS_PER_DAY="100000",
        ZOHO_MAX_CONCURRENT=str(AT_ONCE),
        LOG_LEVEL="ERROR",
    )
    started = [
        subprocess.Popen(
            [PYTHON, "-m", "tests.load.pulling", str(seconds)],
            cwd=ROOT,
            env={**environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n", process.communicate(timeout=10)[0]
    return started


def pull(zoho: Sandbox, seconds: float) -> list[dict[str, Any]]:
    """What each process says of its work; half-way through every token is made worthless."""
    processes = start_pulling(zoho, seconds)
    try:
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        time.sleep(seconds / 2)
        zoho.control.expire_tokens()
        return [json.loads(process.communicate(timeout=seconds + 60)[0].splitlines()[-1]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("seconds", [pytest.param(8.0), pytest.param(60.0, marks=pytest.mark.slow)])
@pytest.mark.lesson("L33")
def test_four_processes_keep_every_limit_together(zoho, seconds):
    told = pull(zoho, seconds)

    stats = zoho.stats()
    requests = stats["requests"]
    assert [one["errors"] for one in told] == [[]] * PROCESSES
    assert requests["limited"] == 0, requests
    assert requests["most_per_minute"] <= PER_MINUTE
    assert requests["most_at_once"] <= AT_ONCE
    assert stats["tokens"]["issued"] == 2  # the first, and one for the one that was made worthless
    assert sum(one["calls"] for one in told) == requests["total"]

    allowed = PER_MINUTE / MINUTE_SECONDS
    assert requests["total"] / requests["seconds"] >= LEAST_SHARE * allowed, requests

    row = ZohoConnection.objects.get()
    assert row.calls_today == requests["total"] == read_usage(row, at=timezone.now()).used
    assert not ApiSlot.objects.filter(token__isnull=False).exists()
