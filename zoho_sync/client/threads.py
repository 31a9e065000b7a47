"""A few threads that ask Zoho, and that keep nobody waiting who has no more use for the answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeVar

from django.db import connections

R = TypeVar("R")


class Threads:
    """Do work in up to `at_once` threads, begun as they are needed: `with Threads(3, name="stock") as threads: …`.

    When the block ends, what was not begun is cancelled, and what is under way is waited for `patience` seconds in
    all; it may then go on by itself, and no program waits for it to end.
    """

    def __init__(self, at_once: int, *, name: str, patience: float) -> None:
        self._at_once, self._name, self._patience = at_once, name, patience
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._is_over = threading.Event()

    def submit(self, work: Callable[[], R]) -> Future[R]:
        """Have it done; what it returns or raises is the future's."""
        future: Future[R] = Future()
        self._tasks.put(lambda: self._settle(future, work))
        if len(self._threads) < self._at_once:
            thread = threading.Thread(name=f"{self._name}-{len(self._threads)}", target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_over.set()
        for _ in self._threads:
            self._tasks.put(None)
        until = time.monotonic() + self._patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    # --- in the threads -------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while task := self._tasks.get():
                task()
        finally:
            # The client looks into the database; this thread's connection ends with it.
            connections.close_all()

    def _settle(self, future: Future[R], work: Callable[[], R]) -> None:
        if self._is_over.is_set():
            future.cancel()
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is taken
            future.set_exception(error)
        else:
            future.set_result(result)
