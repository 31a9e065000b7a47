"""What staff changed in a row, column by column, for its history page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import display_for_field
from django.db.models import Field, ForeignKey, Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tsh_erp.admin_site.display import NOTHING

MOST = 200
LONGEST = 2_000
NAMES: Mapping[str, str | Promise] = {"+": _("first known state"), "~": _("changed"), "-": _("deleted")}


@dataclass(frozen=True)
class Difference:
    label: str
    old: object
    new: object


@dataclass(frozen=True)
class Change:
    """One edit: `who` is empty where no person did it."""

    at: datetime
    who: str
    kind: str
    name: str | Promise
    differences: Sequence[Difference]


def is_kept(model: type[Model]) -> bool:
    return hasattr(model._meta, "simple_history_manager_attribute")


def changes_of(model: Any, key: Any) -> Iterator[Change]:
    """The edits of a row, newest first, at most `MOST`; two queries, and one for each column that names other rows."""
    rows = list(
        model.history.filter(**{model._meta.pk.attname: key})
        .select_related("history_user")
        .order_by("-history_id")[: MOST + 1]
    )
    fields = [field for field in model.history.model.tracked_fields if not field.primary_key]
    named = {field.attname: _names(field, rows) for field in fields if isinstance(field, ForeignKey)}
    for new, old in zip(rows[:MOST], [*rows[1:], None], strict=False):
        yield Change(
            at=new.history_date,
            who=new.history_user.get_username() if new.history_user else "",
            kind=new.history_type,
            name=NAMES[new.history_type],
            differences=list(_differences(fields, old, new, named)),
        )


def _differences(fields: Sequence[Any], old: Any, new: Any, named: Mapping[str, Mapping[Any, str]]) -> Iterator[Any]:
    for field in fields:
        now = getattr(new, field.attname)
        before = getattr(old, field.attname) if old is not None else None
        if new.history_type == "~" and old is not None and now == before:
            continue
        if new.history_type == "-" or (old is None and now in (None, "", False)):
            continue
        yield Difference(
            str(field.verbose_name),
            _shown(field, before, named) if old is not None else NOTHING,
            _shown(field, now, named),
        )


def _names(field: Any, rows: Sequence[Any]) -> Mapping[Any, str]:
    keys = {getattr(row, field.attname) for row in rows} - {None}
    others = field.related_model._default_manager.in_bulk(keys) if keys else {}
    return {key: str(other) for key, other in others.items()}


def _shown(field: Field[Any, Any], value: Any, named: Mapping[str, Mapping[Any, str]]) -> object:
    if value in (None, ""):
        return NOTHING
    if field.attname in named:
        return named[field.attname].get(value, f"#{value}")
    if isinstance(value, str) and not field.flatchoices:
        return value[:LONGEST]
    return display_for_field(value, field, NOTHING)
