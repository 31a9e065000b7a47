"""How numbers are shown on admin pages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib import admin
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tsh_erp.admin_site.display import NOTHING

A = TypeVar("A", bound=type)


# Digits that people expect behind the point of an amount; every currency shows more where there are more.
DECIMALS = {"USD": 2, "EUR": 2}


def show_number(value: Decimal | None, *, decimals: int = 0) -> SafeString | None:
    """The exact number with separators and without the zeros that storage adds; read from the left in Arabic too.

    `decimals` are shown at least.
    """
    return None if value is None else format_html('<bdi dir="ltr">{}</bdi>', plain_number(value, decimals=decimals))


def show_money(amount: Decimal | None, currency: str) -> SafeString | None:
    """An amount with its currency."""
    if amount is None:
        return None
    return format_html("{} {}", show_number(amount, decimals=DECIMALS.get(currency, 0)) or "", currency)


def plain_number(value: Decimal, *, decimals: int = 0) -> str:
    """The digits of `show_number`."""
    whole, _, rest = f"{value:,f}".partition(".")
    rest = rest.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{rest}" if rest else whole


def with_figures(model: type[models.Model]) -> Callable[[A], A]:
    """Give an admin class a column `shown_<name>` for each number of `model`."""

    def decorate(page: A) -> A:
        for column in model._meta.get_fields():
            if isinstance(column, models.DecimalField):
                setattr(page, f"shown_{column.name}", _figure(column))
        return page

    return decorate


def _figure(column: models.DecimalField[Any, Any]) -> Callable[[Any, Any], SafeString | str]:
    @admin.display(description=column.verbose_name, ordering=column.name)
    def shown(page: Any, row: Any) -> SafeString | str:
        return show_number(getattr(row, column.name)) or NOTHING

    return shown
