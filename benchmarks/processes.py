"""The processes of a measurement: the web server, the cluster, drains and load generators. Each is stopped again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.load import ACCEPTED, Job, Sample
from benchmarks.report import BenchmarkFailed

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
STOP_SECONDS = 30


@contextmanager
def running(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """`python …` as a process group of its own, with pipes to its stdin and stdout; stopped in the end."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


@contextmanager
def gunicorn(*, workers: int = 2) -> Iterator[int]:
    """The web server as in production, but with the benchmarks' addresses; its port."""
    port = _free_port()
    arguments = ("-m", "gunicorn", "tsh_erp.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", str(workers))
    with running(*arguments, "--log-level", "warning") as process:
        wait_until(lambda: _answers(port), process, what="gunicorn")
        yield port


@contextmanager
def qcluster() -> Iterator[None]:
    """The project's own cluster; it has done a task for each of its workers when we begin."""
    from django.conf import settings
    from django_q.models import OrmQ, Success
    from django_q.tasks import async_task

    with running("manage.py", "qcluster") as process:
        asked = {async_task("time.sleep", 0.2, save=True) for _ in range(2 * settings.TDS_WORKERS)}
        wait_until(lambda: Success.objects.filter(pk__in=asked).count() == len(asked), process, what="qcluster")
        wait_until(lambda: not OrmQ.objects.exists(), process, what="qcluster's queue")
        yield


def post_items(
    port: int, path: str, *, key: str, first: int, seconds: float, connections: int, rate: float = 0
) -> list[Sample]:
    """Post items from `connections` processes for `seconds`: at `rate` a second in all, or as fast as answers come.

    Item numbers begin at `first` and are all different. BenchmarkFailed when one was not accepted.
    """
    with start_posting(
        port, path, key=key, first=first, seconds=seconds, connections=connections, rate=rate
    ) as collect:
        return collect()


@contextmanager
def start_posting(
    port: int, path: str, *, key: str, first: int, seconds: float, connections: int, rate: float = 0
) -> Iterator[Callable[[], list[Sample]]]:
    """`post_items` that goes on while the block runs; call what it gives to wait for the samples."""
    interval = connections / rate if rate else 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        generators = []
        for number in range(connections):
            job = Job(
                port=port,
                path=path,
                key=key,
                output=str(Path(folder) / f"{number}.json"),
                first=first + number,
                step=connections,
                seconds=seconds,
                interval=interval,
                offset=number / rate if rate else 0,
            )
            process = stack.enter_context(running("-m", "benchmarks.load"))
            say(process, json.dumps(asdict(job)))
            generators.append((process, Path(job.output)))
        for process, _ in generators:
            listen(process)
        for process, _ in generators:
            say(process, "go")
        yield lambda: _collect(generators)


def _collect(generators: Sequence[tuple[subprocess.Popen[str], Path]]) -> list[Sample]:
    samples = []
    for process, output in generators:
        if process.wait() != 0:
            raise BenchmarkFailed("a load generator broke")
        samples += [Sample(*row) for row in json.loads(output.read_text(encoding="utf-8"))]
    if refused := [sample for sample in samples if sample.status != ACCEPTED]:
        statuses = sorted({sample.status for sample in refused})
        raise BenchmarkFailed(f"{len(refused)} of {len(samples)} requests were answered {statuses}")
    return samples


def say(process: subprocess.Popen[str], line: str) -> None:
    """Write a line to the process."""
    if process.stdin is None:
        raise BenchmarkFailed("the process takes no words")
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def listen(process: subprocess.Popen[str]) -> str:
    """The next line the process says. BenchmarkFailed when it ended instead."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise BenchmarkFailed(f"a process ended early with exit code {process.wait()}: {process.args!r}")
    return line


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[str], *, what: str) -> None:
    """Wait until `is_so`. BenchmarkFailed when the process ends or it takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not is_so():
        if process.poll() is not None:
            raise BenchmarkFailed(f"{what} ended with exit code {process.returncode}")
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{what} was not ready after {START_SECONDS} seconds")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
