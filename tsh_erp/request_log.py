"""One id per request: in the answer's `X-Request-Id` and in every log line written on the way."""

from __future__ import annotations

import re
import uuid
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from tsh_erp.redaction import hide_secrets

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9._~+/=:@-]{1,64}")


def request_id(request: HttpRequest) -> str:
    """The id of this request, the same wherever it is asked for."""
    stored = getattr(request, "_request_id", None)
    if stored is None:
        offered = request.headers.get(HEADER, "")
        is_believed = _SANE.fullmatch(offered) and hide_secrets(offered) == offered
        stored = offered if is_believed else str(uuid.uuid4())
        request._request_id = stored  # type: ignore[attr-defined]
    return str(stored)


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's middleware with our request id, and without what it would leak or ask the database for.

    It would log query strings, believe any X-Forwarded-For, and load the user of every session: that query fails
    a `/health` whose very message is that the database is gone.
    """

    sync_capable, async_capable = True, False

    def prepare(self, request: HttpRequest) -> None:
        # The caller's id is believed only when it is a short plain token: it ends up in logs and answers.
        request.META["HTTP_X_REQUEST_ID"] = request_id(request)
        request.META["HTTP_USER_AGENT"] = hide_secrets(request.META.get("HTTP_USER_AGENT", ""))
        request.__dict__.pop("headers", None)
        super().prepare(request)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response[HEADER] = request_id(request)
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return hide_secrets(f"{request.method} {request.path}")

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Only a user that somebody has already loaded."""
        user: Any = getattr(request, "_cached_user", None)
        if user is not None and user.pk is not None:
            structlog.contextvars.bind_contextvars(user_id=user.pk)
