"""Which addresses, deliveries and payments are open to a buyer: the second half of a quote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import (
    BigIntegerField,
    BooleanField,
    F,
    Field,
    IntegerField,
    Model,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from commerce.choices import PaymentKind
from commerce.credit import Credit
from commerce.models import Customer, CustomerAddress, DeliveryMethod, PaymentMethod
from commerce.quotes import Delivery, Obstacle, Payment, Problem, UnknownAddress
from tsh_erp.common.fields import MoneyField

M = TypeVar("M", bound=Model)
DELIVERY, PAYMENT = "delivery", "payment"
# What a quote and those who show it need of both tables; `position` comes last, rows are sorted by it.
COLUMNS: Mapping[str, Field[Any, Any]] = {
    "id": BigIntegerField(),
    "code": TextField(),
    "kind": TextField(),
    "name_ar": TextField(),
    "name_en": TextField(),
    "price": MoneyField(),
    "currency": TextField(),
    "least_days": IntegerField(),
    "most_days": IntegerField(),
    "governorates": TextField(),
    "needs_address": BooleanField(),
    "is_active": BooleanField(),
    "position": IntegerField(),
}


@dataclass(frozen=True, kw_only=True)
class Ways:
    """What there is to choose from and what was chosen; an unknown or closed choice is None."""

    addresses: tuple[CustomerAddress, ...]
    address: CustomerAddress | None
    deliveries: tuple[Delivery, ...]
    delivery: DeliveryMethod | None
    methods: tuple[PaymentMethod, ...]
    method: PaymentMethod | None


def read_ways(
    customer: Customer | None,
    *,
    currency: str,
    address_id: int | None,
    delivery_method_id: int | None,
    payment_method: str | None,
) -> Ways:
    """What there is to choose from, without asking for credit. Two queries, one for guests.

    Without `address_id` the default address is meant. UnknownAddress when it is not this customer's.
    """
    addresses = tuple(CustomerAddress.objects.live().filter(customer=customer)) if customer is not None else ()
    address = _choose(addresses, address_id)
    open_deliveries, methods = read_methods()
    deliveries = tuple(Delivery(method=one, reason=_not_delivered(one, address, currency)) for one in open_deliveries)
    return Ways(
        addresses=addresses,
        address=address,
        deliveries=deliveries,
        delivery=next(
            (one.method for one in deliveries if one.method.pk == delivery_method_id and one.is_available), None
        ),
        methods=methods,
        method=next((one for one in methods if one.code == payment_method), None),
    )


def read_methods() -> tuple[tuple[DeliveryMethod, ...], tuple[PaymentMethod, ...]]:
    """The active ways of delivery and of payment, each in their order. One query: both tables have a few rows."""
    rows = _columns(DeliveryMethod, DELIVERY).union(_columns(PaymentMethod, PAYMENT), all=True)
    deliveries, payments = [], []
    for what, *values in sorted(rows, key=lambda row: (row[0], row[-1], row[1])):
        stored = dict(zip(COLUMNS, values, strict=True))
        if what == DELIVERY:
            governorates = json.loads(stored["governorates"])
            price = Decimal(str(stored["price"]))
            more = {"governorates": governorates, "price": price, "needs_address": bool(stored["needs_address"])}
            deliveries.append(_row(DeliveryMethod, stored | more))
        else:
            payments.append(_row(PaymentMethod, stored))
    return tuple(deliveries), tuple(payments)


def judge_payments(
    methods: Sequence[PaymentMethod],
    customer: Customer | None,
    credit: Credit | None,
    *,
    amount: Decimal,
    currency: str,
) -> tuple[Payment, ...]:
    """Each way to pay `amount`, and what keeps the customer from it."""
    return tuple(
        Payment(
            method=one,
            reason=_not_on_account(customer, credit, amount, currency) if one.kind == PaymentKind.ON_ACCOUNT else None,
        )
        for one in methods
    )


def problems_of_choices(
    ways: Ways, payments: Sequence[Payment], *, delivery_method_id: int | None, payment_method: str | None
) -> Iterator[Problem]:
    """What is missing or closed among the choices."""
    if delivery_method_id is None:
        yield Problem(code=Obstacle.DELIVERY_METHOD_REQUIRED)
    elif ways.delivery is None:
        asked = next((one for one in ways.deliveries if one.method.pk == delivery_method_id), None)
        yield Problem(
            code=Obstacle.DELIVERY_METHOD_UNAVAILABLE, details={"reason": asked.reason if asked else "unknown"}
        )
    elif ways.delivery.needs_address and ways.address is None:
        yield Problem(code=Obstacle.ADDRESS_REQUIRED)
    if payment_method is None:
        yield Problem(code=Obstacle.PAYMENT_METHOD_REQUIRED)
        return
    chosen = next((one for one in payments if one.method.code == payment_method), None)
    if chosen is None or not chosen.is_available:
        reason = chosen.reason if chosen else "unknown"
        yield Problem(code=Obstacle.PAYMENT_METHOD_UNAVAILABLE, details={"reason": reason})


def _columns(model: type[DeliveryMethod] | type[PaymentMethod], what: str) -> QuerySet[Any, Any]:
    """The active rows of one table in the columns of both, NULL where the table has none."""
    have = {column.name for column in model._meta.concrete_fields}
    chosen = [Cast(F(name) if name in have else Value(None), output_field=column) for name, column in COLUMNS.items()]
    rows: QuerySet[Any] = model._default_manager.filter(is_active=True).order_by()
    return rows.values_list(Value(what), *chosen)


def _row(model: type[M], stored: Mapping[str, Any]) -> M:
    """The row as it would have been read from its own table."""
    row = model(**{column.name: stored[column.name] for column in model._meta.concrete_fields if column.name in stored})
    row._state.adding, row._state.db = False, "default"
    return row


def _choose(addresses: Sequence[CustomerAddress], address_id: int | None) -> CustomerAddress | None:
    if address_id is None:
        return addresses[0] if addresses else None
    found = next((one for one in addresses if one.pk == address_id), None)
    if found is None:
        raise UnknownAddress(address_id)
    return found


def _not_delivered(method: DeliveryMethod, address: CustomerAddress | None, currency: str) -> str | None:
    if method.currency != currency:
        return "wrong_currency"
    if address is not None and not method.goes_to(address.governorate):
        return "governorate"
    return None


def _not_on_account(customer: Customer | None, credit: Credit | None, amount: Decimal, currency: str) -> str | None:
    if customer is None or credit is None:
        return "sign_in_required"
    if not customer.is_active:
        return "on_hold"
    if credit.limit is None:
        return "no_credit"
    if credit.rate(currency) is None:
        return "no_exchange_rate"
    return None if credit.covers(amount, currency) else "credit_limit"
