"""gunicorn's hooks; it finds this file by itself where it is started in this folder.

Its processes count requests together in a folder of files (Prometheus' multiprocess mode), which is
empty when they start: what an earlier start counted is no business of this one.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_own: list[str] = []


def on_starting(server: Any) -> None:
    """In the master, before there are workers. A folder of our own, unless the operator names one."""
    if given := os.environ.get(FOLDER):
        Path(given).mkdir(parents=True, exist_ok=True)
        for file in Path(given).glob("*.db"):
            file.unlink(missing_ok=True)
        return
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="tsh_erp_metrics_")
    _own.append(os.environ[FOLDER])


def post_fork(server: Any, worker: Any) -> None:
    """In each worker: the folder is there, even where somebody tidies up temporary files."""
    Path(os.environ[FOLDER]).mkdir(parents=True, exist_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """What a worker counted stays, what it measured at the moment (gauges) goes with it."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    for folder in _own:
        shutil.rmtree(folder, ignore_errors=True)
