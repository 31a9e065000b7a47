"""How many requests each route answers, how, and in what time. Routes, not addresses: their number is known."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Counter("tsh_http_requests_total", "Requests by route, method and status.", ("route", "method", "status"))
DURATION = Histogram(
    "tsh_http_request_duration_seconds", "Time to the answer by route and method.", ("route", "method"), buckets=SECONDS
)


class RequestMetricsMiddleware:
    """Counts and times every request; the outermost of all, so that it sees what callers see."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        route, method = route_of(request), request.method if request.method in METHODS else "other"
        DURATION.labels(route, method).observe(time.perf_counter() - started)
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        return response


def route_of(request: HttpRequest) -> str:
    """The name of the address pattern, such as "zoho_sync:webhook"; addresses of nobody share one name."""
    match = request.resolver_match
    return match.view_name if match is not None else UNMATCHED
