"""Pages of lists: cursors for what is kept in order, page numbers for what is ranked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.core import signing
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from rest_framework.request import Request

from mobile_bff.errors import Refused
from mobile_bff.parameters import number_of, text_of

DEFAULT_SIZE, LARGEST_SIZE = 20, 50
SALT = "mobile.cursor"
T = TypeVar("T", bound="QuerySet[Any]")


@dataclass(frozen=True)
class Key:
    """A column of the order; it must never be NULL, and the last one of an order must be unique."""

    name: str
    is_descending: bool = False

    def order(self) -> OrderBy:
        return OrderBy(F(self.name), descending=self.is_descending)

    def beyond(self, value: Any) -> Q:
        return Q(**{f"{self.name}__{'lt' if self.is_descending else 'gt'}": value})


Order = Sequence[Key]


def size_of(request: Request) -> int:
    """How many rows a page has: 20, or as asked, at most 50."""
    return number_of(request, "page_size", default=DEFAULT_SIZE, most=LARGEST_SIZE)


def write_cursor(query: object, values: Sequence[Any]) -> str:
    """A mark behind the row with these values of its order, good for this query alone. Signed: nobody makes one up."""
    told = [str(value) if isinstance(value, Decimal) else value for value in values]
    return signing.dumps([_digest(query), told], salt=SALT, compress=False)


def read_cursor(request: Request, query: object, order: Order) -> list[Any] | None:
    """Behind which values the page begins; None: at the beginning. 400 `invalid_cursor` for a mark of another query."""
    text = text_of(request, "cursor", longest=1_000)
    if not text:
        return None
    try:
        digest, values = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise Refused("invalid_cursor") from error
    if digest != _digest(query) or len(values) != len(order):
        raise Refused("invalid_cursor")
    return list(values)


def after(rows: T, order: Order, values: Sequence[Any] | None) -> T:
    """The rows in order, from behind `values` on."""
    rows = rows.order_by(*(key.order() for key in order))
    if values is None:
        return rows
    condition, same = Q(), Q()
    for key, value in zip(order, values, strict=True):
        condition |= same & key.beyond(value)
        same &= Q(**{key.name: value})
    # The first key alone lets an index or a sort cut off what lies before.
    first = Q(**{f"{order[0].name}__{'lte' if order[0].is_descending else 'gte'}": values[0]})
    return rows.filter(first, condition)


def cursor_info(next_cursor: str | None, *, size: int, total: int | None) -> dict[str, Any]:
    """`page_info` of a list with cursors; the total is counted for its first page only."""
    return {
        "next_cursor": next_cursor,
        "next_page": None,
        "has_more": next_cursor is not None,
        "page_size": size,
        "total": total,
        "total_is_exact": total is not None,
    }


def numbered_info(*, page: int, size: int, has_more: bool, total: int | None, is_exact: bool = True) -> dict[str, Any]:
    """`page_info` of a list with page numbers."""
    return {
        "page": page,
        "next_cursor": None,
        "next_page": page + 1 if has_more else None,
        "has_more": has_more,
        "page_size": size,
        "total": total,
        "total_is_exact": total is not None and is_exact,
    }


def _digest(query: object) -> str:
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]
