"""Pages asked for through the web server, by somebody who has signed in."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.test import Client

from benchmarks.report import BenchmarkFailed


@dataclass(frozen=True)
class Asked:
    """Milliseconds that each request took, and the bytes of the last answer before compression."""

    milliseconds: list[float]
    size: int


def sign_in() -> str:
    """The cookies of a superuser."""
    client = Client()
    client.force_login(User.objects.create_superuser("benchmark"))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def ask(port: int, path: str, headers: Mapping[str, str], *, times: int) -> Asked:
    """Ask for a page so many times, one after the other. BenchmarkFailed when one was not answered 200."""
    taken, size = [], 0
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(times):
        started = time.perf_counter()
        server.request("GET", path, headers=dict(headers))
        answer = server.getresponse()
        body = answer.read()
        taken.append((time.perf_counter() - started) * 1000)
        size = len(body)
        if answer.status != 200:
            raise BenchmarkFailed(f"{path} was answered {answer.status}: {body[:300]!r}")
    server.close()
    return Asked(taken, size)
