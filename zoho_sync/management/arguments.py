"""What people write on the command line, understood the same way by every command."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.management.base import CommandError
from django.utils import timezone

from zoho_sync.entities import ENTITIES, RANK, Entity, find_entity


def chosen_entities(names: Sequence[str]) -> list[Entity]:
    """What the names mean, parents before children; everything when there are none. CommandError names all unknown."""
    if not names:
        return list(ENTITIES)
    found = {name: find_entity(name) for name in names}
    if unknown := [name for name, entity in found.items() if entity is None]:
        known = ", ".join(entity.name for entity in ENTITIES)
        raise CommandError(f"unknown: {', '.join(unknown)}; there are {known}", returncode=2)
    wanted = {entity.module: entity for entity in found.values() if entity}
    return sorted(wanted.values(), key=lambda entity: RANK[entity.module])


def read_time(text: str, *, option: str = "--since") -> datetime:
    """A date or time; without an offset it is local time."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else timezone.make_aware(moment)
    except (ValueError, OverflowError) as error:
        raise CommandError(f"{option}: {text!r} is not a date or time", returncode=2) from error
