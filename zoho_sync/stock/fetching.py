"""Whole items, a hundred to a call, and a few calls ahead of whoever applies them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.db import connection
from django.utils import timezone

from zoho_sync.client import Client, Payload
from zoho_sync.entities import BY_MODULE, modified_at
from zoho_sync.errors import OrganisationMustWait, SyncError, TemporaryError
from zoho_sync.mirror import Kind, Observation
from zoho_sync.stock.naming import MODULE

C = TypeVar("C")
R = TypeVar("R")

ITEM = BY_MODULE[MODULE]
BEAT_SECONDS = 20.0


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
) -> Details:
    """These items as Zoho has them now, in one call for each hundred of them. Never inside a transaction.

    Items that Zoho does not have are found out by halving (404/1002). Where no sensible answer comes, all are failed.
    `goes_on` is asked before each call; with False the rest is left out.
    Raises OrganisationMustWait, and PermanentError for an answer that makes no sense.
    """
    asked_at = now()
    try:
        found, gone = zoho.fetch_items(zoho_ids, goes_on=goes_on)
    except OrganisationMustWait:
        raise
    except TemporaryError as error:
        return Details(failed=dict.fromkeys(zoho_ids, error))
    details = Details()
    for zoho_id in zoho_ids:
        if zoho_id in gone:
            details.found[zoho_id] = Observation(zoho_id=zoho_id, kind=Kind.GONE, observed_at=asked_at, confirmed=True)
        elif payload := found.get(zoho_id):
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


def fetch_ahead(
    fetch: Callable[[C], R], chunks: Iterable[C], *, at_once: int, beat: Callable[[], None]
) -> Generator[tuple[C, R], None, None]:
    """Each chunk with what `fetch` made of it, in their order, up to `at_once` calls ahead of the caller.

    `chunks` are drawn in the caller's thread, never more than are being fetched, so that memory stays bounded. While
    an answer is waited for `beat` is called now and then. Close it when it is not drawn to its end.
    """
    if at_once < 2:
        for chunk in chunks:
            yield chunk, fetch(chunk)
        return
    ahead: deque[tuple[C, Future[R]]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="stock") as pool:
        try:
            for chunk in chunks:
                ahead.append((chunk, pool.submit(_closing_connection, fetch, chunk)))
                if len(ahead) > at_once:
                    yield _first(ahead, beat)
            while ahead:
                yield _first(ahead, beat)
        finally:
            for _, future in ahead:
                future.cancel()


def _first(ahead: deque[tuple[C, Future[R]]], beat: Callable[[], None]) -> tuple[C, R]:
    chunk, future = ahead[0]
    while not wait([future], BEAT_SECONDS).done:
        beat()
    ahead.popleft()
    return chunk, future.result()


def _closing_connection(fetch: Callable[[C], R], chunk: C) -> R:
    """The limits are kept in the database, and a thread's connection to it is nobody else's to close."""
    with closing(connection):
        return fetch(chunk)
