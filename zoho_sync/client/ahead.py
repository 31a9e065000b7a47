"""Fetch numbered pages in threads of their own, a few ahead of the one that is being worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from django.db import connections

A = TypeVar("A")

# How long to wait for requests that nobody needs any more, so that an interrupted program ends soon.
PATIENCE_SECONDS = 2.0


class PagesAhead(Generic[A]):
    """Pages by number, each fetched once: the first here and now, the others meanwhile, in threads.

    At most `at_once` pages are fetched before they are taken, concurrently as far as the list went
    last time (`expected` pages), and beyond that one after the other, as each says whether it
    `goes_on`: so that next to no page is asked for in vain. With `at_once` 1 there are no threads.

    An error of a page is raised when it is taken, not before. What is not taken when the block ends
    is thrown away.
    """

    def __init__(
        self, fetch: Callable[[int], A], *, goes_on: Callable[[A], bool], at_once: int, expected: int = 0
    ) -> None:
        self._fetch, self._goes_on, self._at_once = fetch, goes_on, at_once
        self._sure, self._next, self._furthest = expected, 0, 0
        self._asked: dict[int, Future[A]] = {}
        self._waiting: SimpleQueue[tuple[int, Future[A]] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        self._lock = threading.Lock()

    def take(self, number: int) -> A:
        """The page, and the word to fetch those behind it. Pages are taken in their order."""
        with self._lock:
            future = self._asked.pop(number, None)
        answer = self._fetch(number) if future is None else future.result()
        with self._lock:
            self._next, self._furthest = max(self._next, number + 1), number + self._at_once
            self._learn(number, answer)
            self._ask()
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._sure = 0
            for future in self._asked.values():
                future.cancel()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    # --- with the lock held ---------------------------------------------------------------------

    def _learn(self, number: int, answer: A) -> None:
        """How far the list goes for sure."""
        self._sure = max(self._sure, number + 1) if self._goes_on(answer) else min(self._sure, number)

    def _ask(self) -> None:
        while self._at_once > 1 and self._next <= min(self._sure, self._furthest):
            future: Future[A] = Future()
            self._asked[self._next] = future
            self._waiting.put((self._next, future))
            self._next += 1
            self._unfinished += 1
            if len(self._threads) < min(self._unfinished, self._at_once):
                thread = threading.Thread(name=f"zoho-page-{len(self._threads)}", target=self._work, daemon=True)
                self._threads.append(thread)
                thread.start()

    # --- in the threads -------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while task := self._waiting.get():
                self._fetch_for(*task)
        finally:
            # The client looks into the database; this thread's connection ends with it.
            connections.close_all()

    def _fetch_for(self, number: int, future: Future[A]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            answer = self._fetch(number)
        except BaseException as error:  # noqa: BLE001 - it is raised where the page is taken
            with self._lock:
                self._unfinished -= 1
            future.set_exception(error)
            return
        with self._lock:
            self._unfinished -= 1
            if self._sure:  # the block has not ended
                self._learn(number, answer)
                self._ask()
        future.set_result(answer)
