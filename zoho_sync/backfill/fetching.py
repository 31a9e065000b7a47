"""Fetch whole records in a few threads: they only ask Zoho; what comes of it is applied by their owner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connections
from django.utils import timezone

from zoho_sync.client import configured_client
from zoho_sync.client.reading import DETAILS_AT_ONCE
from zoho_sync.entities import Entity, modified_at
from zoho_sync.errors import LimitReached, OrganisationMustWait, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Priority
from zoho_sync.refetch import fetch_record

MOST_THREADS = 4
# A limit that ends within this time is waited for, so often; the client itself has already waited for its turn.
PATIENCE_SECONDS, TRIES = 120.0, 3
LEAVE_SECONDS = 5.0  # for requests that nobody needs any more


@dataclass
class Answer:
    """What became of a chunk of records: found (or confirmed gone), failed and why, or not asked for at all.

    `stopped_by` holds for all that are still to be asked for; `broken` is an error that nobody foresaw.
    """

    found: list[Observation] = field(default_factory=list)
    failed: dict[str, SyncError] = field(default_factory=dict)
    stopped_by: OrganisationMustWait | None = None
    broken: BaseException | None = None


def chunk_size(entity: Entity) -> int:
    """How many records of the entity one request brings."""
    return DETAILS_AT_ONCE if entity.module == "item" else 1


def threads() -> int:
    """As many as may call at once, less the one that is kept for what is urgent."""
    return max(1, min(MOST_THREADS, settings.ZOHO_MAX_CONCURRENT - 1))


def fetch(entity: Entity, zoho_ids: Sequence[str]) -> Answer:
    """Ask Zoho for these records, in one request where it knows one."""
    return _fetch_items(entity, zoho_ids) if entity.module == "item" else _fetch_each(entity, zoho_ids)


def _fetch_each(entity: Entity, zoho_ids: Sequence[str]) -> Answer:
    answer = Answer()
    for zoho_id in zoho_ids:
        try:
            answer.found.append(fetch_record(entity, zoho_id, priority=Priority.BACKFILL))
        except OrganisationMustWait:
            raise
        except SyncError as error:
            answer.failed[zoho_id] = error
    return answer


def _fetch_items(entity: Entity, zoho_ids: Sequence[str]) -> Answer:
    answer, asked_at = Answer(), timezone.now()
    try:
        found, gone = configured_client(Priority.BACKFILL).fetch_items(zoho_ids)
    except OrganisationMustWait:
        raise
    except SyncError as error:
        return Answer(failed=dict.fromkeys(zoho_ids, error))
    for zoho_id in zoho_ids:
        if zoho_id in gone:
            answer.found.append(Observation(zoho_id=zoho_id, kind=Kind.GONE, observed_at=asked_at, confirmed=True))
            continue
        try:
            answer.found.append(
                Observation(
                    zoho_id=zoho_id,
                    kind=Kind.DETAIL,
                    payload=found[zoho_id],
                    modified_at=modified_at(entity, found[zoho_id]),
                    observed_at=asked_at,
                )
            )
        except KeyError:
            answer.failed[zoho_id] = TemporaryError("Zoho left it out of its answer")
        except SyncError as error:
            answer.failed[zoho_id] = error
    return answer


class Fetchers:
    """Threads that fetch chunks of records: `with Fetchers(entity) as fetchers: fetchers.ask(ids); fetchers.take()`."""

    def __init__(self, entity: Entity, *, count: int | None = None) -> None:
        self._entity = entity
        self._asked: SimpleQueue[Sequence[str] | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(name=f"backfill-{number}", target=self._work, daemon=True)
            for number in range(count or threads())
        ]
        self.open = 0  # chunks that were asked for and not taken
        self.wanted = 2 * len(self._threads)  # open chunks that keep every thread busy

    def ask(self, zoho_ids: Sequence[str]) -> None:
        self.open += 1
        self._asked.put(zoho_ids)

    def take(self, *, seconds: float) -> Answer | None:
        """The next answer, in whatever order they come; None if none came in time. Raises what broke a thread."""
        try:
            answer = self._answers.get(timeout=seconds)
        except Empty:
            return None
        self.open -= 1
        if answer.broken:
            raise answer.broken
        return answer

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        for _ in self._threads:
            self._asked.put(None)
        until = time.monotonic() + LEAVE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        try:
            while (zoho_ids := self._asked.get()) is not None:
                self._answers.put(self._answer(zoho_ids))
        finally:
            # The client looks into the database; this thread's connection ends with it.
            connections.close_all()

    def _answer(self, zoho_ids: Sequence[str]) -> Answer:
        if self._stop.is_set():
            return Answer()  # another thread was told to stop, and its answer says so
        try:
            return self._patiently(lambda: fetch(self._entity, zoho_ids))
        except OrganisationMustWait as error:
            self._stop.set()
            return Answer(stopped_by=error)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is taken
            self._stop.set()
            return Answer(broken=error)

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        for _ in range(TRIES):
            try:
                return ask()
            except LimitReached as error:
                pause = 1.0 if error.retry_after is None else max(error.retry_after, 0.1)
                if pause > PATIENCE_SECONDS or self._stop.wait(pause):
                    raise
        return ask()
