"""How often one caller may ask: counted per minute in the cache that all processes share."""

from __future__ import annotations

import hashlib
import ipaddress
import time

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tsh_erp.callers import client_address
from tsh_erp.counting import count

WINDOW = 60  # seconds


class Scope(BaseThrottle):
    """So many requests a minute of one scope: of a signed-in user, else of an address.

    Limits stand in `settings.MOBILE_LIMITS`. Minutes are those of the clock, so that a count is one entry that is
    added to; a burst across the turn of a minute may be twice the limit.
    """

    scope = ""

    def allow_request(self, request: Request, view: object) -> bool:
        return self.take(self.identity(request))

    def identity(self, request: Request) -> str:
        user = request.user
        if user is not None and user.is_authenticated:
            return f"user:{user.pk}"
        return f"address:{network_of(client_address(request._request))}"

    def take(self, identity: str) -> bool:
        """Count one request of `identity`; whether it is within the limit."""
        limit = settings.MOBILE_LIMITS[self.scope]
        minute, self._passed = divmod(int(time.time()), WINDOW)
        name = hashlib.sha256(identity.encode()).hexdigest()[:32]  # an identity may hold anything
        key = f"mobile:{self.scope}:{name}:{minute}"
        return count(key, seconds=WINDOW + 5) <= limit

    def wait(self) -> float:
        """Seconds until the next minute."""
        return float(WINDOW - self._passed)


class EveryRequest(Scope):
    """All requests: of a guest's address, or of a user."""

    def allow_request(self, request: Request, view: object) -> bool:
        identity = self.identity(request)
        self.scope = "user" if identity.startswith("user:") else "anon"
        return self.take(identity)


class Searches(Scope):
    scope = "search"


class Calculations(Scope):
    scope = "calculate"


class LoginsByAddress(Scope):
    """Attempts to sign in from one address, whoever is signed in there."""

    scope = "login"

    def identity(self, request: Request) -> str:
        return f"address:{network_of(client_address(request._request))}"


def network_of(address: str | None) -> str:
    """The address; of IPv6 the half that one customer has. IPv4 may come written as IPv6 ("::ffff:10.0.0.1")."""
    if address is None or ":" not in address:
        return str(address)
    whole = ipaddress.IPv6Address(address.partition("%")[0])
    if whole.ipv4_mapped is not None:
        return str(whole.ipv4_mapped)
    return str(ipaddress.ip_network((whole, 64), strict=False).network_address)
