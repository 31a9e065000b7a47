"""Amounts, quantities and times as they stand on the wire: text, never a float."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from commerce.totals import CURRENCIES

Money = dict[str, str]
DIGITS = 2  # of currencies that `commerce.totals` does not name


def money(amount: Decimal, currency: str) -> Money:
    """`{"amount": "82750", "currency": "IQD"}`: dinars whole, dollars with two digits."""
    known = CURRENCIES.get(currency)
    exact = known.round(amount) if known else amount.quantize(Decimal(1).scaleb(-DIGITS), ROUND_HALF_UP)
    return {"amount": f"{exact:f}", "currency": currency}


def money_or_none(amount: Decimal | None, currency: str) -> Money | None:
    return None if amount is None else money(amount, currency)


def quantity(amount: Decimal) -> int | str:
    """A whole number where it is one, else its exact digits as text (metres, kilograms)."""
    whole = amount.to_integral_value()
    return int(whole) if whole == amount else f"{amount.normalize():f}"


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC to the second."""
    return None if at is None else at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
