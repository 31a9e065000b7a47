"""Tiles of the overview: a few numbers about the business, each with the list behind it. Apps register theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from tsh_erp.admin_site.display import NOTHING, Tone
from tsh_erp.admin_site.figures import show_number

KEPT_SECONDS = 20
KEY = "admin_site:tiles"  # all of them together: whoever looks takes them in one go


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number with what it is of: a currency, a unit, or nothing. `note` stands small beneath it."""

    value: Decimal | int | None
    unit: str | Promise = ""
    note: str | Promise = ""

    @property
    def shown(self) -> object:
        return NOTHING if self.value is None else show_number(Decimal(self.value))


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What is shown: the numbers, and the filter of the list that they were counted in."""

    figures: Sequence[Figure]
    query: Mapping[str, str] = field(default_factory=dict)
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, kw_only=True)
class TileKind:
    """A tile that can be shown to who may view its table. `measure(at)` takes one query."""

    key: str
    label: str | Promise
    table: str
    measure: Callable[[datetime], Tile]

    @property
    def permission(self) -> str:
        app, model = self.table.lower().split(".")
        return f"{app}.view_{model}"


@dataclass(frozen=True)
class Shown:
    label: str | Promise
    tile: Tile
    address: str


_kinds: dict[str, TileKind] = {}


def register(kind: TileKind) -> None:
    """Offer a tile; they are shown in the order in which they were offered."""
    _kinds[kind.key] = kind


def tiles_for(user: Any) -> list[Shown]:
    """The tiles that `user` may see, counted at most every `KEPT_SECONDS` for all who look."""
    kinds = [kind for kind in _kinds.values() if user.has_perm(kind.permission)]
    now = timezone.now()
    kept: dict[str, tuple[datetime, Tile]] = cache.get(KEY, {}) if kinds else {}
    found = {key: one for key, one in kept.items() if now - one[0] < timedelta(seconds=KEPT_SECONDS)}
    missing = {kind.key: (now, kind.measure(now)) for kind in kinds if kind.key not in found}
    if missing:
        cache.set(KEY, found | missing, KEPT_SECONDS)
    return [_shown(kind, (found | missing)[kind.key][1]) for kind in kinds]


def _shown(kind: TileKind, tile: Tile) -> Shown:
    name = f"admin:{kind.table.lower().replace('.', '_')}_changelist"
    return Shown(kind.label, tile, reverse(name, query=dict(tile.query) or None))
