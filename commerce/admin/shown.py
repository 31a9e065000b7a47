"""How figures, addresses and links look on the pages of this app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from django.contrib import admin
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

A = TypeVar("A", bound=type)
Section = tuple[Any, Any]
"""A title and the fields under it, as Django's `fieldsets` takes them."""


def show_number(value: Decimal | None) -> SafeString | None:
    """The exact number with separators and without the zeros that storage adds; read from the left in Arabic too."""
    if value is None:
        return None
    text = f"{value:,f}"
    return format_html('<bdi dir="ltr">{}</bdi>', text.rstrip("0").rstrip(".") if "." in text else text)


def show_money(amount: Decimal | None, currency: str) -> SafeString | None:
    """An amount with its currency."""
    return None if amount is None else format_html("{} {}", show_number(amount) or "", currency)


def show_address(address: Mapping[str, str]) -> SafeString | str:
    """The filled parts of an address, one in a line."""
    return format_html_join("", "<div><bdi>{}</bdi></div>", ((text,) for text in address.values())) or "—"


def show_links(links: Iterable[SafeString]) -> SafeString:
    """Links beside each other."""
    return format_html_join(" · ", "{}", ((link,) for link in links))


def with_figures(model: type[models.Model]) -> Callable[[A], A]:
    """Give an admin class a column `shown_<name>` for each number of `model`."""

    def decorate(page: A) -> A:
        for column in model._meta.get_fields():
            if isinstance(column, models.DecimalField):
                setattr(page, f"shown_{column.name}", _figure(column))
        return page

    return decorate


def _figure(column: models.DecimalField[Any, Any]) -> Callable[[Any, Any], SafeString | None]:
    @admin.display(description=column.verbose_name, ordering=column.name)
    def shown(page: Any, row: Any) -> SafeString | None:
        return show_number(getattr(row, column.name))

    return shown
