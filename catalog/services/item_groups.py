"""Item groups with their attributes and options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from catalog.choices import Subject
from catalog.models import ItemGroup, ItemGroupAttribute, ItemGroupOption
from catalog.services.events import saved_events
from catalog.services.freshness import touch
from catalog.services.retirement import retire_and_touch
from catalog.values import AttributeValues, ItemGroupValues, OptionValues
from tsh_erp.common.upsert import Saved, upsert
from tsh_erp.events.publish import publish

Attributes = tuple[AttributeValues, ...]
OWNED = (
    "name",
    "description",
    "product_type",
    "brand",
    "manufacturer",
    "unit",
    "tax_zoho_id",
    "tax_name",
    "tax_percentage",
    "is_active",
    "custom_fields",
    "image_name",
    "image_document_id",
)


@transaction.atomic(savepoint=False)
def save_item_groups(values: Sequence[ItemGroupValues], *, at: datetime) -> Saved:
    """Insert or update item groups by Zoho id; attributes are replaced as a whole where they are stated."""
    by_id = {row.zoho_id: row for row in values}
    upserted = upsert(
        ItemGroup,
        [ItemGroup(zoho_id=row.zoho_id, **{name: getattr(row, name) for name in OWNED}) for row in by_id.values()],
        fields=OWNED,
    )
    stated = {upserted.rows[row.zoho_id].pk: row.attributes for row in by_id.values() if row.attributes is not None}
    replaced = _replace_attributes(stated) if stated else frozenset()
    reshaped = {zoho_id: ["attributes"] for zoho_id, row in upserted.rows.items() if row.pk in replaced}
    publish(saved_events("item_group", upserted, reshaped), at=at)
    if upserted.created or upserted.changed or replaced:
        touch(Subject.ITEM_GROUPS, at=at)
    return upserted.saved | Saved(changed=frozenset(reshaped) - upserted.created)


def retire_item_groups(zoho_ids: Sequence[str], *, at: datetime) -> int:
    """Mark item groups as gone in Zoho; products keep pointing at them."""
    return retire_and_touch(ItemGroup, zoho_ids, at=at, subject="item_group", freshness=Subject.ITEM_GROUPS)


def _replace_attributes(wanted: Mapping[int, Attributes]) -> frozenset[int]:
    """Store these attributes by group, where they differ from the stored ones; which groups differed."""
    stored = _stored_attributes(wanted)
    differing = frozenset(pk for pk, attributes in wanted.items() if stored.get(pk, ()) != attributes)
    if not differing:
        return differing
    ItemGroupOption.objects.filter(attribute__group_id__in=differing).delete()
    ItemGroupAttribute.objects.filter(group_id__in=differing).delete()
    sources = [
        (ItemGroupAttribute(group_id=pk, zoho_id=row.zoho_id, name=row.name, position=number), row.options)
        for pk in sorted(differing)
        for number, row in enumerate(wanted[pk])
    ]
    ItemGroupAttribute.objects.bulk_create([attribute for attribute, _ in sources])
    ItemGroupOption.objects.bulk_create(
        [
            ItemGroupOption(attribute=attribute, zoho_id=option.zoho_id, name=option.name, position=number)
            for attribute, options in sources
            for number, option in enumerate(options)
        ]
    )
    return differing


def _stored_attributes(group_ids: Mapping[int, object]) -> dict[int, Attributes]:
    """Attributes with their options as they are stored, by group. Two queries."""
    options: dict[int, list[OptionValues]] = {}
    for option in ItemGroupOption.objects.filter(attribute__group_id__in=group_ids).order_by("position", "id"):
        options.setdefault(option.attribute_id, []).append(OptionValues(name=option.name, zoho_id=option.zoho_id))
    found: dict[int, list[AttributeValues]] = {}
    for row in ItemGroupAttribute.objects.filter(group_id__in=group_ids).order_by("position", "id"):
        found.setdefault(row.group_id, []).append(
            AttributeValues(name=row.name, zoho_id=row.zoho_id, options=tuple(options.get(row.pk, ())))
        )
    return {pk: tuple(attributes) for pk, attributes in found.items()}
