"""Compress JSON for phones: brotli where it is understood, else gzip.

Only answers that say so (`may_be_compressed`): where a secret stands beside something that the sender chose, the
length of a compressed answer gives the secret away. nginx may do the same (docs/operations.md); what is compressed
already passes it unchanged.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

TYPES = frozenset({"application/json", "application/problem+json"})
SMALLEST = 500  # bytes; below that the headers cost more than is saved
BROTLI_QUALITY, GZIP_LEVEL = 5, 6


class CompressionMiddleware:
    """Stands outside whatever writes bodies. ETags are weak already: they stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not getattr(response, "may_be_compressed", False) or response.streaming:
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        media_type = response.get("Content-Type", "").partition(";")[0].strip()
        if media_type not in TYPES or len(response.content) < SMALLEST or response.has_header("Content-Encoding"):
            return response
        encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
        if encoding == "br":
            response.content = brotli.compress(response.content, quality=BROTLI_QUALITY)
        elif encoding == "gzip":
            response.content = gzip.compress(response.content, compresslevel=GZIP_LEVEL, mtime=0)
        else:
            return response
        response["Content-Encoding"] = encoding
        response["Content-Length"] = str(len(response.content))
        return response


def choose_encoding(accepted: str) -> str | None:
    """Of brotli and gzip the one that `Accept-Encoding` likes best, brotli where it likes both alike. Pure."""
    wishes: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _semicolon, parameters = part.partition(";")
        wishes[name.strip()] = _weight(parameters)
    weights = {name: wishes.get(name, wishes.get("*", 0.0)) for name in ("br", "gzip")}
    best = max(weights, key=lambda name: weights[name])
    return best if weights[best] > 0 else None


def _weight(parameters: str) -> float:
    name, _equals, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
