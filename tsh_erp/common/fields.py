"""Column types that every app shares: money, quantities and rates are exact decimals."""

from __future__ import annotations

from typing import Any

from django.db import models

MONEY_DIGITS, MONEY_DECIMALS = 24, 6
RATE_DIGITS, RATE_DECIMALS = 24, 10


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An amount of money, exact to six decimals. Its currency stands in a column beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", MONEY_DIGITS)
        kwargs.setdefault("decimal_places", MONEY_DECIMALS)
        super().__init__(*args, **kwargs)


class QuantityField(MoneyField):
    """A quantity in the product's unit, exact to six decimals; negative stock is possible."""


class RateField(models.DecimalField):  # type: ignore[type-arg]
    """An exchange rate or a percentage, exact to ten decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", RATE_DIGITS)
        kwargs.setdefault("decimal_places", RATE_DECIMALS)
        super().__init__(*args, **kwargs)


class CurrencyField(models.CharField):  # type: ignore[type-arg]
    """An ISO 4217 code such as IQD; empty where Zoho does not say."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 10)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)
