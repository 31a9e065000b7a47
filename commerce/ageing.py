"""How old what is owed is: open documents by the days that have passed since they were due.

The buckets share out the balances exactly: what is in them adds up to what is open, per currency, and
amounts of two currencies never meet. A balance that Zoho did not state is in no bucket and counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import F

from commerce.models import Bill, Customer, Invoice, Vendor
from commerce.models.documents import Document, DocumentQuerySet

K = TypeVar("K")
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAmount:
    """What is open on one document; `balance` None is not known, a negative one is owed the other way round."""

    party_id: int
    currency: str
    due: date | None
    balance: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Days past due, both ends included; the first span is what is not due yet, the last has no end."""

    first: int | None
    last: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ageing:
    """What is open in one currency. `buckets` are in the order of `spans`; `unknown` documents state no balance."""

    currency: str
    buckets: tuple[Decimal, ...]
    documents: int
    unknown: int

    @property
    def total(self) -> Decimal:
        return sum(self.buckets, ZERO)

    @property
    def overdue(self) -> Decimal:
        return sum(self.buckets[1:], ZERO)


def spans(days: Sequence[int] | None = None) -> list[Span]:
    """The spans that `days` (by default the setting AGEING_DAYS, rising) part: 30, 60 make 0, 1–30, 31–60, from 61."""
    ends = tuple(settings.AGEING_DAYS if days is None else days)
    parted = [Span(first=before + 1, last=end) for before, end in zip((0, *ends[:-1]), ends, strict=True)]
    return [Span(first=None, last=0), *parted, Span(first=ends[-1] + 1, last=None)]


def age(amounts: Iterable[OpenAmount], *, on: date, days: Sequence[int] | None = None) -> list[Ageing]:
    """The ageing of these amounts in each currency, by its code. Pure."""
    return [of_currency for (_, of_currency) in _aged(amounts, lambda one: one.currency, on=on, days=days)]


def age_by_party(
    amounts: Iterable[OpenAmount], *, on: date, days: Sequence[int] | None = None
) -> dict[int, list[Ageing]]:
    """The ageing of each partner, by currency. Pure."""
    found: dict[int, list[Ageing]] = {}
    for (party_id, _), ageing in _aged(amounts, lambda one: (one.party_id, one.currency), on=on, days=days):
        found.setdefault(party_id, []).append(ageing)
    return found


def open_amounts(documents: DocumentQuerySet[Any]) -> Iterator[OpenAmount]:
    """What is open on these invoices or bills. One query. Without a due date they are due on their own date."""
    party = "customer_id" if issubclass(documents.model, Invoice) else "vendor_id"
    columns = documents.open().order_by().values_list(party, "currency", "due_date", "date", "balance")
    for party_id, currency, due, day, balance in columns.iterator(chunk_size=2_000):
        yield OpenAmount(party_id=party_id, currency=currency, due=due or day, balance=balance)


def open_documents(party: Customer | Vendor) -> DocumentQuerySet[Any]:
    """The open invoices of a customer or bills of a vendor, those due longest first."""
    owed: type[Document] = Invoice if isinstance(party, Customer) else Bill
    of_party = {"customer" if isinstance(party, Customer) else "vendor": party}
    return owed.objects.filter(**of_party).open().order_by(F("due_date").asc(nulls_last=True), "date", "pk")


def days_past_due(due: date | None, *, on: date) -> int | None:
    """How many days ago it was due; 0 or less: not yet overdue. None: no date is known."""
    return None if due is None else (on - due).days


def _aged(
    amounts: Iterable[OpenAmount], key: Callable[[OpenAmount], K], *, on: date, days: Sequence[int] | None
) -> Iterator[tuple[K, Ageing]]:
    parted = spans(days)
    sums: dict[Any, list[Decimal]] = {}
    counts: dict[Any, list[int]] = {}
    currencies: dict[Any, str] = {}
    for one in amounts:
        name = key(one)
        currencies[name] = one.currency
        buckets = sums.setdefault(name, [ZERO] * len(parted))
        count = counts.setdefault(name, [0, 0])
        count[one.balance is None] += 1
        if one.balance is not None:
            buckets[_place(days_past_due(one.due, on=on), parted)] += one.balance
    yield from _in_order(sums, counts, currencies)


def _in_order(
    sums: Mapping[Any, list[Decimal]], counts: Mapping[Any, list[int]], currencies: Mapping[Any, str]
) -> Iterator[tuple[Any, Ageing]]:
    for name in sorted(sums):
        known, unknown = counts[name]
        yield (
            name,
            Ageing(currency=currencies[name], buckets=tuple(sums[name]), documents=known + unknown, unknown=unknown),
        )


def _place(past_due: int | None, parted: Sequence[Span]) -> int:
    """The bucket of a document; what has no date at all is not overdue."""
    if past_due is None or past_due <= 0:
        return 0
    return next(number for number, span in enumerate(parted) if number and (span.last is None or past_due <= span.last))
