"""From a Zoho record to its rows in the business tables, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model

from zoho_sync.entities import BY_MODULE, MODULE_OF_MODEL
from zoho_sync.models import ZohoRecord


@dataclass(frozen=True)
class Named:
    """A record that an address names, and the row that stands for it: a business row or the mirror's."""

    module: str
    zoho_id: str
    row: Model


def find_rows(module: str, zoho_id: str) -> list[Model]:
    """The business rows of a Zoho record: none, one, or two for a contact that is customer and vendor."""
    entity = BY_MODULE.get(module)
    return list(_rows_of(entity.models, zoho_id)) if entity else []


def is_known(label: str) -> bool:
    """Whether `label` is one of our mirrored models ("catalog.product") or a Zoho module ("item")."""
    return MODULE_OF_MODEL.get(label, label) in BY_MODULE


def find_record(label: str, key: str) -> Named | None:
    """The record that `label` (see `is_known`) and `key` name, None when we hold nothing of it.

    `key` is the record's Zoho id or, with a model's label, our primary key. A Zoho id is looked for first.
    """
    if not is_known(label):
        return None
    module = MODULE_OF_MODEL.get(label, label)
    labels = (label,) if label in MODULE_OF_MODEL else BY_MODULE[module].models
    row = next(_rows_of(labels, key), None) or ZohoRecord.objects.filter(module=module, zoho_id=key).first()
    if row is not None:
        return Named(module, key, row)
    if label in MODULE_OF_MODEL and key.isdecimal() and len(key) < 19:
        row = apps.get_model(label)._default_manager.filter(pk=key).first()
        zoho_id = getattr(row, "zoho_id", None)
        if row is not None and zoho_id:
            return Named(module, zoho_id, row)
    return None


def _rows_of(labels: Iterable[str], zoho_id: str) -> Iterator[Model]:
    for label in labels:
        yield from apps.get_model(label)._default_manager.filter(zoho_id=zoho_id)[:1]
