"""Whole items, a hundred to a call, and a few calls ahead of whoever applies them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.utils import timezone

from zoho_sync.client import Client, NoSuchAddress, Payload
from zoho_sync.client.reading import DETAILS_AT_ONCE
from zoho_sync.client.threads import Threads
from zoho_sync.entities import BY_MODULE, modified_at
from zoho_sync.errors import (
    NotConfigured,
    OrganisationMustWait,
    PermanentError,
    SenselessAnswer,
    SyncError,
    TemporaryError,
)
from zoho_sync.mirror import Kind, Observation
from zoho_sync.stock.naming import MODULE

C = TypeVar("C")
R = TypeVar("R")

ITEM = BY_MODULE[MODULE]
BEAT_SECONDS = 20.0
LEAVE_SECONDS = 2.0  # for calls that nobody needs any more, so that an interrupted program ends soon
# So many items that are refused alone, from both ends, before any call is answered: it is not the items.
MOST_REFUSED = 6
# Refusals that are about the call, whatever items it names.
OF_THE_CALL = (SenselessAnswer, NoSuchAddress, NotConfigured)


@dataclass
class Details:
    """What Zoho answered by Zoho id: the item, or that it is gone; which items could not be read, and why.

    `payloads` are the answers among these that cannot be understood. An item that is in neither was left out.
    """

    found: dict[str, Observation] = field(default_factory=dict)
    failed: dict[str, SyncError] = field(default_factory=dict)
    payloads: dict[str, Payload] = field(default_factory=dict)


def fetch_details(
    zoho: Client,
    zoho_ids: Sequence[str],
    *,
    now: Callable[[], datetime] = timezone.now,
    goes_on: Callable[[], bool] = lambda: True,
    note_gone: Callable[[str], None] = lambda zoho_id: None,
    halves: bool = True,
) -> Details:
    """These items as Zoho has them now, in one call for each hundred of them. Never inside a transaction.

    Items that Zoho does not have (404/1002), and those for which it refuses a call, are found out by halving. Where
    no sensible answer comes, all that were not answered by then are failed. `goes_on` is asked before each call; with
    False the rest is left out. `note_gone` is told at once of each item that Zoho does not have.
    Raises OrganisationMustWait, and PermanentError for an answer that makes no sense, where every call is refused,
    and at the first refusal without `halves`, for those who then ask for each item alone.
    """
    asked_at = now()
    asking = _Asking(zoho, goes_on, note_gone, halves)
    asking.ask_for(zoho_ids)
    details = Details(failed=asking.failed)
    for zoho_id in zoho_ids:
        if zoho_id in asking.gone:
            details.found[zoho_id] = Observation(zoho_id=zoho_id, kind=Kind.GONE, observed_at=asked_at, confirmed=True)
        elif payload := asking.found.get(zoho_id):
            try:
                details.found[zoho_id] = Observation(
                    zoho_id=zoho_id,
                    kind=Kind.DETAIL,
                    payload=payload,
                    modified_at=modified_at(ITEM, payload),
                    observed_at=asked_at,
                )
            except SyncError as error:
                details.failed[zoho_id], details.payloads[zoho_id] = error, payload
    return details


@dataclass
class _Asking:
    """Asks for items together, and in halves where that is refused."""

    zoho: Client
    goes_on: Callable[[], bool]
    note_gone: Callable[[str], None]
    halves: bool
    found: dict[str, Payload] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    failed: dict[str, SyncError] = field(default_factory=dict)
    _is_answered: bool = False

    def ask_for(self, zoho_ids: Sequence[str]) -> None:
        pieces = deque(zoho_ids[first : first + DETAILS_AT_ONCE] for first in range(0, len(zoho_ids), DETAILS_AT_ONCE))
        is_first = True
        while pieces:  # `goes_on` is asked where the calls are made
            piece = pieces.popleft() if is_first else pieces.pop()
            try:
                self._ask(piece)
            except OrganisationMustWait:
                raise
            except TemporaryError as error:
                self.failed |= {zoho_id: error for some in (piece, *pieces) for zoho_id in some}
                return
            except OF_THE_CALL:
                raise
            except PermanentError as error:
                if not self.halves:
                    raise
                if len(piece) > 1:
                    both = [piece[: len(piece) // 2], piece[len(piece) // 2 :]]
                    pieces.extendleft(reversed(both)) if is_first else pieces.extend(both)
                else:
                    self._refuse(piece[0], error)
                    # Odd items are often neighbours: what tells them from a Zoho that refuses all is the other end.
                    is_first = not is_first or self._is_answered

    def _ask(self, zoho_ids: Sequence[str]) -> None:
        found, gone = self.zoho.fetch_items(zoho_ids, goes_on=self.goes_on, note_gone=self.note_gone)
        self.found |= found
        self.gone |= gone
        self._is_answered = True

    def _refuse(self, zoho_id: str, error: PermanentError) -> None:
        self.failed[zoho_id] = error
        if len(self.failed) >= MOST_REFUSED and not self._is_answered:
            raise error


def fetch_ahead(
    fetch: Callable[[C], R], chunks: Iterable[C], *, at_once: int, beat: Callable[[], None]
) -> Generator[tuple[C, R], None, None]:
    """Each chunk with what `fetch` made of it, in their order, up to `at_once` calls ahead of the caller.

    `chunks` are drawn in the caller's thread, never more than are being fetched, so that memory stays bounded. While
    an answer is waited for `beat` is called now and then. With `at_once` 0 there are no threads.
    Close it when it is not drawn to its end; calls that are under way then are not waited for long.
    """
    if at_once < 1:
        for chunk in chunks:
            yield chunk, fetch(chunk)
        return
    ahead: deque[tuple[C, Future[R]]] = deque()
    with Threads(at_once, name="stock", patience=LEAVE_SECONDS) as threads:
        for chunk in chunks:
            ahead.append((chunk, threads.submit(partial(fetch, chunk))))
            if len(ahead) > at_once:
                yield _first(ahead, beat)
        while ahead:
            yield _first(ahead, beat)


def _first(ahead: deque[tuple[C, Future[R]]], beat: Callable[[], None]) -> tuple[C, R]:
    chunk, future = ahead[0]
    while not wait([future], BEAT_SECONDS).done:
        beat()
    ahead.popleft()
    return chunk, future.result()
