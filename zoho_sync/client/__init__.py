"""Zoho's API: one login for all processes, lists page by page, records by id, errors that say what happens next."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence

from zoho_sync.client.configuration import Configuration, read_configuration
from zoho_sync.client.http import NoSuchAddress, ZohoHttp, open_session
from zoho_sync.client.reading import (
    Endpoint,
    Page,
    Payload,
    identify,
    read_item_details,
    read_one,
    read_pages,
)
from zoho_sync.client.token import TokenKeeper
from zoho_sync.errors import NotConfigured

__all__ = [
    "Client",
    "Configuration",
    "Endpoint",
    "NoSuchAddress",
    "Page",
    "Payload",
    "configured_client",
    "fetch_one",
    "identify",
    "is_configured",
]


class Client:
    """One organisation's Zoho, for one thread. Never call it inside a transaction."""

    def __init__(self, configuration: Configuration) -> None:
        self._session = open_session()
        self._http = ZohoHttp(configuration, self._session, TokenKeeper(configuration, self._session))

    @property
    def calls(self) -> int:
        """How many API requests were sent, for a run's statistics."""
        return self._http.calls

    def pages(self, endpoint: Endpoint, *, newest_first: bool = False) -> Iterator[Page]:
        """See `reading.read_pages`."""
        return read_pages(self._http, endpoint, newest_first=newest_first)

    def fetch(self, endpoint: Endpoint, zoho_id: str) -> Payload:
        """See `reading.read_one`."""
        return read_one(self._http, endpoint, zoho_id)

    def fetch_items(self, item_ids: Sequence[str]) -> tuple[dict[str, Payload], frozenset[str]]:
        """See `reading.read_item_details`."""
        return read_item_details(self._http, item_ids)

    def close(self) -> None:
        self._session.close()


_local = threading.local()


def configured_client() -> Client:
    """This thread's client for the organisation that is configured now. NotConfigured names what is missing."""
    configuration = read_configuration()
    # A process that was forked must not send over its parent's connections.
    key = (os.getpid(), configuration)
    held: tuple[tuple[int, Configuration], Client] | None = getattr(_local, "held", None)
    if held is None or held[0] != key:
        if held:
            held[1].close()
        held = (key, Client(configuration))
        _local.held = held
    return held[1]


def is_configured() -> bool:
    """Whether everything is set that a client needs."""
    try:
        read_configuration()
    except NotConfigured:
        return False
    return True


def fetch_one(endpoint: Endpoint, zoho_id: str) -> Payload:
    """The whole record, through this thread's client. GoneFromZoho when Zoho does not have it (404/1002)."""
    return configured_client().fetch(endpoint, zoho_id)
