"""Real processes: a supervisor, a head and a worker that ignores polite requests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAD = """
import os, signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
worker = subprocess.Popen([sys.executable, "-c", deaf])
open(sys.argv[1], "a").write(f"{os.getpid()} {worker.pid}\\n")
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[2] != "leaves":
    time.sleep(60)
"""
SUPERVISOR = """
import sys
from tsh_erp.jobs.supervise import supervise
supervise([sys.executable, *sys.argv[1:]], patience=0.5, pause=0.1)
"""


def families(record: Path, *, at_least: int) -> list[list[int]]:
    """The process ids of every start so far, once there were enough of them."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        lines = record.read_text().splitlines() if record.exists() else []
        if len(lines) >= at_least:
            return [[int(pid) for pid in line.split()] for line in lines]
        time.sleep(0.05)
    raise AssertionError("the head was not started often enough")


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still there: {[pid for pid in pids if _runs(pid)]}"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def start(tmp_path: Path):
    (tmp_path / "head.py").write_text(HEAD)
    running: list[subprocess.Popen[bytes]] = []

    def begin(behaviour: str) -> tuple[subprocess.Popen[bytes], Path]:
        record = tmp_path / "record"
        running.append(subprocess.Popen([sys.executable, "-c", SUPERVISOR, tmp_path / "head.py", record, behaviour]))
        return running[-1], record

    yield begin
    for supervisor in running:
        supervisor.kill()
        supervisor.wait()


@pytest.mark.parametrize("behaviour", ["polite", "stubborn"])
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_leaves_nobody_behind(start, behaviour: str, name: signal.Signals):
    supervisor, record = start(behaviour)
    ((head, worker),) = families(record, at_least=1)

    supervisor.send_signal(name)

    assert supervisor.wait(10) == 0
    wait_until_gone([head, worker])


def test_a_head_that_ends_even_well_is_started_again_without_its_old_workers(start):
    _supervisor, record = start("leaves")

    (first, *_others) = families(record, at_least=2)

    wait_until_gone(first)


def test_a_head_that_is_killed_is_started_again(start):
    _supervisor, record = start("polite")
    ((head, worker),) = families(record, at_least=1)

    os.kill(head, signal.SIGKILL)

    families(record, at_least=2)
    wait_until_gone([head, worker])


def test_a_killed_supervisor_takes_its_head_with_it(start):
    supervisor, record = start("polite")
    ((head, worker),) = families(record, at_least=1)

    supervisor.kill()

    wait_until_gone([head])
    os.kill(worker, signal.SIGKILL)
