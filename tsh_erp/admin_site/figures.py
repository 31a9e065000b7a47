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


def show_number(value: Decimal | None) -> SafeString | None:
    """The exact number with separators and without the zeros that storage adds; read from the left in Arabic too."""
    if value is None:
        return None
    text = f"{value:,f}"
    return format_html('<bdi dir="ltr">{}</bdi>', text.rstrip("0").rstrip(".") if "." in text else text)


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
