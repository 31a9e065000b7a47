"""Who holds the token of a request. Only bearer tokens count here: no session, so no cookie and no CSRF."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from commerce.lengths import SHORT, WORD
from commerce.models import DeviceToken
from commerce.services.devices import DeviceInfo, touch_device
from tsh_erp.callers import client_address

SCHEME = "Bearer"
KNOWN = f'{SCHEME} realm="mobile"'
LONGEST = 200
"""No token of ours is longer."""

# All that decides who a caller is comes with the token, in one query.
WITH_TOKEN = ("user__customer_account__customer__price_list", "user__zoho_user")


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. Without the header nobody is signed in; a wrong one is never a guest."""

    def authenticate(self, request: Request) -> tuple[Any, DeviceToken] | None:
        header = get_authorization_header(request)
        if not header:
            return None
        scheme, _space, token = header.partition(b" ")
        if scheme.lower() != SCHEME.lower().encode():
            raise _refused()
        try:
            held = _find(token.strip().decode("ascii"))
        except UnicodeDecodeError:
            raise _refused() from None
        if not held.user.is_active or not _is_same_password(held):
            raise _refused()
        with suppress(OperationalError):  # nobody is turned away because the only writer is busy
            touch_device(held, device_info(request), at=timezone.now())
        return held.user, held

    def authenticate_header(self, request: Request) -> str:
        return f'{KNOWN}, error="invalid_token"' if get_authorization_header(request) else KNOWN


class Unsigned(BearerAuthentication):
    """Where one signs in, whatever token the phone still sends says nothing."""

    def authenticate(self, request: Request) -> None:
        return None

    def authenticate_header(self, request: Request) -> str:
        return KNOWN


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes it."""

    target_class = BearerAuthentication
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def held_token(request: Request) -> DeviceToken:
    """The token of a request that has one."""
    return cast(DeviceToken, request.auth)


def signed_in(request: Request) -> User:
    """The login of a request that has one."""
    return cast(User, request.user)


def device_info(request: HttpRequest | Request, *, name: str = "") -> DeviceInfo:
    """What the request's headers say of the device, cut to what is kept."""

    def header(title: str, longest: int) -> str:
        return "".join(sign for sign in request.headers.get(title, "") if sign.isprintable())[:longest]

    plain = request._request if isinstance(request, Request) else request
    return DeviceInfo(
        device_id=header("X-Device-Id", SHORT),
        name=name[:SHORT],
        app=header("X-App", WORD),
        app_version=header("X-App-Version", WORD),
        platform=header("X-Platform", WORD),
        address=client_address(plain),
    )


def _find(token: str) -> DeviceToken:
    if not token or len(token) > LONGEST:
        raise _refused()
    digest = hash_token(token)
    candidates = DeviceToken.objects.filter(token_key=token[: CONSTANTS.TOKEN_KEY_LENGTH]).select_related(*WITH_TOKEN)
    for held in candidates:
        if hmac.compare_digest(held.digest, digest):
            if held.expiry is None or held.expiry > timezone.now():
                return held
            raise AuthenticationFailed(_("Your sign-in has expired. Sign in again."), code="token_expired")
    raise _refused()


def _is_same_password(held: DeviceToken) -> bool:
    known = (held.user.get_session_auth_hash(), *held.user.get_session_auth_fallback_hash())
    return any(hmac.compare_digest(held.password_stamp, one) for one in known)


def _refused() -> AuthenticationFailed:
    return AuthenticationFailed(_("Sign in first."), code="not_authenticated")
