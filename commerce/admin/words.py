"""Zoho's words for statuses and kinds, as people read them. The database keeps Zoho's word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tsh_erp.admin_site.display import NOTHING

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

A = TypeVar("A", bound=type)
LOOKED_AT = 10_000  # rows

WORDS = {
    # documents
    "draft": _("draft"),
    "pending_approval": _("waiting for approval"),
    "approved": _("approved"),
    "rejected": _("rejected"),
    "sent": _("sent"),
    "viewed": _("seen by the customer"),
    "open": _("open"),
    "issued": _("issued"),
    "confirmed": _("confirmed"),
    "on_hold": _("on hold"),
    "onhold": _("on hold"),
    "overdue": _("overdue"),
    "unpaid": _("unpaid"),
    "partially_paid": _("partially paid"),
    "paid": _("paid"),
    "closed": _("closed"),
    "void": _("void"),
    "cancelled": _("cancelled"),
    "adjusted": _("adjusted"),
    # orders
    "pending": _("pending"),
    "to_be_received": _("to be received"),
    "partially_received": _("partially received"),
    "received": _("fully received"),
    "to_be_billed": _("to be billed"),
    "partially_billed": _("partially billed"),
    "billed": _("billed"),
    "not_invoiced": _("not invoiced"),
    "partially_invoiced": _("partially invoiced"),
    "invoiced": _("invoiced"),
    "not_shipped": _("not shipped"),
    "partially_shipped": _("partially shipped"),
    "shipped": _("shipped"),
    "delivered": _("delivered"),
    "partially_fulfilled": _("partially fulfilled"),
    "fulfilled": _("fulfilled"),
    # discounts, adjustments, taxes
    "entity_level": _("on the whole document"),
    "item_level": _("on each line"),
    "quantity": _("quantity"),
    "value": _("value"),
    "tax": _("tax"),
    "compound_tax": _("compound tax"),
    "tax_group": _("tax group"),
    # payments
    "success": pgettext_lazy("payment", "successful"),
    "failure": pgettext_lazy("payment", "failed"),
    "cash": _("cash"),
    "check": _("cheque"),
    "cheque": _("cheque"),
    "bank_transfer": _("bank transfer"),
    "bank_remittance": _("bank remittance"),
    "credit_card": _("credit card"),
    "others": _("other"),
    # people
    "business": pgettext_lazy("customer", "business"),
    "individual": pgettext_lazy("customer", "individual"),
    "active": _("active"),
    "inactive": _("inactive"),
    "invited": _("invited"),
    "admin": pgettext_lazy("role", "administrator"),
    "staff": pgettext_lazy("role", "staff"),
}


def show_word(word: str) -> str:
    """The word in the reader's language; as it is when it is not one of `WORDS`."""
    return str(WORDS.get(word.casefold().replace(" ", "_"), word)) or NOTHING


def with_words(model: type[models.Model], *columns: str) -> Callable[[A], A]:
    """Give an admin class a column `shown_<name>` for each of these columns of `model`."""

    def decorate(page: A) -> A:
        for name in columns:
            setattr(page, f"shown_{name}", _shown(model._meta.get_field(name)))
        return page

    return decorate


class WordFilter(admin.AllValuesFieldListFilter):
    """The words that occur in a column, looked for in the newest rows: reading all of a long table takes too long."""

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[models.Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        newest = model._default_manager.order_by("-pk").values("pk")[:LOOKED_AT]
        rows = model._default_manager.filter(pk__in=newest).order_by(field.name)
        self.lookup_choices: Any = list(rows.values_list(field.name, flat=True).distinct())

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice in super().choices(changelist):
            word, bracket, count = str(choice["display"]).partition(" (")
            yield {**choice, "display": f"{show_word(word)}{bracket}{count}"}


def _shown(column: Any) -> Callable[[Any, Any], str]:
    @admin.display(description=column.verbose_name, ordering=column.name)
    def shown(page: Any, row: Any) -> str:
        return show_word(getattr(row, column.name))

    return shown
