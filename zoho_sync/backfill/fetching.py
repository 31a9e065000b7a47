"""Fetch whole records in a few threads: they only ask Zoho; what comes of it is applied by their owner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from django.conf import settings

from zoho_sync import stock
from zoho_sync.client import configured_client
from zoho_sync.client.reading import DETAILS_AT_ONCE
from zoho_sync.client.threads import Threads
from zoho_sync.entities import Entity
from zoho_sync.errors import LimitReached, OrganisationMustWait, PermanentError, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.models import Priority
from zoho_sync.refetch import fetch_record
from zoho_sync.safety_share import GoneCount

MOST_THREADS = 4
# A limit that ends within this time is waited for, so often; the client itself has already waited for its turn.
PATIENCE_SECONDS, TRIES = 120.0, 3
LEAVE_SECONDS = 5.0  # for requests that nobody needs any more


@dataclass
class Answer:
    """What became of a chunk of records: found (or confirmed gone), failed and why, or not asked for at all.

    `stopped_by` holds for all that are still to be asked for.
    """

    found: list[Observation] = field(default_factory=list)
    failed: dict[str, SyncError] = field(default_factory=dict)
    stopped_by: SyncError | None = None


def chunk_size(entity: Entity) -> int:
    """How many records of the entity one request brings."""
    return DETAILS_AT_ONCE if entity.module == "item" else 1


def threads() -> int:
    """As many as may call at once, less the one that is kept for what is urgent."""
    return max(1, min(MOST_THREADS, settings.ZOHO_MAX_CONCURRENT - 1))


def fetch(entity: Entity, zoho_ids: Sequence[str], gone: GoneCount) -> Answer:
    """Ask Zoho for these records, in one request where it knows one. What is gone is counted at once."""
    return _fetch_items(zoho_ids, gone) if entity.module == stock.MODULE else _fetch_each(entity, zoho_ids, gone)


def _fetch_each(entity: Entity, zoho_ids: Sequence[str], gone: GoneCount) -> Answer:
    answer = Answer()
    for zoho_id in zoho_ids:
        try:
            found = fetch_record(entity, zoho_id, priority=Priority.BACKFILL)
        except OrganisationMustWait:
            raise
        except SyncError as error:
            answer.failed[zoho_id] = error
            continue
        answer.found.append(found)
        if found.kind is Kind.GONE:
            gone.note(zoho_id)
    return answer


def _fetch_items(zoho_ids: Sequence[str], gone: GoneCount) -> Answer:
    zoho = configured_client(Priority.BACKFILL)
    try:
        details = stock.fetch_details(zoho, zoho_ids, goes_on=gone.goes_on, note_gone=gone.note)
    except PermanentError as error:
        return Answer(stopped_by=error)  # not about these items
    answer = Answer(found=list(details.found.values()), failed=details.failed)
    if gone.goes_on():
        left_out = [one for one in zoho_ids if one not in details.found and one not in details.failed]
        answer.failed |= {one: TemporaryError("Zoho left it out of its answer") for one in left_out}
    return answer


class Fetchers:
    """Threads that fetch chunks of records, until they are told to stop or too many of these are gone.

    `with Fetchers(entity, gone) as fetchers: fetchers.ask(ids); fetchers.take(seconds=20)`.
    """

    def __init__(self, entity: Entity, gone: GoneCount) -> None:
        self._entity, self._gone = entity, gone
        self._answers: SimpleQueue[Future[Answer]] = SimpleQueue()
        self._stop = threading.Event()
        self._threads = Threads(threads(), name="backfill", patience=LEAVE_SECONDS)
        self.open = 0  # chunks that were asked for and not taken
        self.wanted = 2 * threads()  # open chunks that keep every thread busy

    def ask(self, zoho_ids: Sequence[str]) -> None:
        self.open += 1
        self._threads.submit(lambda: self._answer(zoho_ids)).add_done_callback(self._answers.put)

    def take(self, *, seconds: float) -> Answer | None:
        """The next answer, in whatever order they come; None if none came in time. Raises what broke a thread."""
        try:
            answered = self._answers.get(timeout=seconds)
        except Empty:
            return None
        self.open -= 1
        return answered.result()

    def __enter__(self) -> Self:
        self._threads.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._threads.__exit__(kind, error, traceback)

    def _answer(self, zoho_ids: Sequence[str]) -> Answer:
        if self._stop.is_set() or not self._gone.goes_on():
            return Answer()  # another thread was told to stop, and its answer says so
        try:
            answer = self._patiently(lambda: fetch(self._entity, zoho_ids, self._gone))
        except OrganisationMustWait as error:
            answer = Answer(stopped_by=error)
        except BaseException:  # raised where the answer is taken
            self._stop.set()
            raise
        if answer.stopped_by:
            self._stop.set()
        return answer

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        for _ in range(TRIES):
            try:
                return ask()
            except LimitReached as error:
                pause = 1.0 if error.retry_after is None else max(error.retry_after, 0.1)
                if pause > PATIENCE_SECONDS or self._stop.wait(pause):
                    raise
        return ask()
