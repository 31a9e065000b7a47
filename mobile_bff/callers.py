"""Who calls, whose prices count, and what they may see: settled once per request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import User
from rest_framework.request import Request

from catalog.models import PriceList
from commerce.choices import Audience
from commerce.models import AppSettings, Customer, ZohoUser
from commerce.price_lists import currency_of, price_lists_of
from mobile_bff.errors import Refused
from mobile_bff.guest_carts import guest_key
from mobile_bff.parameters import Id, text_of

ACT_FOR_CUSTOMER = "commerce.act_for_customer"


class Role(StrEnum):
    GUEST = "guest"
    CONSUMER = "consumer"
    WHOLESALE = "wholesale"
    SALESPERSON = "salesperson"
    STAFF = "staff"


STAFF_ROLES = frozenset({Role.SALESPERSON, Role.STAFF})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`customer` is who buys: the account's own, or the one that staff named by `customer_id`. None for guests.

    `price_lists` are asked in this order: the customer's own, then the consumers'. `guest_key` is the secret that a
    guest's phone knows its cart by.
    """

    role: Role
    user: User | None
    customer: Customer | None
    price_lists: tuple[PriceList, ...]
    settings: AppSettings
    language: str
    guest_key: str | None = None

    @property
    def price_list_ids(self) -> tuple[int, ...]:
        return tuple(price_list.pk for price_list in self.price_lists)

    @property
    def currency(self) -> str:
        """The currency of the list that is asked first; carts and price filters are in it."""
        return currency_of([*self.price_lists], self.settings)

    @property
    def comparable_list_ids(self) -> tuple[int, ...]:
        """The lists in `currency`: only their prices can be sorted and filtered together."""
        return tuple(row.pk for row in self.price_lists if row.currency in ("", self.currency))

    @property
    def is_staff(self) -> bool:
        """Salespeople and staff: they act for customers."""
        return self.role in STAFF_ROLES

    @property
    def audience(self) -> Audience:
        return Audience.CONSUMERS if self.role in (Role.GUEST, Role.CONSUMER) else Audience.WHOLESALE

    @property
    def sees_exact_stock(self) -> bool:
        return self.role not in (Role.GUEST, Role.CONSUMER)

    @property
    def stock_cap(self) -> int | None:
        """More than this is not told; None: all is."""
        return None if self.sees_exact_stock else (self.settings.shown_stock_cap or None)

    @property
    def clock(self) -> str:
        """The clock that stock is counted by, a `Measure`."""
        return self.settings.stock_clock

    def need_customer(self) -> Customer:
        """The customer; 401 for guests, 422 when staff named none."""
        if self.customer is not None:
            return self.customer
        if self.user is None:
            raise Refused("not_authenticated")
        raise Refused("customer_required")


def resolve(request: Request, app_settings: AppSettings, language: str) -> Caller:
    """Who sent this. No query for guests and customers; one for staff who name a customer.

    404 when a customer names another, 403 when staff name one that they may not act for.
    """
    user = request.user if request.user is not None and request.user.is_authenticated else None
    role, own = _place(user)
    asked = text_of(request, "customer_id")
    customer = _named(role, own, user, asked) if asked else own
    lists = tuple(price_lists_of(customer, app_settings))
    if role is Role.CONSUMER and lists and lists[0].pk != app_settings.consumer_price_list_id:
        role = Role.WHOLESALE
    return Caller(
        role=role,
        user=user,
        customer=customer,
        price_lists=lists,
        settings=app_settings,
        language=language,
        guest_key=guest_key(request) if user is None else None,
    )


def _place(user: User | None) -> tuple[Role, Customer | None]:
    if user is None:
        return Role.GUEST, None
    if user.is_staff and user.has_perm(ACT_FOR_CUSTOMER):
        return Role.STAFF, None
    seller: ZohoUser | None = _related(user, "zoho_user")
    if seller is not None and seller.is_at_work:
        return Role.SALESPERSON, None
    account = _related(user, "customer_account")
    return Role.CONSUMER, account.customer if account else None


def _named(role: Role, own: Customer | None, user: User | None, asked: str) -> Customer:
    key = Id.read(asked) or 0
    if role is Role.SALESPERSON:
        mine = Customer.objects.live().filter(salesperson=_related(user, "zoho_user"), pk=key)
        if (found := mine.select_related("price_list").first()) is None:
            raise Refused("forbidden_customer")
        return found
    if role is Role.STAFF:
        found = Customer.objects.live().filter(pk=key).select_related("price_list").first()
        if found is not None:
            return found
    elif own is not None and own.pk == key:
        return own
    raise Refused("not_found")


def _related(user: User | None, name: str) -> Any:
    """The other side of a one-to-one that may not be there; it came with the token."""
    return getattr(user, name, None)
