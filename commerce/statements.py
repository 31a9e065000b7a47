"""The statement of account of a customer or vendor: what stood open, what moved it, what stands open now.

A document raises or lowers what is owed by its total on its own date, a payment lowers it by its amount.
Zoho tells no day for refunds, write-offs and withheld taxes: they stand on the day of what they belong to.
Each currency has a statement of its own. An amount that is not known makes every balance after it unknown.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from commerce.models import (
    Bill,
    CreditNote,
    Customer,
    CustomerPayment,
    Invoice,
    Vendor,
    VendorCredit,
    VendorPayment,
)
from commerce.models.documents import Document
from commerce.models.payments import Payment

ZERO = Decimal(0)


class Entry(TextChoices):
    """Why what is owed became more or less. On one day they stand in this order."""

    INVOICE = "invoice", _("invoice")
    BILL = "bill", _("bill")
    WRITE_OFF = "write_off", _("written off")
    TAX_WITHHELD = "tax_withheld", _("tax withheld")
    CREDIT_NOTE = "credit_note", _("credit note")
    VENDOR_CREDIT = "vendor_credit", _("vendor credit")
    PAYMENT = "payment", _("payment")
    REFUND = "refund", _("refund")


ORDER = {entry: number for number, entry in enumerate(Entry)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """One change of what is owed: `change` above 0 raises it, below 0 lowers it, None is not known.

    `source` and `source_id` name the row it comes from, by model label ("commerce.invoice") and primary key.
    """

    entry: Entry
    date: datetime.date | None
    number: str
    reference: str
    due: datetime.date | None
    change: Decimal | None
    source: str
    source_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A movement and what is owed after it (None: not known)."""

    movement: Movement
    balance: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What is owed in one currency over a time, both days included. `raised` and `lowered` are both positive."""

    currency: str
    start: datetime.date
    end: datetime.date
    opening: Decimal | None
    lines: tuple[Line, ...]
    raised: Decimal
    lowered: Decimal
    closing: Decimal | None

    @property
    def unknown(self) -> int:
        """How many of the lines have no known amount."""
        return sum(line.movement.change is None for line in self.lines)


def draw_up(
    movements: Iterable[Movement],
    *,
    currency: str,
    opening_balance: Decimal | None,
    start: datetime.date,
    end: datetime.date,
) -> Statement:
    """The statement over these days. Pure.

    `opening_balance` is what was owed before the first document; None counts as nothing, as Zoho leaves it
    out where there is none. What has no date belongs before the first day.
    """
    known: Decimal | None = ZERO if opening_balance is None else opening_balance
    opening = known
    lines: list[Line] = []
    raised = lowered = ZERO
    for movement in sorted(movements, key=_place):
        if movement.date is not None and movement.date > end:
            break
        known = None if known is None or movement.change is None else known + movement.change
        if movement.date is None or movement.date < start:
            opening = known
            continue
        raised += max(movement.change or ZERO, ZERO)
        lowered -= min(movement.change or ZERO, ZERO)
        lines.append(Line(movement=movement, balance=known))
    return Statement(
        currency=currency,
        start=start,
        end=end,
        opening=opening,
        lines=tuple(lines),
        raised=raised,
        lowered=lowered,
        closing=known,
    )


def movements_of(party: Customer | Vendor) -> dict[str, list[Movement]]:
    """Everything that changed what a partner owes, or what we owe, by currency. Three queries."""
    found: dict[str, list[Movement]] = {}
    for currency, movement in _all_of(party):
        found.setdefault(currency, []).append(movement)
    return found


def _all_of(party: Customer | Vendor) -> Iterator[tuple[str, Movement]]:
    if isinstance(party, Customer):
        mine: dict[str, Any] = {"customer": party}
        yield from _owed(Invoice, mine, Entry.INVOICE)
        yield from _given(CreditNote, mine, Entry.CREDIT_NOTE)
        yield from _paid(CustomerPayment, mine)
    else:
        mine = {"vendor": party}
        yield from _owed(Bill, mine, Entry.BILL)
        yield from _given(VendorCredit, mine, Entry.VENDOR_CREDIT)
        yield from _paid(VendorPayment, mine)


def _owed(model: type[Document], mine: dict[str, Any], entry: Entry) -> Iterator[tuple[str, Movement]]:
    columns = ("pk", "currency", "date", "number", "reference", "due_date", "total", "write_off", "tax_withheld")
    for pk, currency, day, number, reference, due, total, write_off, withheld in _rows(model, mine, columns):
        document = (model._meta.label_lower, pk, day, number, reference)
        yield currency, _movement(entry, document, total, due=due)
        yield from _more(currency, document, ((Entry.WRITE_OFF, write_off, -1), (Entry.TAX_WITHHELD, withheld, -1)))


def _given(model: type[Document], mine: dict[str, Any], entry: Entry) -> Iterator[tuple[str, Movement]]:
    columns = ("pk", "currency", "date", "number", "reference", "total", "refunded")
    for pk, currency, day, number, reference, total, refunded in _rows(model, mine, columns):
        document = (model._meta.label_lower, pk, day, number, reference)
        yield currency, _movement(entry, document, None if total is None else -total)
        yield from _more(currency, document, ((Entry.REFUND, refunded, 1),))


def _paid(model: type[Payment], mine: dict[str, Any]) -> Iterator[tuple[str, Movement]]:
    columns = ("pk", "currency", "date", "number", "reference", "amount", "refunded")
    for pk, currency, day, number, reference, amount, refunded in _rows(model, mine, columns):
        payment = (model._meta.label_lower, pk, day, number, reference)
        yield currency, _movement(Entry.PAYMENT, payment, None if amount is None else -amount)
        yield from _more(currency, payment, ((Entry.REFUND, refunded, 1),))


def _rows(model: Any, mine: dict[str, Any], columns: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    rows: Iterable[tuple[Any, ...]] = model.objects.filter(**mine).posted().order_by().values_list(*columns)
    return rows


def _more(
    currency: str,
    source: tuple[str, int, datetime.date | None, str, str],
    parts: Iterable[tuple[Entry, Decimal | None, int]],
) -> Iterator[tuple[str, Movement]]:
    """What a document may have besides: absent or 0, there is none of it."""
    for entry, amount, sign in parts:
        if amount:
            yield currency, _movement(entry, source, amount * sign)


def _movement(
    entry: Entry,
    source: tuple[str, int, datetime.date | None, str, str],
    change: Decimal | None,
    *,
    due: datetime.date | None = None,
) -> Movement:
    label, pk, day, number, reference = source
    return Movement(
        entry=entry,
        date=day,
        number=number,
        reference=reference,
        due=due,
        change=change,
        source=label,
        source_id=pk,
    )


def _place(movement: Movement) -> tuple[datetime.date, int, str, int]:
    return movement.date or datetime.date.min, ORDER[movement.entry], movement.number, movement.source_id
