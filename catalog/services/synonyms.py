"""Synonyms of the search: the only writer of their table."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog.choices import Subject
from catalog.models import SearchSynonym
from catalog.services.freshness import touch

FIELDS = ("phrases", "is_unit", "is_active", "note")


@transaction.atomic
def save_synonym(group: SearchSynonym, *, at: datetime) -> bool:
    """Store a group, new or changed; whether anything differed. Phones then ask again for what they searched.

    ValidationError when the group makes no sense (`SearchSynonym.clean`).
    """
    group.full_clean()
    stored = SearchSynonym.objects.select_for_update().filter(pk=group.pk).first() if group.pk else None
    if stored is not None and all(getattr(stored, name) == getattr(group, name) for name in FIELDS):
        return False
    group.save()
    touch(Subject.SEARCH, at=at)
    return True


@transaction.atomic
def delete_synonyms(keys: list[int], *, at: datetime) -> int:
    """Take these groups away; how many there were."""
    deleted, _ = SearchSynonym.objects.filter(pk__in=keys).delete()
    if deleted:
        touch(Subject.SEARCH, at=at)
    return deleted
