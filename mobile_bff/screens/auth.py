"""Signing in and out on a phone, and registering.

Nothing here tells whether a phone or an e-mail has an account: signing in fails the same way, and
registering is answered the same way, whether or not it made one.
"""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError as PasswordIsWeak
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.phones import parse_phone, tidy_email
from commerce.services.accounts import LONGEST_NAME, NewAccount, check_new_password, register, sign_in
from commerce.services.devices import IssuedToken, end_device, end_devices, refresh_device, start_device
from mobile_bff.authentication import SCHEME, Unsigned, device_info, held_token
from mobile_bff.bodies import StrictSerializer, read_body
from mobile_bff.errors import Refused
from mobile_bff.guest_carts import take_over
from mobile_bff.screens.view import MobileView
from mobile_bff.throttles import LoginsByAddress
from tsh_erp.signin.lockout import forget_failures, is_locked_out, note_failure
from tsh_erp.signin.second_factor import CodeRefused, check_code, is_enrolled, must_have

TAGS = ["mobile: account"]
LONGEST_PASSWORD = 128


class LoginBody(StrictSerializer):
    identifier = serializers.CharField(max_length=254, help_text="A phone in any spelling, an e-mail, or a username.")
    password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    device_name = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    code = serializers.CharField(
        max_length=20, required=False, allow_blank=True, default="", help_text="Of staff who have a second factor."
    )


class RegisterBody(StrictSerializer):
    name = serializers.CharField(max_length=LONGEST_NAME)
    phone = serializers.CharField(max_length=40, help_text="In any spelling; Iraqi without a country code.")
    password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class TokenShape(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.CharField(default=SCHEME)
    expires_in = serializers.IntegerField(help_text="Seconds, counted anew whenever the token is used.")
    device_id = serializers.CharField(help_text="As in the list of devices.")


class AcceptedShape(serializers.Serializer[Any]):
    status = serializers.CharField(default="accepted")
    detail = serializers.CharField()


class LoginsByAccount(LoginsByAddress):
    """Attempts to sign in to one account, from wherever; whether there is such an account makes no difference."""

    def __init__(self, identifier: str) -> None:
        typed = unicodedata.normalize("NFKC", identifier).strip()
        self.account = parse_phone(typed) or typed.casefold()

    def identity(self, request: Request) -> str:
        return f"account:{self.account}"


class Doorway(MobileView):
    """Where one gets a token, or gives it back: open while the shop is closed, so that staff can get in."""

    open_in_maintenance = True
    holds_secrets = True


class Login(Doorway):
    """Sign this device in; the cart of a guest (`X-Cart-Key`) becomes the customer's."""

    authentication_classes = (Unsigned,)
    scopes: ClassVar[Any] = (LoginsByAddress,)

    @extend_schema(operation_id="mobile_login", request=LoginBody, responses=TokenShape, tags=TAGS, auth=[])
    def post(self, request: Request) -> Response:
        told = read_body(LoginBody, request)
        _limit(request, told["identifier"])
        user = _known(request, told)
        at = timezone.now()
        issued = start_device(user, device_info(request, name=told["device_name"]), at=at)
        take_over(request, user, self.standing.settings, at=at)
        return _token(issued)


class Refresh(Doorway):
    """Another token for this device. The one it came with ends a minute later, in case the answer gets lost."""

    needs_sign_in = True

    @extend_schema(operation_id="mobile_refresh", request=None, responses=TokenShape, tags=TAGS)
    def post(self, request: Request) -> Response:
        issued = refresh_device(held_token(request), device_info(request), at=timezone.now())
        if issued is None:
            raise Refused("not_authenticated")
        return _token(issued)


class Logout(Doorway):
    """Sign this device out, at once."""

    needs_sign_in = True

    @extend_schema(operation_id="mobile_logout", request=None, responses={204: None}, tags=TAGS)
    def post(self, request: Request) -> Response:
        held = held_token(request)
        end_device(held.user, held.device)
        return Response(status=204)


class LogoutAll(Doorway):
    """Sign all devices of this login out, at once."""

    needs_sign_in = True

    @extend_schema(operation_id="mobile_logout_all", request=None, responses={204: None}, tags=TAGS)
    def post(self, request: Request) -> Response:
        end_devices(held_token(request).user)
        return Response(status=204)


class Register(Doorway):
    """Ask for an account: always 202, whether or not the phone or the e-mail has one already. Then sign in.

    The account begins with the consumers' prices and no debts; staff link it to a customer they know.
    """

    authentication_classes = (Unsigned,)
    scopes: ClassVar[Any] = (LoginsByAddress,)

    @extend_schema(
        operation_id="mobile_register",
        request=RegisterBody,
        responses={202: OpenApiResponse(AcceptedShape)},
        tags=TAGS,
        auth=[],
    )
    def post(self, request: Request) -> Response:
        told = read_body(RegisterBody, request)
        phone = parse_phone(told["phone"])
        if phone is None:
            raise _wrong("invalid_phone", "phone", _("This is not a phone number."))
        _limit(request, phone)
        check_password_of(told["password"], field="password", name=told["name"], phone=phone, email=told["email"])
        new = NewAccount(
            name=told["name"],
            phone=phone,
            password=told["password"],
            email=tidy_email(told["email"]),
            language=told.get("language") or self.caller.language,
        )
        register(new, at=timezone.now())
        detail = _("You can sign in now. If that fails, this phone or e-mail has an account already.")
        return Response({"status": "accepted", "detail": detail}, status=202)


def check_password_of(password: str, *, field: str, name: str, phone: str, email: str) -> None:
    """422 with the reasons when a password is too easy to guess."""
    try:
        check_new_password(password, name=name, phone=phone, email=email)
    except PasswordIsWeak as weak:
        reasons = [
            {"field": field, "code": error.code or "invalid", "detail": message}
            for error in weak.error_list
            for message in error.messages
        ]
        raise Refused("weak_password", errors=reasons) from weak


def token_answer(issued: IssuedToken) -> dict[str, Any]:
    """The token, the only time that it is told."""
    return {
        "access_token": issued.token,
        "token_type": SCHEME,
        "expires_in": issued.expires_in,
        "device_id": str(issued.device.device),
    }


def _token(issued: IssuedToken) -> Response:
    return Response(token_answer(issued))


def _known(request: Request, told: dict[str, str]) -> User:
    """Whose name, password and second factor these are. Staff are locked out here as they are at the admin's door."""
    asked, name = request._request, told["identifier"].strip()
    if is_locked_out(asked, name):
        raise Throttled(settings.ADMIN_LOCK_OUT_MINUTES * 60)
    user = sign_in(name, told["password"])
    if user is None:
        note_failure(asked, name)
        raise AuthenticationFailed(_("The phone, e-mail or password is wrong."), code="invalid_credentials")
    if user.is_staff:
        _ask_for_code(asked, user, told)
    forget_failures(asked, name)
    return user


def _ask_for_code(asked: HttpRequest, user: User, told: dict[str, str]) -> None:
    if not is_enrolled(user):
        if must_have(user):
            raise Refused("second_factor_required")
        return
    if not told["code"].strip():
        raise Refused("code_required")
    try:
        check_code(user, told["code"])
    except CodeRefused as error:
        note_failure(asked, told["identifier"].strip())
        if error.wait is not None:
            raise Throttled(error.seconds) from error
        raise Refused("invalid_code") from error


def _limit(request: Request, identifier: str) -> None:
    limit = LoginsByAccount(identifier)
    if not limit.allow_request(request, None):
        raise Throttled(limit.wait())


def _wrong(code: str, field: str, detail: str) -> Refused:
    return Refused(code, errors=[{"field": field, "code": code, "detail": detail}])
