"""Who may read the system's numbers without being a person: Prometheus and health scripts, by `METRICS_TOKEN`."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")


def has_metrics_token(request: HttpRequest) -> bool:
    """Whether the request says `Authorization: Bearer <METRICS_TOKEN>`; never while no token is configured."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if not settings.METRICS_TOKEN or kind.casefold() != "bearer":
        return False
    return constant_time_compare(token.strip(), settings.METRICS_TOKEN)


def may_scrape(request: HttpRequest) -> bool:
    """With the token; in development also from this machine itself, unless a proxy speaks for somebody else."""
    if has_metrics_token(request):
        return True
    is_forwarded = any(name in request.headers for name in FORWARDED)
    return bool(settings.IS_DEVELOPMENT and not is_forwarded and _is_loopback(request.META.get("REMOTE_ADDR", "")))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
