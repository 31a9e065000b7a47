"""Basic authentication that cannot be guessed at: who fails too often waits, whatever he says next."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from math import ceil
from typing import Any

import structlog
from django.core.cache import cache
from drf_spectacular.authentication import BasicScheme
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from tsh_erp.callers import client_address

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 15 * 60
# Failures within the window: of one user name from one address, so that nobody can lock others out from
# elsewhere, and of all names from one address.
MOST_BY_NAME, MOST_BY_ADDRESS = 5, 20


class GuardedBasicAuthentication(BasicAuthentication):
    """Name and password; 429 with Retry-After for an address that has failed too often. Right ones are not counted."""

    def authenticate_credentials(self, userid: str, password: str, request: Request | None = None) -> Any:
        address = client_address(request._request) if request is not None else None
        failures = Failures(address, userid)
        if wait := failures.wait():
            raise Throttled(wait=wait)
        try:
            return super().authenticate_credentials(userid, password, request)
        except AuthenticationFailed:
            log.warning("basic_authentication_failed", address=address, failures=failures.note())
            raise


class Failures:
    """The failures of a user name and of its address, in the cache that all processes share.

    Each is an entry of its own that ends with the window: entries are added atomically in every cache, whereas a count
    may lose some.
    """

    def __init__(self, address: str | None, name: str) -> None:
        network = _network(address)
        pair = hashlib.sha256(f"{network}\n{name}".encode()).hexdigest()  # a name may hold anything
        self._by_name = [f"basic-failure:{pair}:{number}" for number in range(MOST_BY_NAME)]
        self._by_address = [f"basic-failure:{network}:{number}" for number in range(MOST_BY_ADDRESS)]

    def wait(self) -> int:
        """Seconds until the next attempt may be made; 0 when it may be made now."""
        now, noted = time.time(), cache.get_many([*self._by_name, *self._by_address])
        waits = [0.0]
        for keys in (self._by_name, self._by_address):
            ends = [noted[key] for key in keys if key in noted]
            if len(ends) == len(keys):
                waits.append(max(min(ends) - now, 1.0))
        return ceil(max(waits))

    def note(self) -> int:
        """One more failure; which it is of this name and address within the window."""
        ends_at = time.time() + WINDOW_SECONDS
        _add(self._by_address, ends_at)
        return _add(self._by_name, ends_at)


class GuardedBasicScheme(BasicScheme):  # type: ignore[no-untyped-call]
    """For the OpenAPI document it is Basic authentication as any other."""

    target_class = "zoho_sync.api.attempts.GuardedBasicAuthentication"


def _add(keys: list[str], ends_at: float) -> int:
    for number, key in enumerate(keys, start=1):
        if cache.add(key, ends_at, WINDOW_SECONDS):
            return number
    return len(keys)


def _network(address: str | None) -> str:
    """The address; of IPv6 the half that one customer has."""
    if address is None or ":" not in address:
        return str(address)
    return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False).network_address)
