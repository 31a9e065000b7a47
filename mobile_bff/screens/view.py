"""The ground that every endpoint of the phones stands on.

`MobileView` settles for each request, in this order: the token, the limits, how things stand (one query), the
caller, the app's version, maintenance. `Screen` adds what a GET needs: an ETag made of versions, compared before
anything heavy is read, and `meta`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

import structlog
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from catalog.choices import Subject
from mobile_bff import errors
from mobile_bff.authentication import BearerAuthentication
from mobile_bff.bodies import StrictJsonParser
from mobile_bff.callers import Caller, resolve
from mobile_bff.guest_carts import HEADER as GUEST_HEADER
from mobile_bff.money import moment
from mobile_bff.standing import Standing, read_standing
from mobile_bff.throttles import EveryRequest
from mobile_bff.versions import is_older, store_url

VARY = ("Accept-Language", "Accept-Encoding", "Authorization", GUEST_HEADER)
PRIVATE = "private, max-age=30, stale-while-revalidate=300"
NEVER_STORED = "private, no-store"
MAINTENANCE_RETRY_SECONDS = 300
APP_HEADERS = {"app": "X-App", "app_version": "X-App-Version", "platform": "X-Platform", "device_id": "X-Device-Id"}


class MobileView(APIView):
    """One address of the phones' API. `self.caller` and `self.standing` are there when a method is called.

    Guests are let in unless `needs_sign_in`. Answers may be compressed unless `holds_secrets`: secrets beside
    something the sender chose could be guessed from the length. Nothing is stored on the way unless a
    `Screen` says so.
    """

    authentication_classes = (BearerAuthentication,)
    permission_classes = (AllowAny,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (StrictJsonParser,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (EveryRequest,)
    scopes: ClassVar[tuple[type[BaseThrottle], ...]] = ()
    needs_sign_in: ClassVar[bool] = False
    open_in_maintenance: ClassVar[bool] = False
    holds_secrets: ClassVar[bool] = False
    cache_control: ClassVar[str] = NEVER_STORED

    caller: Caller
    standing: Standing

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        _note_app(request)
        super().initial(request, *args, **kwargs)
        self.standing = read_standing(timezone.now())
        language = _language(request)
        self.caller = resolve(request, self.standing.settings, language)
        self._check_app(request)
        if self.needs_sign_in and self.caller.user is None:
            raise errors.Refused("not_authenticated")

    def perform_authentication(self, request: Request) -> None:
        """A token that is refused counts as a guest's request, before it is said so."""
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            self.check_throttles(request)
            raise

    def get_throttles(self) -> list[BaseThrottle]:
        return [throttle() for throttle in (*self.throttle_classes, *self.scopes)]

    def get_exception_handler(self) -> Callable[..., HttpResponseBase | None]:
        return errors.exception_handler

    def handle_exception(self, exc: Exception) -> Response:
        """A guest who is refused learns how to sign in (RFC 9110 wants the header with every 401)."""
        if isinstance(exc, errors.Refused) and exc.status_code == status.HTTP_401_UNAUTHORIZED:
            exc.auth_header = self.get_authenticate_header(self.request)
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.setdefault("Cache-Control", self.cache_control if response.status_code < 400 else "no-store")
        response["Content-Language"] = translation.get_language() or ""
        patch_vary_headers(response, VARY)
        response.may_be_compressed = not self.holds_secrets
        return response

    def meta(self) -> dict[str, Any]:
        """Which state of the catalogue the answer shows, how old it is, and whose prices these are."""
        standing, lists = self.standing, self.caller.price_lists
        told: dict[str, Any] = {
            "catalog_version": standing.catalog_version,
            "synced_at": moment(standing.confirmed_at),
            "data_age_seconds": standing.age_seconds,
            "stale": standing.is_stale,
            "currency": self.caller.currency,
            "price_list": {"id": str(lists[0].pk), "name": lists[0].name} if lists else None,
        }
        return told

    def _check_app(self, request: Request) -> None:
        chosen = self.standing.settings
        if is_older(request.headers.get("X-App-Version", ""), chosen.minimum_version):
            raise errors.Refused(
                "app_update_required",
                min_version=chosen.minimum_version,
                store_url=store_url(chosen, request.headers.get("X-Platform", "")),
            )
        if chosen.in_maintenance and not (self.open_in_maintenance or self.caller.is_staff):
            raise errors.Refused(
                "maintenance", detail=chosen.maintenance_message, retry_after=MAINTENANCE_RETRY_SECONDS
            )


class Screen(MobileView):
    """A GET whose answer is made of `subjects` and of nothing else, unless `scope` says so.

    `content` is called only when the phone does not have the answer yet. Parameters that change the answer must be
    in `parameters`; others are ignored. `meta` is added to what `content` returns, together with the names of the
    parts that failed (`self.degraded`).
    """

    cache_control = PRIVATE
    subjects: ClassVar[Collection[Subject]] = ()
    parameters: ClassVar[tuple[str, ...]] = ()

    degraded: list[str]

    def scope(self) -> tuple[Any, ...]:
        """What else the answer depends on, such as the version of the caller's cart."""
        return ()

    def content(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        raise NotImplementedError

    def get(self, request: Request, **kwargs: Any) -> Response:
        etag = self._etag(request)
        if _has(request, etag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
        self.degraded = []
        body = {"meta": {}, **self.content(**kwargs)}
        body["meta"] = self.meta() | ({"degraded": self.degraded} if self.degraded else {})
        cached = {} if self.degraded else {"ETag": etag}  # what is incomplete is not worth keeping
        if self.degraded:
            cached["Cache-Control"] = "private, no-cache"
        return Response(body, headers=cached)

    def _etag(self, request: Request) -> str:
        caller = self.caller
        parts = (
            request.path,
            [(name, *request.query_params.getlist(name)) for name in self.parameters],
            caller.language,
            caller.role.value,
            caller.user.pk if caller.user else None,
            (caller.customer.pk, caller.customer.sub_type) if caller.customer else None,  # promotions are for kinds too
            caller.price_list_ids,
            self.standing.settings.updated_at,
            self.standing.stamp(self.subjects),
            self.scope(),
        )
        return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _has(request: Request, etag: str) -> bool:
    """Whether the phone holds this answer. Weak comparison, as RFC 9110 wants for If-None-Match."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    opaque = etag.removeprefix("W/")
    return any(one == "*" or one.removeprefix("W/") == opaque for one in held)


def _language(request: Request) -> str:
    """The language of the answer: as the request asks, else as the account says."""
    account = getattr(request.user, "customer_account", None)
    if not request.headers.get("Accept-Language") and account is not None and account.language:
        translation.activate(account.language)
    return translation.get_language() or ""


def _note_app(request: Request) -> None:
    """Which app on which device, for the log line of the request."""
    told: Mapping[str, str] = {name: request.headers.get(header, "") for name, header in APP_HEADERS.items()}
    structlog.contextvars.bind_contextvars(
        **{name: "".join(sign for sign in text if sign.isprintable())[:64] for name, text in told.items() if text}
    )
