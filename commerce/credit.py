"""What a customer owes and may still owe: Zoho's open balance, orders there that nobody billed, and our own orders.

All of it in the organisation's base currency, in which Zoho keeps credit limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, DateField, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from commerce.models import AppOrder, Currency, Customer, CustomerBalance, Invoice, SalesOrder
from commerce.models.documents import NOT_POSTED
from tsh_erp.common.fields import RateField

ZERO, ONE, EXACT = Decimal(0), Decimal(1), Decimal("0.000001")
BILLED = ("invoiced", "closed")
COLUMNS = ("kind", "amount", "rate", "currency", "day")
Row = tuple[str, Decimal | None, Decimal | None, str, date | None]


@dataclass(frozen=True, kw_only=True)
class Credit:
    """`balance` is what is owed less unused credits; `ordered` what will be owed for orders that nobody billed yet.

    `limit` None: no credit was agreed. `rates` are base currency for one unit, with the day they are of.
    """

    currency: str
    limit: Decimal | None
    balance: Decimal
    ordered: Decimal
    rates: dict[str, tuple[Decimal, date | None]] = field(default_factory=dict)

    @property
    def available(self) -> Decimal | None:
        return None if self.limit is None else self.limit - self.balance - self.ordered

    def in_base(self, amount: Decimal, currency: str) -> Decimal | None:
        """The amount in the base currency; None when no rate is known."""
        rate = self.rate(currency)
        return None if rate is None else (amount * rate).quantize(EXACT)

    def rate(self, currency: str) -> Decimal | None:
        if currency == self.currency:
            return ONE
        found = self.rates.get(currency)
        return found[0] if found else None

    def covers(self, amount: Decimal, currency: str) -> bool:
        """Whether so much more may be owed."""
        wanted = self.in_base(amount, currency)
        return wanted is not None and self.available is not None and wanted <= self.available


def read_credit(customer: Customer, *, base_currency: str) -> Credit:
    """How the customer stands now. One query. `base_currency` is used when Zoho has not named its own."""
    rows = _balances(customer).union(_our_orders(customer), _unbilled_orders(customer), _rates(), all=True)
    sums, base, rates = {"owed": ZERO, "ordered": ZERO}, "", {}
    for kind, amount, rate, currency, day in _plain(rows):
        if kind in sums:
            sums[kind] += (amount or ZERO) * (ONE if rate is None else rate)
        elif kind == "base":
            base = currency
        if kind in ("base", "rate") and rate:
            rates[currency] = (rate, day)
    return Credit(
        currency=base or base_currency,
        limit=customer.credit_limit,
        balance=sums["owed"].quantize(EXACT),
        ordered=sums["ordered"].quantize(EXACT),
        rates=rates,
    )


def _plain(rows: QuerySet[Any, Any]) -> Iterator[Row]:
    """SQLite hands out decimals as it likes when several tables are read at once."""
    for kind, amount, rate, currency, day in rows:
        yield kind, _decimal(amount), _decimal(rate), currency, day


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _rows(rows: QuerySet[Any], **columns: Any) -> QuerySet[Any, Any]:
    """Every table in the same five columns."""
    number = RateField(null=True)
    shown = {
        "kind": columns["kind"],
        "amount": Cast(columns.get("amount", Value(None, output_field=number)), number),
        "rate": Cast(columns.get("rate", Value(None, output_field=number)), number),
        "currency": Cast(F(columns["currency"]), CharField()),
        "day": Cast(columns.get("day", Value(None, output_field=DateField())), DateField()),
    }
    return rows.order_by().values_list(*(shown[name] for name in COLUMNS))


def _balances(customer: Customer) -> QuerySet[Any, Any]:
    owed = Coalesce(F("receivable_base"), Value(ZERO)) - Coalesce(F("unused_credits_base"), Value(ZERO))
    rows = CustomerBalance.objects.filter(customer=customer)
    return _rows(rows, kind=Value("owed"), amount=owed, currency="currency")


def _our_orders(customer: Customer) -> QuerySet[Any, Any]:
    rows = AppOrder.objects.ours().filter(customer=customer)
    return _rows(rows, kind=Value("ordered"), amount=F("payable"), rate=F("exchange_rate"), currency="currency")


def _unbilled_orders(customer: Customer) -> QuerySet[Any, Any]:
    """Zoho's orders that hold, each less what was invoiced of it."""
    invoiced = (
        Invoice.objects.filter(sales_order=OuterRef("pk"), retired_at__isnull=True)
        .exclude(status__in=NOT_POSTED)
        .order_by()
        .values("sales_order")
        .annotate(sum=Sum("total"))
        .values("sum")
    )
    rows = (
        SalesOrder.objects.filter(customer=customer, retired_at__isnull=True, voided_at__isnull=True)
        .exclude(status__in=[*NOT_POSTED, *BILLED])
        .annotate(left=Coalesce(F("total"), Value(ZERO)) - Coalesce(Subquery(invoiced), Value(ZERO)))
        .filter(left__gt=0)
    )
    return _rows(rows, kind=Value("ordered"), amount=F("left"), rate=F("exchange_rate"), currency="currency")


def _rates() -> QuerySet[Any, Any]:
    kind = Case(When(is_base=True, then=Value("base")), default=Value("rate"))
    rows = Currency.objects.filter(retired_at__isnull=True).exclude(code="")
    return _rows(rows, kind=kind, rate=F("exchange_rate"), day=F("effective_date"), currency="code")
