"""The delivery addresses of a customer. Nobody ever sees or changes another's."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commerce.choices import Governorate
from commerce.models import Customer, CustomerAddress
from commerce.phones import parse_phone
from commerce.services.addresses import AddressValues, add_address, edit_address, make_default, remove_address
from mobile_bff.bodies import StrictSerializer, read_body
from mobile_bff.errors import Refused, bad_value
from mobile_bff.quoting import address as shown
from mobile_bff.screens.cart import CUSTOMER
from mobile_bff.screens.view import MobileView
from mobile_bff.selling import problem_at, refusals
from mobile_bff.shapes import AddressesShape, AddressShape

TAGS = ["mobile: addresses"]
SIX_DECIMALS = Decimal("0.000001")  # a tenth of a metre


class Degrees(serializers.DecimalField):
    """Degrees, however finely the phone measures them; kept to a tenth of a metre. A number, or digits as text."""

    def __init__(self, most: int) -> None:
        super().__init__(
            max_digits=None, decimal_places=None, min_value=-most, max_value=most, required=False, allow_null=True
        )

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool):
            self.fail("invalid")
        degrees: Decimal = super().to_internal_value(data)
        return degrees

    def run_validation(self, data: Any = serializers.empty) -> Any:
        degrees = super().run_validation(data)
        return degrees.quantize(SIX_DECIMALS) if isinstance(degrees, Decimal) else degrees


class AddressBody(StrictSerializer):
    ignored = frozenset({"id", "governorate_name"})

    label = serializers.CharField(max_length=100, required=False, allow_blank=True)  # type: ignore[assignment]  # a field of that name
    recipient = serializers.CharField(max_length=255, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40)
    governorate = serializers.ChoiceField(choices=Governorate.choices)
    district = serializers.CharField(max_length=255)
    landmark = serializers.CharField(max_length=255, required=False, allow_blank=True)
    details = serializers.CharField(max_length=255, required=False, allow_blank=True)
    lat = Degrees(90)
    lng = Degrees(180)
    is_default = serializers.BooleanField(required=False)


class AddressChangeBody(AddressBody):
    """What is not said stays as it is."""

    phone = serializers.CharField(max_length=40, required=False)
    governorate = serializers.ChoiceField(choices=Governorate.choices, required=False)
    district = serializers.CharField(max_length=255, required=False)


class AddressView(MobileView):
    needs_sign_in = True

    @property
    def customer(self) -> Customer:
        return self.caller.need_customer()


class Addresses(AddressView):
    @extend_schema(operation_id="mobile_addresses", parameters=[CUSTOMER], responses=AddressesShape, tags=TAGS)
    def get(self, request: Request) -> Response:
        """The addresses, the default one first, and the governorates to choose from."""
        rows = CustomerAddress.objects.live().filter(customer=self.customer)
        governorates = [{"code": code, "name": str(name)} for code, name in Governorate.choices]
        return Response({"items": [shown(row) for row in rows], "governorates": governorates})

    @extend_schema(
        operation_id="mobile_address_add",
        parameters=[CUSTOMER],
        request=AddressBody,
        responses={201: AddressShape},
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        """Add an address; the first one is the default."""
        customer, told = self.customer, read_body(AddressBody, request)
        values = _values(told, None)
        with refusals():
            added = add_address(customer.pk, values, is_default=told.get("is_default", False), at=timezone.now())
        return Response(shown(added), status=201)


class Address(AddressView):
    @extend_schema(operation_id="mobile_address", parameters=[CUSTOMER], responses=AddressShape, tags=TAGS)
    def get(self, request: Request, address: int) -> Response:
        return Response(shown(self._find(address)))

    @extend_schema(
        operation_id="mobile_address_replace",
        parameters=[CUSTOMER],
        request=AddressBody,
        responses=AddressShape,
        tags=TAGS,
    )
    def put(self, request: Request, address: int) -> Response:
        """Write an address anew; what is not said is empty."""
        return self._write(address, read_body(AddressBody, request), keep=False)

    @extend_schema(
        operation_id="mobile_address_change",
        parameters=[CUSTOMER],
        request=AddressChangeBody,
        responses=AddressShape,
        tags=TAGS,
    )
    def patch(self, request: Request, address: int) -> Response:
        """Change some of it."""
        return self._write(address, read_body(AddressChangeBody, request), keep=True)

    @extend_schema(
        operation_id="mobile_address_remove", parameters=[CUSTOMER], request=None, responses={204: None}, tags=TAGS
    )
    def delete(self, request: Request, address: int) -> Response:
        """Remove an address; orders keep their copy. Where it was the default, another one is it now."""
        with refusals():
            remove_address(self.customer.pk, address, at=timezone.now())
        return Response(status=204)

    def _write(self, address: int, told: Mapping[str, Any], *, keep: bool) -> Response:
        before = self._find(address)
        values = _values(told, before if keep else None)
        with refusals():
            written = edit_address(
                self.customer.pk, address, values, is_default=told.get("is_default"), at=timezone.now()
            )
        return Response(shown(written))

    def _find(self, address: int) -> CustomerAddress:
        found = CustomerAddress.objects.live().filter(customer=self.customer, pk=address).first()
        if found is None:
            raise Refused("unknown_address")
        return found


class DefaultAddress(AddressView):
    @extend_schema(
        operation_id="mobile_address_default", parameters=[CUSTOMER], request=None, responses=AddressShape, tags=TAGS
    )
    def post(self, request: Request, address: int) -> Response:
        """Make it the one that is meant when nothing is said."""
        with refusals():
            return Response(shown(make_default(self.customer.pk, address, at=timezone.now())))


def _values(told: Mapping[str, Any], before: CustomerAddress | None) -> AddressValues:
    """What is to be written: what was said, and of the rest what was there. 422 for a phone that is none."""
    names = ("label", "recipient", "governorate", "district", "landmark", "details")
    values: dict[str, Any] = {name: told.get(name, getattr(before, name, "")) for name in names}
    values["phone"] = _phone(told["phone"]) if "phone" in told else getattr(before, "phone", "")
    for name, column in (("lat", "latitude"), ("lng", "longitude")):
        values[column] = told[name] if name in told else getattr(before, column, None)
    if (values["latitude"] is None) != (values["longitude"] is None):
        raise bad_value("lat", _("A position has both lat and lng."), code="incomplete_position")
    return AddressValues(**values)


def _phone(text: str) -> str:
    phone = parse_phone(text)
    if phone is None:
        raise Refused("invalid_phone", errors=[problem_at("phone", "invalid_phone")])
    return phone
