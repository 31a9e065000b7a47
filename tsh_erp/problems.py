"""Errors of the JSON API as `application/problem+json` (RFC 9457).

Shape: `type, title, status, detail, instance, code, errors[], request_id`. `code` is stable English for programs;
`title` and `detail` are for people and follow the request's language. Nothing internal is ever shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from tsh_erp.request_log import request_id

CONTENT_TYPE = "application/problem+json"
DROPPED_HEADERS = ("Content-Length", "Content-Encoding", "ETag", "Last-Modified")  # of the page that is replaced

TITLES: Mapping[int, tuple[str, Any, Any]] = {
    400: ("bad_request", _("Bad request"), _("The request could not be understood.")),
    401: ("not_authenticated", _("Not signed in"), _("Sign in first.")),
    403: ("permission_denied", _("Not allowed"), _("You are not allowed to do this.")),
    404: ("not_found", _("Not found"), _("There is nothing at this address.")),
    405: ("method_not_allowed", _("Method not allowed"), _("This address does not answer this method.")),
    406: ("not_acceptable", _("Not acceptable"), _("The requested format is not available.")),
    409: ("conflict", _("Conflict"), _("The request does not fit the present state.")),
    410: ("gone", _("Gone"), _("This is no longer offered.")),
    413: ("too_large", _("Too large"), _("The request body is too large.")),
    415: ("unsupported_media_type", _("Unsupported format"), _("This format of the request body is not understood.")),
    422: ("unprocessable", _("Cannot be processed"), _("The request was understood but cannot be carried out.")),
    429: ("throttled", _("Too many requests"), _("Too many requests. Try again later.")),
    500: (
        "internal_error",
        _("Server error"),
        _("Something went wrong on our side. Quote the request id to report it."),
    ),
    503: ("unavailable", _("Not available"), _("The service is not available at the moment. Try again later.")),
}


def problem(
    request: HttpRequest,
    status: int,
    code: str = "",
    detail: str | Promise = "",
    errors: Sequence[Mapping[str, Any]] = (),
    members: Mapping[str, Any] | None = None,
) -> JsonResponse:
    """An error answer in the request's language; `code` and `detail` default to those of `status`.

    `errors` are objects with `field` (a path such as "items[0].quantity"; "" is the whole), `code` and `detail`.
    `members` are added beside the usual ones.
    """
    default_code, title, default_detail = TITLES.get(status) or _unnamed(status)
    body = {
        "type": "about:blank",
        "title": str(title),
        "status": status,
        "detail": str(detail or default_detail),
        "instance": request.path,
        "code": code or default_code,
        "errors": [{key: _encodable(str(value)) for key, value in error.items()} for error in errors],
        "request_id": request_id(request),
        **(members or {}),
    }
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE, json_dumps_params={"ensure_ascii": False})
    response["Content-Language"] = translation.get_language() or ""
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ("Accept-Language",))
    return response


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> HttpResponseBase | None:
    """REST framework's errors as problems; None for what nobody foresaw, which becomes a 500 further out.

    `context["renamed"]` says what an API calls REST framework's codes. An exception may carry `errors` and
    `members` for the problem; with `wait` (seconds) both the header and the problem say when to come back.
    """
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    code, detail, errors = _explain(exc)
    members = dict(getattr(exc, "members", {}))
    wait = getattr(exc, "wait", None)
    if wait is not None:
        members["retry_after"] = int(wait)
    code = context.get("renamed", {}).get(code, code)
    response = problem(context["request"]._request, exc.status_code, code, detail, errors, members)
    if getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if wait is not None:
        response["Retry-After"] = str(int(wait))
    return response


class ProblemMiddleware:
    """Turns every other error answer under /api/ and /health — Django's own pages — into a problem.

    It stands outside the middlewares that may refuse a request, and inside the one that logs it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not speaks_json(request.path_info) or _is_json(response):
            return response
        with translation.override(translation.get_language_from_request(request)):
            answer = problem(request, response.status_code)
        for name, value in response.items():
            if name == "Vary":
                patch_vary_headers(answer, [part.strip() for part in value.split(",")])
            elif name not in DROPPED_HEADERS and not answer.has_header(name):
                answer[name] = value
        answer.cookies = response.cookies
        answer._resource_closers.extend(response._resource_closers)  # type: ignore[attr-defined]
        return answer


def _encodable(text: str) -> str:
    """What was sent is repeated in errors, and JSON may name halves of letters that no UTF-8 has."""
    return text.encode(errors="replace").decode()


def speaks_json(path: str) -> bool:
    """Whether errors at this path are for programs."""
    return path.startswith(("/api/", "/health/")) or path in ("/api", "/health")


def _is_json(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").partition(";")[0].strip().endswith("json")


def _explain(exc: exceptions.APIException) -> tuple[str, str, list[dict[str, str]]]:
    if isinstance(exc, exceptions.ValidationError):
        return "invalid", _("Some values are not valid."), list(_flatten(exc.detail))  # type: ignore[return-value]
    if isinstance(exc.detail, exceptions.ErrorDetail):
        return str(exc.detail.code), str(exc.detail), list(getattr(exc, "errors", ()))
    return exc.default_code, "", list(_flatten(exc.detail))


def _flatten(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """REST framework's nested errors, one object for each, with the path of the value it is about."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            if key == api_settings.NON_FIELD_ERRORS_KEY:
                yield from _flatten(inner, field)
            elif isinstance(key, int):  # the place in a list of records
                yield from _flatten(inner, f"{field}[{key}]")
            else:
                yield from _flatten(inner, f"{field}.{key}" if field else str(key))
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            yield from _flatten(inner, field if isinstance(inner, str) else f"{field}[{index}]")
    else:
        yield {"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _unnamed(status: int) -> tuple[str, str, str]:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    return phrase.lower().replace(" ", "_").replace("-", "_"), phrase, phrase
