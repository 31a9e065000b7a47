"""Who calls: the address behind the proxies that we trust."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Who really sent it: the last hop that is not one of `TRUSTED_PROXIES`. None when it is no IP address."""
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    while address in settings.TRUSTED_PROXIES and hops:
        address = hops.pop()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None
