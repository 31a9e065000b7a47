"""Delivery addresses. The customer is locked, so that exactly one of them is the default however many write at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from commerce.models import Customer, CustomerAddress
from commerce.refusals import AddressRefused

MOST = 20


@dataclass(frozen=True, kw_only=True)
class AddressValues:
    """An address as a person writes it; `governorate` is a code of `commerce.choices.Governorate`."""

    governorate: str
    district: str
    phone: str
    label: str = ""
    recipient: str = ""
    landmark: str = ""
    details: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None


@transaction.atomic
def add_address(customer_id: int, values: AddressValues, *, is_default: bool = False, at: datetime) -> CustomerAddress:
    """Add an address; the first one is the default whatever is said. AddressRefused beyond twenty."""
    _lock(customer_id)
    count = CustomerAddress.objects.live().filter(customer_id=customer_id).count()
    if count >= MOST:
        raise AddressRefused("too_many_addresses", most=MOST)
    address = CustomerAddress.objects.create(customer_id=customer_id, **asdict(values))
    if is_default or not count:
        _make_default(address, at=at)
    return address


@transaction.atomic
def edit_address(
    customer_id: int, address_id: int, values: AddressValues, *, is_default: bool | None = None, at: datetime
) -> CustomerAddress:
    """Write an address anew. `is_default` True makes it the default; there is no other way to stop being it."""
    address = _find(customer_id, address_id)
    for name, value in asdict(values).items():
        setattr(address, name, value)
    address.save()
    if is_default and not address.is_default:
        _make_default(address, at=at)
    return address


@transaction.atomic
def make_default(customer_id: int, address_id: int, *, at: datetime) -> CustomerAddress:
    address = _find(customer_id, address_id)
    if not address.is_default:
        _make_default(address, at=at)
    return address


@transaction.atomic
def remove_address(customer_id: int, address_id: int, *, at: datetime) -> None:
    """Take an address away; where it was the default, the newest other one is it now."""
    address = _find(customer_id, address_id)
    was_default, address.is_default, address.removed_at = address.is_default, False, at
    address.save(update_fields=["is_default", "removed_at", "updated_at"])
    heir = CustomerAddress.objects.live().filter(customer_id=customer_id).order_by("-pk").first()
    if was_default and heir is not None:
        _make_default(heir, at=at)


def _lock(customer_id: int) -> None:
    Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def _find(customer_id: int, address_id: int) -> CustomerAddress:
    _lock(customer_id)
    address = CustomerAddress.objects.live().filter(customer_id=customer_id, pk=address_id).first()
    if address is None:
        raise AddressRefused("unknown_address", field="address_id")
    return address


def _make_default(address: CustomerAddress, *, at: datetime) -> None:
    """The old default first: the constraint is looked at after each statement."""
    others = CustomerAddress.objects.live().filter(customer_id=address.customer_id, is_default=True)
    others.exclude(pk=address.pk).update(is_default=False, updated_at=at)
    CustomerAddress.objects.filter(pk=address.pk).update(is_default=True, updated_at=at)
    address.is_default = True
