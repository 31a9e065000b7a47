"""What people are told of a run: how far it has come (on a terminal only, never on stdout), and what failed."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from zoho_sync.models import SyncRun

SHOWN_ERRORS = 10


def errors_of(run: SyncRun) -> list[str]:
    """What went wrong with the run and its records, one line for each, the first few of them."""
    records = [f"{one['zoho_id']}: {one['error']}" for one in run.checkpoint.get("errors", ()) if one["zoho_id"]]
    told = list(dict.fromkeys([*([run.error] if run.error else []), *records]))
    more = [f"{run.failed} failed in all; see run {run.pk}"] if run.pk and run.failed > SHOWN_ERRORS else []
    return [*told[:SHOWN_ERRORS], *more]


class RunBar:
    """A bar for one run: `with RunBar("invoice") as bar: perform(run, track=bar.show)`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._progress: Progress | None = None
        self._began: tuple[float, int] | None = None  # when it was first shown, and how much was done by then
        if sys.stderr.isatty():
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._progress.add_task(name, total=None)
        self._context: AbstractContextManager[object] = self._progress or nullcontext()

    def show(self, run: SyncRun) -> None:
        if self._progress:
            began = self._began = self._began or (time.monotonic(), run.seen)
            seconds = time.monotonic() - began[0]
            rate = f"{(run.seen - began[1]) / seconds:,.0f}/s, " if seconds > 1 else ""
            told = f"{self._name}: {rate}{run.failed} failed, {run.calls} calls"
            total = max(run.expected, run.seen) if run.expected else None
            self._progress.update(self._task, description=told, completed=run.seen, total=total)

    def __enter__(self) -> Self:
        self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)
