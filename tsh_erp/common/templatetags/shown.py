"""Numbers, amounts and days in templates as everywhere else: exact, read from the left, a dash for the unknown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django import template
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tsh_erp.admin_site import display, figures

register = template.Library()


@register.filter
def number(value: Decimal | None) -> SafeString | str:
    return figures.show_number(value) or display.NOTHING


@register.filter
def amount(value: Decimal | None, currency: str) -> SafeString | str:
    """Without the currency's name, where the column's head or a row's neighbour says it."""
    return figures.show_number(value, decimals=figures.DECIMALS.get(currency, 0)) or display.NOTHING


@register.filter
def money(value: Decimal | None, currency: str) -> SafeString | str:
    return figures.show_money(value, currency) or display.NOTHING


@register.filter
def digits(value: Decimal) -> str:
    """A number as people type it into a field."""
    return figures.plain_number(value).replace(",", "")


@register.filter
def day(value: date | None) -> SafeString | str:
    return display.NOTHING if value is None else format_html('<bdi class="day">{}</bdi>', date_format(value))


@register.filter
def kind(row: Model) -> str:
    """What a row is called in the singular: "invoice"."""
    return str(row._meta.verbose_name)


register.filter("moment", display.moment)
register.filter("rowlink", display.row_link)
