"""What staff look at before they say that an account on a phone is somebody whom Zoho knows. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from commerce.models import AppOrder, Cart, Customer, CustomerAccount, CustomerAddress, Invoice, Review
from commerce.phones import parse_phone
from commerce.spelling import phone_spelling

MOST_CANDIDATES = 20
MOST_SHARING = 50
PHONES = ("phone", "mobile")
COMPARED = ("name", "company_name", "phone", "mobile", "email", "sub_type", "currency")
BELONGINGS: Mapping[str, Any] = {
    "orders": AppOrder,
    "carts": Cart,
    "addresses": CustomerAddress,
    "reviews": Review,
    "invoices": Invoice,
}


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One line of the comparison: a column of customers by its name, as both sides have it."""

    column: str
    ours: str
    theirs: str

    @property
    def differs(self) -> bool:
        return bool(self.ours and self.theirs) and _same(self.ours) != _same(self.theirs)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """An account beside the customer that it may belong to.

    `sharing` are other customers with the account's phone, `accounts` other accounts of that customer, `left_behind`
    what the account's customer of now has of each of `BELONGINGS` and keeps.
    """

    rows: Sequence[Compared]
    sharing: Sequence[Customer]
    accounts: Sequence[CustomerAccount]
    left_behind: Mapping[str, int]
    theirs: Mapping[str, int]
    has_phone: bool

    @property
    def is_doubtful(self) -> bool:
        return bool(self.sharing or self.accounts or not self.has_phone)


def candidates(account: CustomerAccount) -> list[Customer]:
    """Customers of Zoho with the account's phone or e-mail, their contact persons' included. One query."""
    if not account.phone and not account.email:
        return []
    wanted = _with_phone(str(account.phone)) if account.phone else Q()
    if account.email:
        wanted |= Q(email__iexact=account.email) | Q(contactpersons__email__iexact=account.email)
    keys = Customer.objects.filter(wanted, zoho_id__isnull=False, retired_at__isnull=True).order_by().values("pk")
    rows = Customer.objects.filter(pk__in=keys).select_related("price_list", "salesperson").prefetch_related("balances")
    return list(rows.order_by("-is_active", "name", "pk")[:MOST_CANDIDATES])


def compare(account: CustomerAccount, customer: Customer) -> Comparison:
    """The account's own customer beside another. The queries do not grow with what either has."""
    own = account.customer
    rows = [
        Compared(column=name, ours=str(getattr(own, name) or ""), theirs=str(getattr(customer, name) or ""))
        for name in COMPARED
    ]
    moved = own.pk != customer.pk
    others = CustomerAccount.objects.filter(customer=customer).exclude(pk=account.pk).select_related("user")
    return Comparison(
        rows=rows,
        sharing=list(_sharing(account, customer)),
        accounts=list(others.order_by("pk")[:MOST_SHARING]),
        left_behind=_belongings(own) if moved else {},
        theirs=_belongings(customer),
        has_phone=account.phone is not None and str(account.phone) in _phones_of(customer),
    )


def _sharing(account: CustomerAccount, customer: Customer) -> QuerySet[Customer]:
    if not account.phone:
        return Customer.objects.none()
    keys = Customer.objects.filter(_with_phone(str(account.phone)), zoho_id__isnull=False).order_by().values("pk")
    return Customer.objects.filter(pk__in=keys).exclude(pk=customer.pk).order_by("name", "pk")[:MOST_SHARING]


def _with_phone(phone: str) -> Q:
    spelt = phone_spelling(phone)
    wanted = Q()
    for name in PHONES:
        wanted |= Q(**{f"{name}__iregex": spelt}) | Q(**{f"contactpersons__{name}__iregex": spelt})
    return wanted


def _phones_of(customer: Customer) -> set[str]:
    people = [customer, *customer.contactpersons.all()]
    written = (getattr(one, name) for one in people for name in PHONES)
    return {phone for text in written if (phone := parse_phone(text)) is not None}


def _belongings(customer: Customer) -> dict[str, int]:
    return {name: model._default_manager.filter(customer=customer).count() for name, model in BELONGINGS.items()}


def _same(text: str) -> str:
    return parse_phone(text) or " ".join(text.split()).casefold()


def names_of(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The tables of `counts` as people call them, those with nothing left out."""
    for name, count in counts.items():
        if count:
            yield str(BELONGINGS[name]._meta.verbose_name_plural), count
