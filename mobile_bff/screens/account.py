"""Who is signed in, with which password, on which devices."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.models import CustomerAccount, DeviceToken
from commerce.services.accounts import LONGEST_NAME, change_password, choose_language, has_password, rename
from commerce.services.devices import end_device, start_device
from mobile_bff.authentication import device_info, held_token, signed_in
from mobile_bff.bodies import StrictSerializer, read_body
from mobile_bff.callers import Caller
from mobile_bff.errors import Refused
from mobile_bff.money import moment
from mobile_bff.screens.auth import LONGEST_PASSWORD, TAGS, LoginsByAccount, TokenShape, check_password_of, token_answer
from mobile_bff.screens.view import MobileView


class MeBody(StrictSerializer):
    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class PasswordBody(StrictSerializer):
    current_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)
    new_password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False)


class NamedShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()


class AccountShape(serializers.Serializer[Any]):
    phone = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    state = serializers.ChoiceField(choices=CustomerAccount.State.choices)


class MeShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    account = AccountShape(allow_null=True)
    customer = NamedShape(allow_null=True, help_text="Who buys; staff have none unless they name one.")
    currency = serializers.CharField()
    price_list = NamedShape(allow_null=True)


class DeviceShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    app = serializers.CharField()
    app_version = serializers.CharField()
    platform = serializers.CharField()
    signed_in_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()
    is_current = serializers.BooleanField()


class DevicesShape(serializers.Serializer[Any]):
    items = DeviceShape(many=True)


class Private(MobileView):
    """About the login itself; also while the shop is closed."""

    needs_sign_in = True
    open_in_maintenance = True
    holds_secrets = True


class Me(Private):
    @extend_schema(operation_id="mobile_me", responses=MeShape, tags=TAGS)
    def get(self, request: Request) -> Response:
        return Response(me(self.caller))

    @extend_schema(operation_id="mobile_me_change", request=MeBody, responses=MeShape, tags=TAGS)
    def patch(self, request: Request) -> Response:
        told = read_body(MeBody, request)
        account = getattr(request.user, "customer_account", None)
        if account is None:
            raise Refused("permission_denied", detail=_("Staff change this in the admin."))
        at = timezone.now()
        if "name" in told:
            rename(account, told["name"], at=at)
        if "language" in told:
            choose_language(account, told["language"], at=at)
        return Response(me(self.caller))


class Password(Private):
    """Choose another password. Every device is signed out, and this one gets a new token."""

    @extend_schema(operation_id="mobile_password", request=PasswordBody, responses=TokenShape, tags=TAGS)
    def post(self, request: Request) -> Response:
        told = read_body(PasswordBody, request)
        user, held = signed_in(request), held_token(request)
        account = getattr(user, "customer_account", None)
        if account is None:
            raise Refused("permission_denied", detail=_("Staff change this in the admin."))
        limit = LoginsByAccount(str(account))
        if not limit.allow_request(request, None):
            raise Refused("rate_limited", retry_after=int(limit.wait()))
        if not has_password(user, told["current_password"]):
            raise Refused("wrong_password")
        check_password_of(
            told["new_password"],
            field="new_password",
            name=user.first_name,
            phone=str(account.phone or ""),
            email=account.email,
        )
        at = timezone.now()
        info = device_info(request, name=held.name)
        change_password(user, told["new_password"], at=at)
        return Response(token_answer(start_device(user, info, at=at)))


class Devices(Private):
    @extend_schema(operation_id="mobile_devices", responses=DevicesShape, tags=TAGS)
    def get(self, request: Request) -> Response:
        rows = DeviceToken.objects.live(timezone.now()).current().filter(user=request.user.pk)
        latest: dict[uuid.UUID, DeviceToken] = {}
        for row in rows.order_by("-last_used_at", "digest"):
            latest.setdefault(row.device, row)
        return Response({"items": [_device(row, held_token(request)) for row in latest.values()]})


class Device(Private):
    """Sign one device out, at once."""

    @extend_schema(operation_id="mobile_device_end", responses={204: None}, tags=TAGS)
    def delete(self, request: Request, device: uuid.UUID) -> Response:
        if not end_device(signed_in(request), device):
            raise Refused("not_found")
        return Response(status=204)


def me(caller: Caller) -> dict[str, Any]:
    """Who is signed in, and for whom."""
    user, customer = caller.user, caller.customer
    assert user is not None
    account: CustomerAccount | None = getattr(user, "customer_account", None)
    lists = caller.price_lists
    return {
        "id": str(user.pk),
        "name": user.get_full_name() or ("" if account else user.get_username()),
        "role": caller.role.value,
        "account": account and _account(account),
        "customer": customer and {"id": str(customer.pk), "name": customer.name_ar or customer.name},
        "currency": caller.currency,
        "price_list": {"id": str(lists[0].pk), "name": lists[0].name} if lists else None,
    }


def _account(account: CustomerAccount) -> dict[str, Any]:
    return {
        "phone": str(account.phone) if account.phone else None,
        "email": account.email or None,
        "language": account.language,
        "state": account.state,
    }


def _device(row: DeviceToken, held: DeviceToken) -> dict[str, Any]:
    return {
        "id": str(row.device),
        "name": row.name,
        "app": row.app,
        "app_version": row.app_version,
        "platform": row.platform,
        "signed_in_at": moment(row.signed_in_at),
        "last_used_at": moment(row.last_used_at),
        "is_current": row.device == held.device,
    }
