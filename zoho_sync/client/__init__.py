"""Zoho's API: one login and one set of limits for all processes, lists page by page, records by id, files."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from datetime import timedelta
from typing import Unpack

from django.conf import settings

from zoho_sync.client import pricebooks
from zoho_sync.client.configuration import Configuration, read_configuration
from zoho_sync.client.connecting import note_organization, read_organizations
from zoho_sync.client.http import NoSuchAddress, ZohoHttp
from zoho_sync.client.limits import Limiter
from zoho_sync.client.pricebooks import read_pricebook
from zoho_sync.client.reading import (
    Endpoint,
    How,
    Page,
    Payload,
    identify,
    read_item_details,
    read_one,
    read_pages,
)
from zoho_sync.client.sessions import Sessions
from zoho_sync.client.token import TokenKeeper
from zoho_sync.errors import NotConfigured
from zoho_sync.models import Priority

__all__ = [
    "Client",
    "Configuration",
    "Endpoint",
    "How",
    "NoSuchAddress",
    "Page",
    "Payload",
    "Priority",
    "configured_client",
    "fetch_one",
    "identify",
    "is_configured",
    "refresh_token_early",
    "refresh_token_now",
    "test_connection",
]

# Seconds that one request may wait for the limits, for an open breaker and between its tries. A fetch for a
# webhook is done under a lease, and its queue tries again; long work must not be silent for two minutes.
SHORT_PATIENCE, LONG_PATIENCE = 5.0, 80.0
# A schedule looks every few minutes; a call that finds less than five minutes left would refresh by itself.
REFRESHED_BEFORE = timedelta(minutes=10)
LONGER_THAN_ANY_TOKEN = timedelta(days=30)


class Client:
    """One organisation's Zoho, for any number of threads. Never call it inside a transaction.

    `priority` says what the calls are for, and with that how much of the day's quota they may use.
    A request waits `patience` seconds at the most for its turn; long work also asks again as long
    when Zoho fails for a moment.
    """

    def __init__(
        self,
        configuration: Configuration,
        priority: Priority = Priority.WEBHOOK,
        *,
        patience: float | None = None,
    ) -> None:
        is_urgent = priority == Priority.WEBHOOK
        self.priority = priority
        self._sessions = Sessions()
        self._http = ZohoHttp(
            configuration,
            self._sessions,
            TokenKeeper(configuration, self._sessions),
            Limiter(configuration.organization_id, priority),
            patience=_patience(urgent=is_urgent) if patience is None else patience,
            asks_again=not is_urgent,
        )

    @property
    def calls(self) -> int:
        """How many API requests were sent, by all threads, for a run's statistics."""
        return self._http.calls

    def pages(self, endpoint: Endpoint, **how: Unpack[How]) -> Generator[Page]:
        """See `reading.read_pages` and `reading.How`."""
        return read_pages(self._http, endpoint, **how)

    def fetch(self, endpoint: Endpoint, zoho_id: str) -> Payload:
        """See `reading.read_one` and `pricebooks.read_pricebook`."""
        read = read_pricebook if endpoint.path == pricebooks.PATH else read_one
        return read(self._http, endpoint, zoho_id)

    def fetch_items(
        self,
        item_ids: Sequence[str],
        *,
        goes_on: Callable[[], bool] = lambda: True,
        note_gone: Callable[[str], None] = lambda zoho_id: None,
    ) -> tuple[dict[str, Payload], frozenset[str]]:
        """See `reading.read_item_details`."""
        return read_item_details(self._http, item_ids, goes_on=goes_on, note_gone=note_gone)

    def fetch_file(self, api: str, path: str, *, most_bytes: int) -> tuple[bytes, str]:
        """See `http.ZohoHttp.get_file`."""
        return self._http.get_file(api, path, most_bytes=most_bytes)

    def organizations(self) -> list[Payload]:
        """The organisations that the login may see. PermanentError when the answer does not hold them."""
        return read_organizations(self._http)

    def close(self) -> None:
        self._sessions.close()


def _patience(*, urgent: bool) -> float:
    """Seconds. A fetch for a webhook must not outlast the lease of its job."""
    return min(SHORT_PATIENCE, settings.TDS_LOCK_TIMEOUT_SECONDS / 4) if urgent else LONG_PATIENCE


_clients: dict[Priority, tuple[tuple[int, Configuration], Client]] = {}


def configured_client(priority: Priority = Priority.WEBHOOK) -> Client:
    """This process's client of that priority, for the organisation that is configured now; any thread may use it.

    NotConfigured names what is missing.
    """
    configuration = read_configuration()
    # A process that was forked must not share its parent's client.
    key = (os.getpid(), configuration)
    held = _clients.get(priority)
    if held is None or held[0] != key:
        held = _clients[priority] = (key, Client(configuration, priority))
    return held[1]


def is_configured() -> bool:
    """Whether everything is set that a client needs."""
    try:
        read_configuration()
    except NotConfigured:
        return False
    return True


def refresh_token_early() -> bool:
    """Get a new access token when the present one has less than `REFRESHED_BEFORE`; whether there is a new one.

    Raises NotConfigured, and what `TokenKeeper.token` raises.
    """
    configuration, sessions = read_configuration(), Sessions()
    try:
        return TokenKeeper(configuration, sessions).refresh_early(left=REFRESHED_BEFORE)
    finally:
        sessions.close()


def refresh_token_now() -> None:
    """Get a new access token whatever is left of the present one. Raises what `refresh_token_early` raises."""
    configuration, sessions = read_configuration(), Sessions()
    try:
        TokenKeeper(configuration, sessions).refresh_early(left=LONGER_THAN_ANY_TOKEN)
    finally:
        sessions.close()


def test_connection() -> str:
    """Ask Zoho for its organisations, and write down the name of ours; that name. One API call.

    Raises NotConfigured, WrongOrganisation, and what the client raises.
    """
    known = read_configuration()
    return note_organization(known, configured_client().organizations()).organization_name


def fetch_one(endpoint: Endpoint, zoho_id: str, priority: Priority = Priority.WEBHOOK) -> Payload:
    """The whole record, through this process's client. GoneFromZoho when Zoho does not have it (404/1002)."""
    return configured_client(priority).fetch(endpoint, zoho_id)
