from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
import requests
from django.core.management import CommandError, call_command

LIMITS = ("--per-minute", "2", "--minute-seconds", "900", "--per-day", "9", "--at-once", "5", "--frozen")


def test_the_command_serves_until_it_is_stopped():
    process = subprocess.Popen(
        [
            sys.executable,
            "manage.py",
            "zoho_sandbox",
            "--port",
            "0",
            "--items",
            "20",
            "--fault",
            "internal_error:1",
            *LIMITS,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        line = process.stdout.readline()
        address = re.search(r"http://\S+(?=:\s|: )", line).group()
        health = requests.get(f"{address}/_control/health", timeout=5).json()
        struck = requests.get(f"{address}/inventory/v1/items", timeout=5)
        refused = [requests.get(f"{address}/books/v3/items", timeout=5) for _ in range(2)]
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)

    assert line.endswith(": 20 items, 23 contacts\n")
    assert health["records"]["item"] == 20
    assert struck.status_code == 500
    assert [answer.json()["code"] for answer in refused] == [14, 44]
    assert refused[0].headers["X-Rate-Limit-Remaining"] == "7"
    assert (process.returncode, errors) == (0, "stopped\n")


def test_an_unknown_fault_is_wrong_use():
    with pytest.raises(CommandError, match="no fault is called 'earthquake'") as caught:
        call_command("zoho_sandbox", "--port", "0", "--fault", "earthquake")

    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--fault-rate", "0.2", "--fault-kinds", "html,earthquake"], "no fault is called 'earthquake'"),
        (["--fault-rate", "2"], "2.0 is no rate"),
    ],
)
def test_chances_that_are_none_are_wrong_use(options, says):
    with pytest.raises(CommandError, match=says) as caught:
        call_command("zoho_sandbox", "--port", "0", *options)

    assert caught.value.returncode == 2
