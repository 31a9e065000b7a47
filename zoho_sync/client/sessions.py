"""Pooled HTTP sessions, each used by one thread at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import requests
from requests.adapters import HTTPAdapter


class Sessions:
    """Lends sessions with open connections to threads; there are as many as were ever needed at once."""

    def __init__(self) -> None:
        self._idle: deque[requests.Session] = deque()
        self._pid = os.getpid()

    @contextmanager
    def borrow(self) -> Iterator[requests.Session]:
        """A session that nobody else uses meanwhile."""
        if self._pid != os.getpid():
            # A forked child must not send over its parent's connections.
            self._idle, self._pid = deque(), os.getpid()
        try:
            session = self._idle.pop()
        except IndexError:
            session = _open_session()
        try:
            yield session
        finally:
            self._idle.append(session)

    def close(self) -> None:
        """Close what is not in use; whoever comes later gets a new session."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def _open_session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_connections=2, pool_maxsize=1))
    session.mount("https://", HTTPAdapter(pool_connections=2, pool_maxsize=1))
    return session
