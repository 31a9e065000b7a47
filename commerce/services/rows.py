"""From frozen values to rows: a column takes the value of the same name, a foreign key is found by its Zoho id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

from django.db import models

from catalog.services.parents import keys_by_zoho_id
from commerce.models import Currency
from tsh_erp.common.errors import MissingParent
from tsh_erp.common.models import MirroredModel

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True)
class Columns:
    """Which columns of a table a class of values fills: `plain` as they are, `links` by their Zoho id."""

    plain: tuple[str, ...]
    links: tuple[models.ForeignKey[Any, Any], ...]

    @property
    def owned(self) -> list[str]:
        """The attribute names of all columns that the values decide, but for the key."""
        return [*(name for name in self.plain if name != "zoho_id"), *(link.attname for link in self.links)]


@dataclass(frozen=True)
class Known:
    """Rows of other tables that a batch refers to: primary keys by Zoho id, and codes of currencies by Zoho id."""

    ids: Mapping[type[MirroredModel], Mapping[str, int]] = field(default_factory=dict)
    currency_codes: Mapping[str, str] = field(default_factory=dict)


def columns_of(model: type[models.Model], values: Any) -> Columns:
    """The columns of `model` that a value such as `values` fills."""
    return _columns_of(model, tuple(values.__dataclass_fields__))


@cache
def _columns_of(model: type[models.Model], names: tuple[str, ...]) -> Columns:
    columns = model._meta.concrete_fields
    return Columns(
        plain=tuple(column.name for column in columns if column.name in names and not column.is_relation),
        links=tuple(
            column for column in columns if isinstance(column, models.ForeignKey) and f"{column.name}_zoho_id" in names
        ),
    )


def find_known(groups: Iterable[tuple[type[models.Model], Sequence[Any]]]) -> Known:
    """What the values refer to; `groups` are tables with the values that will fill them.

    One query for each table referred to, whatever the number of values.
    """
    wanted: dict[type[MirroredModel], set[str]] = defaultdict(set)
    currencies: set[str] = set()
    for model, values in groups:
        if not values:
            continue
        columns = columns_of(model, values[0])
        for link in columns.links:
            wanted[_target(link)] |= {getattr(one, f"{link.name}_zoho_id") for one in values}
        if "currency_zoho_id" in columns.plain:
            currencies |= {one.currency_zoho_id for one in values if not one.currency}
    return Known(
        {model: keys_by_zoho_id(model, sorted(ids)) for model, ids in wanted.items()}, _find_codes(currencies - {""})
    )


def build(model: type[M], values: Any, known: Known, *, child: str, **others: Any) -> M:
    """An unsaved row of `values`; `others` are columns that the values do not have.

    `child` names the row in MissingParent, which is raised when a row that it must have is not here.
    """
    columns = columns_of(model, values)
    row = {name: getattr(values, name) for name in columns.plain}
    if "currency_zoho_id" in row and not row["currency"]:
        row["currency"] = known.currency_codes.get(row["currency_zoho_id"], "")
    for link in columns.links:
        zoho_id = getattr(values, f"{link.name}_zoho_id")
        row[link.attname] = known.ids[_target(link)].get(zoho_id)
        if row[link.attname] is None and not link.null:
            raise MissingParent(_target(link)._meta.label_lower, zoho_id, child=child)
    return model(**row, **others)


def _target(link: models.ForeignKey[Any, Any]) -> type[MirroredModel]:
    return cast(type[MirroredModel], link.related_model)


def _find_codes(zoho_ids: set[str]) -> dict[str, str]:
    if not zoho_ids:
        return {}
    return {
        str(zoho_id): code
        for zoho_id, code in Currency.objects.filter(zoho_id__in=sorted(zoho_ids)).values_list("zoho_id", "code")
    }
